//! Long pieces of work: who asks for one goes on, and looks later what became of it.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AccountId, CLOCK_SKEW};

/// How many mistakes of a file are told one by one.
pub const ERRORS_MAX: usize = 500;
/// How many finished jobs are kept.
pub const KEPT_MAX: usize = 50;
/// How many may wait or run at once.
pub const WAITING_MAX: usize = 20;
/// For how long a process has a job to itself without saying that it goes on.
pub const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// How often a job is taken without a word of it: what it works on may be what ends whoever takes it.
pub const TAKES_MAX: u32 = 5;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Imports products from a CSV file in the format of Shopify.
    ImportProducts,
    /// Sets prices and stock from a CSV file.
    SetPrices,
    /// Imports a whole catalogue from lines of JSON.
    ImportCatalogue,
}

impl JobKind {
    /// As it is spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImportProducts => "import_products",
            Self::SetPrices => "set_prices",
            Self::ImportCatalogue => "import_catalogue",
        }
    }
}

impl FromStr for JobKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::ImportProducts, Self::SetPrices, Self::ImportCatalogue];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Nobody has begun.
    Queued,
    /// It is being done.
    Running,
    /// It came to its end; what could not be used is in its errors.
    Done,
    /// It could not be done; `failure` says why.
    Failed,
    /// Somebody stopped it. What was done until then stays.
    Cancelled,
}

/// A long piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub kind: JobKind,
    /// Whether rows with mistakes are left out; otherwise one of them is enough for nothing to be done.
    pub keep_going: bool,
    /// Whether the pictures that products have on other servers are fetched into the shop. A job of a program that could not do that
    /// fetches none.
    #[serde(default)]
    pub with_images: bool,
    /// Where it stands.
    pub status: JobStatus,
    /// In how many pieces its file is kept.
    pub parts: u32,
    /// How much there is to do; known when the file was read.
    pub total: Option<u64>,
    /// In which way its file was read when it began, as a number of the program's own; `None` before it begins, and in a job of a program
    /// that did not keep it.
    #[serde(default)]
    pub reading: Option<u32>,
    /// How much of that is done, the refused included. In the transaction that did it, so that nothing is done twice.
    pub done: u64,
    /// How many things are new.
    pub created: u64,
    /// How many were changed.
    pub updated: u64,
    /// How many were already so.
    pub unchanged: u64,
    /// What could not be used, as far as it is told one by one.
    pub errors: Vec<JobError>,
    /// How many of those there are in all.
    pub error_count: u64,
    /// What is read otherwise than the file has it, and pictures that stay elsewhere: the first [`ERRORS_MAX`] of it; nothing is left out
    /// because of it.
    #[serde(default)]
    pub notes: Vec<JobError>,
    /// How many of those there are in all; 0 in a job of a program that did not count them. See [`Job::notes_in_all`].
    #[serde(default)]
    pub note_count: u64,
    /// How many pictures could not be fetched. Each is a note, but they come behind those of the file, and only so many are kept.
    #[serde(default)]
    pub missing_images: u64,
    /// Why it does not go on at the moment, though nobody stopped it; `None` while it does. It is tried again when its lease is over.
    #[serde(default)]
    pub interruption: Option<String>,
    /// How often it was taken since some of it was done, or was said why it does not go on. That it goes on, and no more, does not count,
    /// nor does a taking that was handed back.
    #[serde(default)]
    pub takes: u32,
    /// Why it failed.
    pub failure: Option<String>,
    /// Who asked for it.
    pub created_by: AccountId,
    /// When.
    pub created_at: Timestamp,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// Until when a process has it to itself.
    pub leased_until: Option<Timestamp>,
    /// Counts the changes, from 1.
    pub version: i64,
}

/// Something in the file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl JobError {
    /// What is wrong in a line. What a file says comes back in such a message: control characters, of which no database keeps all, are
    /// replaced.
    #[must_use]
    pub fn new(line: u64, column: Option<String>, message: &str) -> Self {
        let shown = |text: &str| text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}");
        Self { line, column: column.map(|column| shown(&column)), message: shown(message) }
    }
}

impl Job {
    /// Whether nothing more will come of it.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.status, JobStatus::Done | JobStatus::Failed | JobStatus::Cancelled)
    }

    /// Whether somebody may begin, or go on where another ended without a word.
    #[must_use]
    pub fn is_free(&self, now: Timestamp) -> bool {
        // A lease that ends much later than one that began now was given by a clock that was wrong.
        let is_over = |until: Timestamp| until <= now || until > now + LEASE + CLOCK_SKEW;
        !self.is_finished() && self.leased_until.is_none_or(is_over)
    }

    /// Notes what could not be used.
    pub fn refuse(&mut self, errors: impl IntoIterator<Item = JobError>) {
        for error in errors {
            self.error_count += 1;
            if self.errors.len() < ERRORS_MAX {
                self.errors.push(error);
            }
        }
    }

    /// Notes what is good to know.
    pub fn note(&mut self, notes: impl IntoIterator<Item = JobError>) {
        self.note_count = self.notes_in_all();
        for note in notes {
            self.note_count += 1;
            if self.notes.len() < ERRORS_MAX {
                self.notes.push(note);
            }
        }
    }

    /// How many notes there are, those included that are not kept.
    #[must_use]
    pub fn notes_in_all(&self) -> u64 {
        self.note_count.max(u64::try_from(self.notes.len()).unwrap_or(u64::MAX))
    }

    /// Notes pictures that could not be fetched.
    pub fn miss(&mut self, images: Vec<JobError>) {
        self.missing_images += u64::try_from(images.len()).unwrap_or(u64::MAX);
        self.note(images);
    }

    /// Brings it to its end.
    pub fn finish(&mut self, status: JobStatus, failure: Option<String>, now: Timestamp) {
        self.status = status;
        self.failure = failure;
        self.interruption = None;
        self.finished_at = Some(now);
        self.leased_until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_comes_back_in_characters_that_can_be_kept() {
        let error = JobError::new(1, Some("a\u{0}b".to_owned()), "unknown field `x\u{0}y`\n\u{1b}[31m");
        assert_eq!(error.column.as_deref(), Some("a\u{fffd}b"));
        assert_eq!(error.message, "unknown field `x\u{fffd}y`\n\u{fffd}[31m");
    }
}
