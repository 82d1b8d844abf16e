//! Adding, changing and removing categories.

use async_trait::async_trait;
use model::{Category, CategoryId, Stamp, Violations, category::check_parent, text};
use store::{Change, Operation, Tx};

use crate::{Conflict, Error, check_version};

/// A new category.
#[derive(Clone, Debug)]
pub struct CategoryDraft {
    /// What it is called.
    pub name: String,
    /// Its name in URLs; made from the name when `None`.
    pub slug: Option<String>,
    /// The category above it.
    pub parent_id: Option<CategoryId>,
    /// Its place among its siblings.
    pub position: i64,
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
        let all = tx.categories().await?;
        let category = new_category(&all, &self.draft, self.stamp.ids().draw(), self.stamp)?;
        tx.apply(&[Change::InsertCategory(category.clone())]).await?;
        Ok(category)
    }
}

/// The category that a draft describes, checked against the tree.
pub(super) fn new_category(
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
        position: draft.position,
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
        let all = tx.categories().await?;
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
        after.updated_at = self.stamp.now;
        after.version += 1;
        tx.apply(&[Change::UpdateCategory(after.clone())]).await?;
        Ok(after)
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
        let all = tx.categories().await?;
        let category = all.iter().find(|category| category.id == self.id).ok_or(Error::NotFound("category"))?;
        check_version(self.if_version, category.version)?;
        if all.iter().any(|category| category.parent_id == Some(self.id)) {
            return Err(Conflict::HasSubcategories.into());
        }
        Ok(tx.apply(&[Change::DeleteCategory { id: self.id }]).await?)
    }
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
