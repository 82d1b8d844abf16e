//! Collections: products chosen by hand or by a rule.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{
    Category, Collection, Language, Stamp, Violations,
    collection::{COLLECTIONS_MAX, Members},
    details::Seo,
    text,
};
use store::{Change, Document, DocumentKind, Operation, Tx};
use uuid::Uuid;

use super::{Redirected, draft::changed, redirects};
use crate::{Conflict, Error, check_version, rich_text};

/// A new collection.
#[derive(Clone, Debug)]
pub struct CollectionDraft {
    /// What it is called.
    pub title: String,
    /// Its name in URLs; made from the title when `None`.
    pub slug: Option<String>,
    /// What it is, as HTML; it is sanitised.
    pub description: String,
    /// Its picture, by its URL.
    pub image: Option<String>,
    /// For search engines.
    pub seo: Seo,
    /// Its title in other languages.
    pub titles: BTreeMap<Language, String>,
    /// Whether shoppers see it.
    pub is_active: bool,
    /// What is in it.
    pub members: Members,
}

/// Makes a collection.
#[derive(Clone, Debug)]
pub struct CreateCollection {
    /// The collection.
    pub draft: CollectionDraft,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateCollection {
    type Output = Collection;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Collection, Error> {
        check_categories(&tx.categories().await?, None, Some(&self.draft.members))?;
        let known = all(tx).await?;
        if known.len() >= COLLECTIONS_MAX {
            let message = format!("a shop has at most {COLLECTIONS_MAX} collections");
            return Err(Violations::one("", "out_of_range", message).into());
        }
        let CollectionDraft { title, slug, description, image, seo, titles, is_active, members } = self.draft.clone();
        let (id, now) = (self.stamp.ids().draw(), self.stamp.now);
        let slug = match slug {
            Some(slug) => chosen_slug(&known, id, &slug)?,
            None => {
                let taken: Vec<_> = known.iter().map(|other| other.slug.clone()).collect();
                text::free_slug(&text::slugify(&title), &taken)
            }
        };
        let description = rich_text::sanitise(&description);
        let (created_at, updated_at, version) = (now, now, 1);
        let made = Collection {
            id,
            slug,
            title,
            description,
            image,
            seo,
            titles,
            is_active,
            members,
            created_at,
            updated_at,
            version,
        };
        let made = made.validate()?;
        tx.apply(&[document(&made)?]).await?;
        Ok(made)
    }
}

/// A change of a collection; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CollectionPatch {
    /// See [`CollectionDraft`].
    pub title: Option<String>,
    /// A new one leaves a redirect.
    pub slug: Option<String>,
    /// See [`CollectionDraft`].
    pub description: Option<String>,
    /// `Some(None)` removes it.
    pub image: Option<Option<String>>,
    /// See [`CollectionDraft`].
    pub seo: Option<Seo>,
    /// The languages to change; `None` removes one, and what is not named stays.
    pub titles: BTreeMap<Language, Option<String>>,
    /// See [`CollectionDraft`].
    pub is_active: Option<bool>,
    /// See [`CollectionDraft`].
    pub members: Option<Members>,
}

/// Changes a collection.
#[derive(Clone, Debug)]
pub struct UpdateCollection {
    /// Which.
    pub id: Uuid,
    /// The change.
    pub patch: CollectionPatch,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for UpdateCollection {
    type Output = Collection;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Collection, Error> {
        // As they are deleted: the categories first.
        let categories = if self.patch.members.is_some() { tx.categories().await? } else { Vec::new() };
        let known = all(tx).await?;
        let before = find(&known, self.id, self.if_version)?;
        check_categories(&categories, Some(&before.members), self.patch.members.as_ref())?;
        let patch = self.patch.clone();
        let after = Collection {
            slug: patch.slug.map_or(Ok(before.slug.clone()), |slug| chosen_slug(&known, self.id, &slug))?,
            title: patch.title.unwrap_or(before.title.clone()),
            description: patch.description.map_or(before.description.clone(), |html| rich_text::sanitise(&html)),
            image: patch.image.unwrap_or(before.image.clone()),
            seo: patch.seo.unwrap_or(before.seo.clone()),
            titles: changed(&before.titles, patch.titles),
            is_active: patch.is_active.unwrap_or(before.is_active),
            members: patch.members.unwrap_or(before.members.clone()),
            ..before.clone()
        };
        let after = after.validate()?;
        if after == *before {
            return Ok(after);
        }
        let after = Collection { updated_at: self.stamp.now, version: before.version + 1, ..after };
        let mut changes = vec![document(&after)?];
        if after.slug != before.slug {
            let mut ids = self.stamp.ids();
            changes.push(redirects::leave(tx, Redirected::Collection, &before.slug, after.id, &mut ids).await?);
        }
        tx.apply(&changes).await?;
        Ok(after)
    }
}

/// Removes a collection; its products stay.
#[derive(Clone, Copy, Debug)]
pub struct DeleteCollection {
    /// Which.
    pub id: Uuid,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
}

#[async_trait]
impl Operation for DeleteCollection {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let known = all(tx).await?;
        find(&known, self.id, self.if_version)?;
        Ok(tx.apply(&[Change::DeleteDocument { kind: DocumentKind::Collection, id: self.id }]).await?)
    }
}

/// All collections, in the order of their slugs.
pub(super) async fn all(tx: &mut dyn Tx) -> Result<Vec<Collection>, Error> {
    let documents = tx.documents(DocumentKind::Collection).await?;
    Ok(documents.iter().map(Document::read).collect::<Result<_, _>>()?)
}

/// Refuses a rule that names categories that do not exist, and that it did not name before.
fn check_categories(known: &[Category], before: Option<&Members>, after: Option<&Members>) -> Result<(), Violations> {
    let named = |members: Option<&Members>| match members {
        Some(Members::Rule(rule)) => rule.categories.clone(),
        _ => Vec::new(),
    };
    let old = named(before);
    let mut wrong = Violations::default();
    for (index, id) in named(after).into_iter().enumerate() {
        if !old.contains(&id) && known.iter().all(|category| category.id != id) {
            wrong.add(format!("/rule/categories/{index}"), "not_found", "there is no such category");
        }
    }
    wrong.into_result()
}

fn find(known: &[Collection], id: Uuid, if_version: Option<i64>) -> Result<&Collection, Error> {
    let found = known.iter().find(|collection| collection.id == id).ok_or(Error::NotFound("collection"))?;
    check_version(if_version, found.version)?;
    Ok(found)
}

/// A slug that somebody chose for `id`.
fn chosen_slug(known: &[Collection], id: Uuid, slug: &str) -> Result<String, Error> {
    let slug = text::slug("/slug", slug).map_err(|wrong| Violations(vec![wrong]))?;
    let is_taken = known.iter().any(|other| other.slug == slug && other.id != id);
    if is_taken { Err(Conflict::SlugTaken(slug).into()) } else { Ok(slug) }
}

fn document(collection: &Collection) -> Result<Change, Error> {
    let Collection { id, slug, version, .. } = collection;
    Ok(Change::PutDocument(Document::new(DocumentKind::Collection, *id, slug, *version, collection)?))
}
