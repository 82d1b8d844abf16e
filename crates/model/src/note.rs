//! What the staff write down for each other, on an order or a customer. Customers never see it.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Timestamp, Violation, text};

/// The most characters of a note.
pub const NOTE_MAX: usize = 2_000;
/// The most notes on one thing.
pub const NOTES_MAX: usize = 200;

/// Before the id of an order: the name of the document with the notes about it.
pub const OF_ORDER: &str = "order:";

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub author_id: AccountId,
    /// What it says.
    pub text: String,
}

/// What a note may say.
///
/// # Errors
/// It is empty or too long.
pub fn check(written: &str) -> Result<String, Violation> {
    let written = text::paragraph("/text", written.trim(), NOTE_MAX)?;
    if written.is_empty() {
        let message = "must not be empty".to_owned();
        return Err(Violation { pointer: "/text".to_owned(), code: "required", message });
    }
    Ok(written)
}
