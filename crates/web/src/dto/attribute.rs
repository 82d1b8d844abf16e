//! Fields of the shop's own.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use commerce::catalogue::{AttributeDraft, AttributePatch};
use model::{
    AttributeDefinition, AttributeValue, Timestamp,
    attribute::{AttributeKind, AttributeOwner},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::patch;

/// A value: a text (also a choice, a day such as `2026-03-31`, a URL), a whole number, true or false, or a list of choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = AttributeValue, example = json!("linen"))]
pub enum AttributeValueDto {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Choices.
    List(Vec<String>),
}

impl From<AttributeValueDto> for AttributeValue {
    fn from(dto: AttributeValueDto) -> Self {
        match dto {
            AttributeValueDto::Boolean(value) => Self::Boolean(value),
            AttributeValueDto::Integer(value) => Self::Integer(value),
            AttributeValueDto::Text(value) => Self::Text(value),
            AttributeValueDto::List(value) => Self::List(value),
        }
    }
}

impl From<&AttributeValue> for AttributeValueDto {
    fn from(value: &AttributeValue) -> Self {
        match value.clone() {
            AttributeValue::Boolean(value) => Self::Boolean(value),
            AttributeValue::Integer(value) => Self::Integer(value),
            AttributeValue::Text(value) => Self::Text(value),
            AttributeValue::List(value) => Self::List(value),
        }
    }
}

/// Values by the keys of their definitions.
pub type AttributesDto = BTreeMap<String, AttributeValueDto>;
/// A change of a value.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = AttributeChange)]
pub enum AttributeChangeDto {
    /// Null: the value is removed.
    Removed,
    /// The value is this from now on.
    Set(AttributeValueDto),
}

/// Values to change, by the keys of their definitions.
pub type AttributeChangesDto = BTreeMap<String, AttributeChangeDto>;

/// From how many keys on they are not read to the end. Far fewer may be set, which the shop's rules say; but a megabyte of them takes twenty of memory
/// before anybody can say so.
const KEYS_READ_MAX: usize = 1_000;

/// Values by keys, of which there are not too many to read.
struct Bounded<V>(BTreeMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Bounded<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BoundedVisitor(PhantomData)).map(Self)
    }
}

struct BoundedVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for BoundedVisitor<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            values.insert(key, value);
            if values.len() > KEYS_READ_MAX {
                return Err(A::Error::custom("must have fewer keys"));
            }
        }
        Ok(values)
    }
}

/// Reads values by keys, if there are not too many. Use it as `#[serde(default, deserialize_with = "attribute::bounded")]`.
///
/// # Errors
/// When there are, and what reading a value gives.
pub(super) fn bounded<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    Bounded::deserialize(deserializer).map(|bounded| bounded.0)
}

/// The same where `null` is as good as nothing.
///
/// # Errors
/// As [`bounded`].
pub(super) fn bounded_if_given<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, V>>, D::Error> {
    Option::<Bounded<V>>::deserialize(deserializer).map(|given| given.map(|bounded| bounded.0))
}

pub(super) fn values(dto: AttributesDto) -> BTreeMap<String, AttributeValue> {
    dto.into_iter().map(|(key, value)| (key, value.into())).collect()
}

pub(super) fn changes(dto: AttributeChangesDto) -> BTreeMap<String, Option<AttributeValue>> {
    let value = |change| match change {
        AttributeChangeDto::Removed => None,
        AttributeChangeDto::Set(value) => Some(value.into()),
    };
    dto.into_iter().map(|(key, change)| (key, value(change))).collect()
}

pub(super) fn shown(values: &BTreeMap<String, AttributeValue>) -> AttributesDto {
    values.iter().map(|(key, value)| (key.clone(), value.into())).collect()
}

/// Whose field it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttributeOwner)]
pub enum AttributeOwnerDto {
    /// Of products.
    Product,
    /// Of variants.
    Variant,
}

/// What it holds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttributeKind)]
pub enum AttributeKindDto {
    /// A line of text.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// One of the choices.
    Choice,
    /// Some of the choices.
    Choices,
    /// An http or https URL.
    Url,
}

macro_rules! same {
    ($dto:ident, $noun:ident: $($word:ident),+) => {
        impl From<$dto> for $noun {
            fn from(dto: $dto) -> Self {
                match dto { $($dto::$word => Self::$word),+ }
            }
        }
        impl From<$noun> for $dto {
            fn from(noun: $noun) -> Self {
                match noun { $($noun::$word => Self::$word),+ }
            }
        }
    };
}

same!(AttributeOwnerDto, AttributeOwner: Product, Variant);
same!(AttributeKindDto, AttributeKind: Text, Integer, Boolean, Date, Choice, Choices, Url);

/// What a field of the shop's own is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attribute)]
pub struct AttributeDto {
    /// Its id.
    pub id: Uuid,
    /// Its name in the API.
    #[schema(example = "material")]
    pub key: String,
    /// What people call it.
    #[schema(example = "Material")]
    pub label: String,
    /// Whose field it is.
    pub owner: AttributeOwnerDto,
    /// What it holds.
    pub kind: AttributeKindDto,
    /// What can be chosen.
    pub choices: Vec<String>,
    /// The unit of a number.
    #[schema(required)]
    pub unit: Option<String>,
    /// Whether shoppers can filter by it.
    pub is_facet: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes.
    pub version: i64,
}

impl From<&AttributeDefinition> for AttributeDto {
    fn from(definition: &AttributeDefinition) -> Self {
        let definition = definition.clone();
        Self {
            id: definition.id,
            key: definition.key,
            label: definition.label,
            owner: definition.owner.into(),
            kind: definition.kind.into(),
            choices: definition.choices,
            unit: definition.unit,
            is_facet: definition.is_facet,
            created_at: definition.created_at,
            updated_at: definition.updated_at,
            version: definition.version,
        }
    }
}

/// A new definition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAttribute, example = json!({"key": "material", "label": "Material", "owner": "product", "kind": "choice", "choices": ["linen", "wool"], "is_facet": true}))]
pub struct NewAttributeDto {
    /// Its name in the API: lower-case letters, digits and underscores. It cannot be changed.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$")]
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Whose field it is. It cannot be changed.
    pub owner: AttributeOwnerDto,
    /// What it holds. It cannot be changed.
    pub kind: AttributeKindDto,
    /// What can be chosen, for `choice` and `choices`.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The unit of a number, such as `cm`.
    pub unit: Option<String>,
    /// Whether shoppers can filter by it; `false` when left out.
    #[serde(default)]
    pub is_facet: bool,
}

impl From<NewAttributeDto> for AttributeDraft {
    fn from(dto: NewAttributeDto) -> Self {
        let NewAttributeDto { key, label, owner, kind, choices, unit, is_facet } = dto;
        Self { key, label, owner: owner.into(), kind: kind.into(), choices, unit, is_facet }
    }
}

/// A change of a definition; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AttributePatch, example = json!({"choices": ["linen", "wool", "silk"]}))]
pub struct AttributePatchDto {
    /// What people call it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String)]
    pub label: Option<String>,
    /// What can be chosen. Values that are no longer among them stay where they are until they are changed.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<String>)]
    pub choices: Option<Vec<String>>,
    /// The unit; `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>)]
    pub unit: Option<Option<String>>,
    /// Whether shoppers can filter by it.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = bool)]
    pub is_facet: Option<bool>,
}

impl From<AttributePatchDto> for AttributePatch {
    fn from(dto: AttributePatchDto) -> Self {
        Self { label: dto.label, choices: dto.choices, unit: dto.unit, is_facet: dto.is_facet }
    }
}
