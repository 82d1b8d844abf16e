//! Texts for search engines and in other languages.

use std::collections::BTreeMap;

use model::{
    Language,
    details::{Seo, Translation},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::object::only_from_objects;

only_from_objects!(; both SeoDto, TranslationDto);

/// What search engines show in the place of title and text.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = Seo, example = json!({"title": "Linen shirts from Belgium", "description": "Washed, soft, and made to last."}))]
pub struct SeoDto {
    /// The title of the page, at most 200 characters.
    pub title: Option<String>,
    /// What stands below it, at most 500 characters.
    pub description: Option<String>,
}

impl From<SeoDto> for Seo {
    fn from(SeoDto { title, description }: SeoDto) -> Self {
        Self { title, description }
    }
}

impl From<&Seo> for SeoDto {
    fn from(seo: &Seo) -> Self {
        Self { title: seo.title.clone(), description: seo.description.clone() }
    }
}

/// Texts in another language; what is absent falls back to the shop's own language.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = Translation, example = json!({"title": "Leinenhemd", "description": "<p>Gewaschenes Leinen aus Belgien.</p>"}))]
pub struct TranslationDto {
    /// The title.
    pub title: Option<String>,
    /// The description, as HTML; what could run in it is removed.
    pub description: Option<String>,
    /// For search engines.
    pub seo: Option<SeoDto>,
}

impl From<TranslationDto> for Translation {
    fn from(dto: TranslationDto) -> Self {
        Self { title: dto.title, description: dto.description, seo: dto.seo.map(Into::into).unwrap_or_default() }
    }
}

impl From<&Translation> for TranslationDto {
    fn from(texts: &Translation) -> Self {
        let seo = (texts.seo != Seo::default()).then(|| (&texts.seo).into());
        Self { title: texts.title.clone(), description: texts.description.clone(), seo }
    }
}

/// Texts by language.
pub type TranslationsDto = BTreeMap<Language, TranslationDto>;
/// A change of the texts in a language.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TranslationChange)]
pub enum TranslationChangeDto {
    /// Null: the language is removed.
    Removed,
    /// The texts are these from now on.
    Set(TranslationDto),
}

impl From<TranslationChangeDto> for Option<Translation> {
    fn from(change: TranslationChangeDto) -> Self {
        match change {
            TranslationChangeDto::Removed => None,
            TranslationChangeDto::Set(texts) => Some(texts.into()),
        }
    }
}

/// Texts to change, by language.
pub type TranslationChangesDto = BTreeMap<Language, TranslationChangeDto>;
