//! Adding, changing and removing categories.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{
    Category, CategoryId, Collection, Language, Stamp, Violations,
    category::{CategoryDetails, check_parent, place_behind, reorder},
    collection::Members,
    details::Seo,
    text,
};
use store::{Change, Operation, Tx};

use super::{Redirected, collections, draft::changed, redirects};
use crate::{Conflict, Error, check_version, rich_text};

/// A new category.
#[derive(Clone, Debug)]
pub struct CategoryDraft {
    /// What it is called.
    pub name: String,
    /// Its name in URLs; made from the name when `None`.
    pub slug: Option<String>,
    /// The category above it.
    pub parent_id: Option<CategoryId>,
    /// Its place among its siblings; behind them when `None`.
    pub position: Option<i64>,
    /// What not every category has.
    pub details: CategoryDetails,
}

/// A change of a category; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CategoryPatch {
    /// See [`CategoryDraft`].
    pub name: Option<String>,
    /// See [`CategoryDraft`].
    pub slug: Option<String>,
    /// `Some(None)` moves it to the top.
    pub parent_id: Option<Option<CategoryId>>,
    /// See [`CategoryDraft`].
    pub position: Option<i64>,
    /// What is in it, as HTML; it is sanitised.
    pub description: Option<String>,
    /// For search engines.
    pub seo: Option<Seo>,
    /// The languages to change; `None` removes one, and what is not named stays.
    pub names: BTreeMap<Language, Option<String>>,
}

/// Adds a category.
#[derive(Clone, Debug)]
pub struct CreateCategory {
    /// The category.
    pub draft: CategoryDraft,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateCategory {
    type Output = Category;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Category, Error> {
        let all = tx.categories_for_change().await?;
        let category = new_category(&all, &self.draft, self.stamp.ids().draw(), self.stamp)?;
        tx.apply(&[Change::InsertCategory(category.clone())]).await?;
        Ok(category)
    }
}

/// The category that a draft describes, checked against the tree.
pub(crate) fn new_category(
    all: &[Category],
    draft: &CategoryDraft,
    id: CategoryId,
    stamp: Stamp,
) -> Result<Category, Error> {
    let name = name(&draft.name)?;
    let slug = match &draft.slug {
        Some(slug) => chosen_slug(all, id, slug)?,
        None => text::free_slug(&text::slugify(&name), &slugs(all)),
    };
    check_parent(all, id, draft.parent_id).map_err(Conflict::Misplaced)?;
    Ok(Category {
        id,
        parent_id: draft.parent_id,
        name,
        slug,
        position: draft.position.unwrap_or_else(|| place_behind(all, draft.parent_id)),
        details: details(draft.details.clone())?,
        created_at: stamp.now,
        updated_at: stamp.now,
        version: 1,
    })
}

/// Changes a category, or moves it.
#[derive(Clone, Debug)]
pub struct UpdateCategory {
    /// Which.
    pub id: CategoryId,
    /// The change.
    pub patch: CategoryPatch,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for UpdateCategory {
    type Output = Category;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Category, Error> {
        let all = tx.categories_for_change().await?;
        let before = all.iter().find(|category| category.id == self.id).ok_or(Error::NotFound("category"))?;
        check_version(self.if_version, before.version)?;
        let mut after = before.clone();
        if let Some(new) = &self.patch.name {
            after.name = name(new)?;
        }
        if let Some(slug) = &self.patch.slug {
            after.slug = chosen_slug(&all, self.id, slug)?;
        }
        if let Some(parent_id) = self.patch.parent_id {
            check_parent(&all, self.id, parent_id).map_err(Conflict::Misplaced)?;
            after.parent_id = parent_id;
        }
        after.position = self.patch.position.unwrap_or(after.position);
        let patch = self.patch.clone();
        after.details = details(CategoryDetails {
            description: patch.description.unwrap_or(after.details.description),
            seo: patch.seo.unwrap_or(after.details.seo),
            names: changed(&before.details.names, patch.names),
        })?;
        if after == *before {
            return Ok(after);
        }
        after.updated_at = self.stamp.now;
        after.version += 1;
        let mut changes = vec![Change::UpdateCategory(after.clone())];
        if after.slug != before.slug {
            let mut ids = self.stamp.ids();
            changes.push(redirects::leave(tx, Redirected::Category, &before.slug, before.id.0, &mut ids).await?);
        }
        tx.apply(&changes).await?;
        Ok(after)
    }
}

/// Moves a category, with all below it, to another place in the tree: under another category, and behind one of its new
/// siblings. Gives the whole tree.
#[derive(Clone, Copy, Debug)]
pub struct MoveCategory {
    /// Which.
    pub id: CategoryId,
    /// Under which; at the top when `None`.
    pub parent_id: Option<CategoryId>,
    /// Behind which of those that hang there; in front of them when `None`.
    pub after: Option<CategoryId>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// The clock.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for MoveCategory {
    type Output = Vec<Category>;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Vec<Category>, Error> {
        let mut all = tx.categories_for_change().await?;
        all.sort_by(|a, b| (a.position, &a.name, a.id).cmp(&(b.position, &b.name, b.id)));
        let moved = all.iter().find(|category| category.id == self.id).ok_or(Error::NotFound("category"))?;
        check_version(self.if_version, moved.version)?;
        check_parent(&all, self.id, self.parent_id).map_err(Conflict::Misplaced)?;
        let siblings: Vec<_> =
            all.iter().filter(|other| other.parent_id == self.parent_id).map(|other| other.id).collect();
        let order = reorder(&siblings, self.id, self.after)
            .ok_or_else(|| Violations::one("/after_id", "not_found", "no such category hangs there"))?;
        let mut changes = Vec::new();
        for category in &mut all {
            let Some((id, position)) = order.iter().find(|(id, _)| *id == category.id) else { continue };
            let keeps_parent = *id != self.id || category.parent_id == self.parent_id;
            if keeps_parent && category.position == *position {
                continue;
            }
            category.position = *position;
            if *id == self.id {
                category.parent_id = self.parent_id;
            }
            category.updated_at = self.stamp.now;
            category.version += 1;
            changes.push(Change::UpdateCategory(category.clone()));
        }
        tx.apply(&changes).await?;
        all.sort_by(|a, b| (a.position, &a.name, a.id).cmp(&(b.position, &b.name, b.id)));
        Ok(all)
    }
}

/// Removes a category that has none below it. Its products stay, without a category.
#[derive(Clone, Copy, Debug)]
pub struct DeleteCategory {
    /// Which.
    pub id: CategoryId,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
}

#[async_trait]
impl Operation for DeleteCategory {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let all = tx.categories_for_change().await?;
        let category = all.iter().find(|category| category.id == self.id).ok_or(Error::NotFound("category"))?;
        check_version(self.if_version, category.version)?;
        if all.iter().any(|category| category.parent_id == Some(self.id)) {
            return Err(Conflict::HasSubcategories.into());
        }
        // A rule that loses a condition would let nearly everything in.
        let names_it = |collection: &Collection| match &collection.members {
            Members::Rule(rule) => rule.categories.contains(&self.id),
            Members::Products(_) => false,
        };
        if let Some(collection) = collections::all(tx).await?.into_iter().find(names_it) {
            return Err(Conflict::CategoryInRule(collection.title).into());
        }
        Ok(tx.apply(&[Change::DeleteCategory { id: self.id }]).await?)
    }
}

fn details(mut details: CategoryDetails) -> Result<CategoryDetails, Violations> {
    details.description = rich_text::sanitise(&details.description);
    details.validate()
}

fn name(name: &str) -> Result<String, Violations> {
    text::line("/name", name, text::SHORT_TEXT_MAX).map_err(|wrong| Violations(vec![wrong]))
}

fn chosen_slug(all: &[Category], id: CategoryId, slug: &str) -> Result<String, Error> {
    let slug = text::slug("/slug", slug).map_err(|wrong| Violations(vec![wrong]))?;
    let is_taken = all.iter().any(|category| category.slug == slug && category.id != id);
    if is_taken { Err(Conflict::SlugTaken(slug).into()) } else { Ok(slug) }
}

fn slugs(all: &[Category]) -> Vec<String> {
    all.iter().map(|category| category.slug.clone()).collect()
}
