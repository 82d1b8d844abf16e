//! The audit log: whatever one of the staff changes is noted in the transaction that changes it.
//!
//! [`Audited`] runs an operation on a transaction that looks at what is loaded and at what is written, and adds the entries
//! at the end. So no operation has to think of it, and none can forget it.

mod describe;
mod products;
mod recorder;
mod rehearse;

use async_trait::async_trait;
use model::{AccountId, AuditContent, AuditEntry, Stamp};
use store::{Change, Operation, Tx};

pub use rehearse::{Foreseen, Rehearsal, Rehearsed};

pub(crate) use describe::MAIL_TESTED;

use describe::Deed;
use recorder::Recorder;

/// The most entries of one operation.
const ENTRIES_MAX: usize = 100;

/// Who does something, as the log says it.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account_id: AccountId,
    /// The network address that it came from.
    pub address: Option<String>,
    /// The name of the API key that was used.
    pub key: Option<String>,
}

/// An operation that one of the staff runs.
#[derive(Clone, Debug)]
pub struct Audited<O> {
    /// Who runs it.
    pub by: Actor,
    /// What is run.
    pub operation: O,
    /// The clock and the ids of the entries.
    pub stamp: Stamp,
}

#[async_trait]
impl<O: Operation> Operation for Audited<O> {
    type Output = O::Output;
    type Error = O::Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<O::Output, O::Error> {
        let mut recorder = Recorder::new(tx);
        let output = self.operation.run(&mut recorder).await?;
        let entries = self.entries(recorder.into_deeds());
        if !entries.is_empty() {
            tx.apply(&entries).await?;
        }
        Ok(output)
    }
}

impl<O> Audited<O> {
    fn entries(&self, deeds: Vec<Deed>) -> Vec<Change> {
        let mut deeds: Vec<Deed> = deeds.into_iter().flat_map(Deed::in_parts).collect();
        let left_out = deeds.len().saturating_sub(ENTRIES_MAX);
        deeds.truncate(ENTRIES_MAX);
        if let Some(last) = deeds.last_mut().filter(|_| left_out > 0) {
            last.changes.push(format!("and {left_out} more changes of this kind in the same step"));
        }
        let mut ids = self.stamp.ids();
        let entry = |deed: Deed| {
            let Deed { action, subject_id, subject, changes } = deed;
            let (address, key) = (self.by.address.clone(), self.by.key.clone());
            let content = AuditContent { subject, changes, address, key }.bounded();
            let (id, at, actor_id) = (ids.draw(), self.stamp.now, Some(self.by.account_id));
            Change::InsertAudit(AuditEntry { id, at, actor_id, action, subject_id, content })
        };
        deeds.into_iter().map(entry).collect()
    }
}
