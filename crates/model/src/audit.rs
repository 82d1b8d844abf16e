//! The audit log: who changed what, when, and from where. Entries are written with the change, and never again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AccountId, AuditId, Timestamp};

/// The most lines that say what changed.
pub const CHANGES_MAX: usize = 40;
/// The most characters of such a line.
pub const CHANGE_MAX: usize = 300;

/// One thing that one of the staff did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id; the ids ascend with time.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who; `None` is the shop itself.
    pub actor_id: Option<AccountId>,
    /// What, as a noun and a verb: `product.changed`.
    pub action: String,
    /// To what.
    pub subject_id: Option<Uuid>,
    /// What else there is to say.
    pub content: AuditContent,
}

/// What an entry says in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditContent {
    /// What the subject was called. Never somebody's name or address: people are found by their id, and can be forgotten.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What changed, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// The network address that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The name of the API key that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl AuditContent {
    /// The same, at most as long as the log takes.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let left_out = self.changes.len().saturating_sub(CHANGES_MAX);
        if left_out > 0 {
            self.changes.truncate(CHANGES_MAX);
            self.changes.push(format!("and {left_out} more"));
        }
        for text in self.changes.iter_mut().chain([&mut self.subject]) {
            if text.chars().count() > CHANGE_MAX {
                *text = text.chars().take(CHANGE_MAX).chain(['…']).collect();
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_entry_is_cut() {
        let changes = vec!["ä".repeat(CHANGE_MAX + 5); CHANGES_MAX + 3];
        let content = AuditContent { changes, ..AuditContent::default() }.bounded();
        assert_eq!(content.changes.len(), CHANGES_MAX + 1);
        assert_eq!(content.changes[0].chars().count(), CHANGE_MAX + 1);
        assert_eq!(content.changes[CHANGES_MAX], "and 3 more");
    }
}
