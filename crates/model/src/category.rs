//! Categories: a tree.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    CategoryId, Language,
    details::{Seo, is_default},
    text,
    violation::Violations,
};

/// How deep the tree may be. A shop with more levels has a problem that no software solves.
pub const DEPTH_MAX: usize = 8;

/// What a category has beside the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryDetails {
    /// What is in it, as sanitised HTML.
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    /// For search engines.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seo: Seo,
    /// Its name in other languages.
    #[serde(default, skip_serializing_if = "is_default")]
    pub names: BTreeMap<Language, String>,
}

impl CategoryDetails {
    /// Trims the texts and checks them; the description must have been sanitised.
    ///
    /// # Errors
    /// What is wrong.
    pub fn validate(mut self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        if let Some(text) = wrong.take(text::paragraph("/description", &self.description, text::LONG_TEXT_MAX)) {
            self.description = text;
        }
        self.seo.validate("/seo", &mut wrong);
        for (language, name) in &mut self.names {
            let at = format!("/names/{language}");
            if let Some(line) = wrong.take(text::line(&at, name, text::SHORT_TEXT_MAX)) {
                *name = line;
            }
        }
        wrong.into_result().map(|()| self)
    }
}

/// One category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// The category above it; `None` at the top.
    pub parent_id: Option<CategoryId>,
    /// What it is called.
    pub name: String,
    /// Its name in URLs; unique.
    pub slug: String,
    /// Its place among its siblings, ascending; equal ones go by name.
    pub position: i64,
    /// What not every category has.
    pub details: CategoryDetails,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// Whether people mean the same category by these names: case, accents and separators do not matter, other signs do, for C++ is not C#.
#[must_use]
pub fn is_one_name(one: &str, other: &str) -> bool {
    let signs = |text: &str| text.chars().filter(|c| "+#*%$@".contains(*c)).collect::<String>();
    text::fold(one) == text::fold(other) && signs(one) == signs(other)
}

impl Category {
    /// Whether people [call it so](is_one_name).
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        is_one_name(&self.name, name)
    }

    /// Its name in this language, as far as it has one.
    #[must_use]
    pub fn name_in(&self, language: &Language) -> &str {
        let names = &self.details.names;
        let near = || names.iter().find(|(other, _)| other.primary() == language.primary()).map(|(_, name)| name);
        names.get(language).or_else(near).map_or(&self.name, String::as_str)
    }

    /// The same categories, each behind the one above it.
    #[must_use]
    pub fn parents_first(all: Vec<Self>) -> Vec<Self> {
        let mut placed: Vec<Self> = Vec::with_capacity(all.len());
        let mut left = all;
        while !left.is_empty() {
            let is_placed = |id| placed.iter().any(|category: &Self| category.id == id);
            let (next, later): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|category| category.parent_id.is_none_or(is_placed));
            if next.is_empty() {
                // A circle, or a parent that is nowhere: whoever writes them will say so.
                placed.extend(later);
                break;
            }
            placed.extend(next);
            left = later;
        }
        placed
    }
}

/// Where the children of one category stand when `id` is put behind `after` (in front when `None`): ids with their new
/// positions, 0, 1, 2 ... `siblings` are the others, in their order. `None` when `after` is none of them.
#[must_use]
pub fn reorder(siblings: &[CategoryId], id: CategoryId, after: Option<CategoryId>) -> Option<Vec<(CategoryId, i64)>> {
    let mut order: Vec<CategoryId> = siblings.iter().copied().filter(|sibling| *sibling != id).collect();
    let place = match after {
        None => 0,
        Some(after) => order.iter().position(|sibling| *sibling == after)? + 1,
    };
    order.insert(place, id);
    Some(order.into_iter().zip(0..).collect())
}

/// The position behind all that hang below `parent` (at the top when `None`).
#[must_use]
pub fn place_behind(all: &[Category], parent: Option<CategoryId>) -> i64 {
    let positions = all.iter().filter(|category| category.parent_id == parent).map(|category| category.position);
    positions.max().map_or(0, |last| last.saturating_add(1))
}

/// `id` and all that hang below it, in the tree `all`.
#[must_use]
pub fn subtree(all: &[Category], id: CategoryId) -> Vec<CategoryId> {
    let mut found = vec![id];
    let mut next = 0;
    while let Some(&above) = found.get(next) {
        let below = all.iter().filter(|category| category.parent_id == Some(above)).map(|category| category.id);
        let below: Vec<_> = below.filter(|id| !found.contains(id)).collect();
        found.extend(below);
        next += 1;
    }
    found
}

/// Why a category cannot hang where it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// The parent does not exist.
    NoSuchParent,
    /// The parent is the category itself or one below it.
    Cycle,
    /// The tree would be deeper than [`DEPTH_MAX`].
    TooDeep,
}

/// Whether `id` (with all below it) may hang under `parent_id`, in the tree `all`.
///
/// # Errors
/// Why not.
pub fn check_parent(all: &[Category], id: CategoryId, parent_id: Option<CategoryId>) -> Result<(), Misplaced> {
    let Some(parent_id) = parent_id else { return Ok(()) };
    let find = |id| all.iter().find(|category| category.id == id);
    let mut above = 0;
    let mut next = Some(parent_id);
    while let Some(ancestor) = next {
        if ancestor == id {
            return Err(Misplaced::Cycle);
        }
        above += 1;
        if above > DEPTH_MAX {
            return Err(Misplaced::TooDeep);
        }
        next = find(ancestor).ok_or(Misplaced::NoSuchParent)?.parent_id;
    }
    if above + height(all, id) > DEPTH_MAX { Err(Misplaced::TooDeep) } else { Ok(()) }
}

/// How many levels the subtree under `id` has, itself included.
fn height(all: &[Category], id: CategoryId) -> usize {
    let below = all.iter().filter(|category| category.parent_id == Some(id));
    1 + below.map(|child| height(all, child.id)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(n))
    }

    /// 1 → 2 → 3 → … → `n`, each below the one before.
    fn chain(n: u128) -> Vec<Category> {
        let at = Timestamp::UNIX_EPOCH;
        (1..=n)
            .map(|i| Category {
                id: id(i),
                parent_id: (i > 1).then(|| id(i - 1)),
                name: i.to_string(),
                slug: i.to_string(),
                position: 0,
                details: CategoryDetails::default(),
                created_at: at,
                updated_at: at,
                version: 1,
            })
            .collect()
    }

    #[test]
    fn what_is_new_stands_behind_what_hangs_beside_it() {
        let mut all = chain(3);
        all[1].position = 7;
        let behind = |parent: Option<u128>| place_behind(&all, parent.map(id));
        assert_eq!((behind(None), behind(Some(1)), behind(Some(3))), (1, 8, 0));
    }

    #[test]
    fn a_category_cannot_hang_below_itself() {
        let all = chain(4);
        assert_eq!(check_parent(&all, id(1), Some(id(4))), Err(Misplaced::Cycle));
        assert_eq!(check_parent(&all, id(2), Some(id(2))), Err(Misplaced::Cycle));
        assert_eq!(check_parent(&all, id(4), Some(id(1))), Ok(()));
        assert_eq!(check_parent(&all, id(4), None), Ok(()));
    }

    #[test]
    fn siblings_are_counted_anew() {
        let [a, b, c, d] = [1, 2, 3, 4].map(id);
        assert_eq!(reorder(&[a, b, c], c, None), Some(vec![(c, 0), (a, 1), (b, 2)]));
        assert_eq!(reorder(&[a, b, c], a, Some(b)), Some(vec![(b, 0), (a, 1), (c, 2)]));
        assert_eq!(reorder(&[a, b], d, Some(b)), Some(vec![(a, 0), (b, 1), (d, 2)]));
        assert_eq!(reorder(&[a, b], a, Some(a)), None);
        assert_eq!(subtree(&chain(3), b), [b, c]);
    }

    #[test]
    fn depth_counts_what_moves_along() {
        let all = chain(8);
        assert_eq!(check_parent(&all, id(99), Some(id(8))), Err(Misplaced::TooDeep));
        assert_eq!(check_parent(&all, id(99), Some(id(7))), Ok(()));
        assert_eq!(check_parent(&all, id(99), Some(id(98))), Err(Misplaced::NoSuchParent));
    }
}
