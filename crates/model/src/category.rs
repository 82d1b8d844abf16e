//! Categories: a tree.

use jiff::Timestamp;

use crate::CategoryId;

/// How deep the tree may be. A shop with more levels has a problem that no software solves.
pub const DEPTH_MAX: usize = 8;

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
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl Category {
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
                created_at: at,
                updated_at: at,
                version: 1,
            })
            .collect()
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
    fn depth_counts_what_moves_along() {
        let all = chain(8);
        assert_eq!(check_parent(&all, id(99), Some(id(8))), Err(Misplaced::TooDeep));
        assert_eq!(check_parent(&all, id(99), Some(id(7))), Ok(()));
        assert_eq!(check_parent(&all, id(99), Some(id(98))), Err(Misplaced::NoSuchParent));
    }
}
