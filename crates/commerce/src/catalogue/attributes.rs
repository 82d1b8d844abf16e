//! Fields of the shop's own: their definitions, and the check of values against them.

use async_trait::async_trait;
use model::{
    AttributeDefinition, Product, Stamp, Violations,
    attribute::{AttributeKind, AttributeOwner, DEFINITIONS_MAX, check, is_taken},
    details::Attributes,
};
use store::{Change, Document, DocumentKind, Operation, Tx};
use uuid::Uuid;

use crate::{Conflict, Error, check_version};

/// A new definition.
#[derive(Clone, Debug)]
pub struct AttributeDraft {
    /// Its name in the API.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Whose field it is.
    pub owner: AttributeOwner,
    /// What it holds.
    pub kind: AttributeKind,
    /// What can be chosen.
    pub choices: Vec<String>,
    /// The unit of a number.
    pub unit: Option<String>,
    /// Whether shoppers can filter by it.
    pub is_facet: bool,
}

/// Defines an attribute.
#[derive(Clone, Debug)]
pub struct CreateAttribute {
    /// The definition.
    pub draft: AttributeDraft,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateAttribute {
    type Output = AttributeDefinition;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<AttributeDefinition, Error> {
        let known = definitions(tx).await?;
        let AttributeDraft { key, label, owner, kind, choices, unit, is_facet } = self.draft.clone();
        let (id, now) = (self.stamp.ids().draw(), self.stamp.now);
        let definition = AttributeDefinition {
            id,
            key: key.trim().to_owned(),
            label,
            owner,
            kind,
            choices,
            unit,
            is_facet,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let definition = definition.validate()?;
        if known.iter().any(|other| other.key == definition.key) {
            return Err(Conflict::KeyTaken(definition.key).into());
        }
        if known.len() >= DEFINITIONS_MAX {
            let message = format!("a shop has at most {DEFINITIONS_MAX} attributes");
            return Err(Violations::one("", "out_of_range", message).into());
        }
        put(tx, &definition).await?;
        Ok(definition)
    }
}

/// A change of a definition; what is `None` stays. What it is a field of and what it holds cannot change: the values that
/// there are would be wrong.
#[derive(Clone, Debug, Default)]
pub struct AttributePatch {
    /// See [`AttributeDraft`].
    pub label: Option<String>,
    /// See [`AttributeDraft`]; values that are no longer among them stay where they are until they are changed.
    pub choices: Option<Vec<String>>,
    /// `Some(None)` removes it.
    pub unit: Option<Option<String>>,
    /// See [`AttributeDraft`].
    pub is_facet: Option<bool>,
}

/// Changes a definition.
#[derive(Clone, Debug)]
pub struct UpdateAttribute {
    /// Which.
    pub id: Uuid,
    /// The change.
    pub patch: AttributePatch,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for UpdateAttribute {
    type Output = AttributeDefinition;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<AttributeDefinition, Error> {
        let before = find(tx, self.id, self.if_version).await?;
        let patch = self.patch.clone();
        let kept = before.clone();
        let after = AttributeDefinition {
            label: patch.label.unwrap_or(kept.label),
            choices: patch.choices.unwrap_or(kept.choices),
            unit: patch.unit.unwrap_or(kept.unit),
            is_facet: patch.is_facet.unwrap_or(kept.is_facet),
            ..kept
        };
        let after = after.validate()?;
        if after == before {
            return Ok(before);
        }
        let after = AttributeDefinition { updated_at: self.stamp.now, version: before.version + 1, ..after };
        put(tx, &after).await?;
        Ok(after)
    }
}

/// Removes a definition. Values that products have stay with them, out of sight, and are there again when the key is
/// defined again.
#[derive(Clone, Copy, Debug)]
pub struct DeleteAttribute {
    /// Which.
    pub id: Uuid,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
}

#[async_trait]
impl Operation for DeleteAttribute {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        find(tx, self.id, self.if_version).await?;
        Ok(tx.apply(&[Change::DeleteDocument { kind: DocumentKind::Attribute, id: self.id }]).await?)
    }
}

/// All definitions, in the order of their keys.
pub(super) async fn definitions(tx: &mut dyn Tx) -> Result<Vec<AttributeDefinition>, Error> {
    let documents = tx.documents(DocumentKind::Attribute).await?;
    Ok(documents.iter().map(Document::read).collect::<Result<_, _>>()?)
}

async fn find(tx: &mut dyn Tx, id: Uuid, if_version: Option<i64>) -> Result<AttributeDefinition, Error> {
    let found = definitions(tx).await?.into_iter().find(|definition| definition.id == id);
    let found = found.ok_or(Error::NotFound("attribute"))?;
    check_version(if_version, found.version)?;
    Ok(found)
}

async fn put(tx: &mut dyn Tx, definition: &AttributeDefinition) -> Result<(), Error> {
    let AttributeDefinition { id, key, version, .. } = definition;
    let document = Document::new(DocumentKind::Attribute, *id, key, *version, definition)?;
    Ok(tx.apply(&[Change::PutDocument(document)]).await?)
}

/// Checks the values that `after` has and `before` had not against their definitions. What was there before may stay, whatever became of its
/// definition: nobody who changes another value can mend it.
pub(super) async fn check_values(tx: &mut dyn Tx, before: Option<&Product>, after: &Product) -> Result<(), Error> {
    let own = new_values(before.map(|before| &before.details.attributes), &after.details.attributes);
    let of_variants: Vec<Attributes> = after
        .variants
        .iter()
        .map(|variant| {
            let old = before.and_then(|before| before.variants.iter().find(|old| old.id == variant.id));
            new_values(old.map(|old| &old.details.attributes), &variant.details.attributes)
        })
        .collect();
    if own.is_empty() && of_variants.iter().all(Attributes::is_empty) {
        return Ok(());
    }
    let definitions = definitions(tx).await?;
    let mut wrong = Violations::default();
    check(&own, AttributeOwner::Product, &definitions, "/attributes", &mut wrong);
    for (index, values) in of_variants.iter().enumerate() {
        let at = format!("/variants/{index}/attributes");
        check(values, AttributeOwner::Variant, &definitions, &at, &mut wrong);
    }
    Ok(wrong.into_result()?)
}

/// For each owner: puts those of the values before that no definition takes, and that are not among the values now, back among these.
pub(super) async fn keep_untaken(
    tx: &mut dyn Tx,
    told: Vec<(AttributeOwner, &Attributes, &mut Attributes)>,
) -> Result<(), Error> {
    if told.iter().all(|(_, before, now)| before.keys().all(|key| now.contains_key(key))) {
        return Ok(());
    }
    let definitions = definitions(tx).await?;
    for (owner, before, now) in told {
        for (key, value) in before {
            if !is_taken(&definitions, owner, key, value) {
                now.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    Ok(())
}

fn new_values(before: Option<&Attributes>, after: &Attributes) -> Attributes {
    let is_new = |key: &str, value| before.and_then(|before| before.get(key)) != Some(value);
    after.iter().filter(|(key, value)| is_new(key, value)).map(|(key, value)| (key.clone(), value.clone())).collect()
}
