//! Asking for a job, taking one, stopping one.

use async_trait::async_trait;
use model::{
    AccountId, Job, Stamp, Timestamp,
    job::{JobKind, JobStatus, KEPT_MAX, LEASE, TAKES_MAX, WAITING_MAX},
};
use store::{Change, Document, DocumentKind, Operation, Tx};
use uuid::Uuid;

use super::{close, find, part_name, put, save};
use crate::{Conflict, Error};

/// How large the parts of a file are that are kept.
pub const PART_BYTES: usize = 512 * 1024;

/// Asks for a job.
#[derive(Clone, Debug)]
pub struct QueueJob {
    /// What it shall do.
    pub kind: JobKind,
    /// See [`Job`].
    pub keep_going: bool,
    /// See [`Job`]; counts for products from a CSV file alone.
    pub with_images: bool,
    /// The file in parts of [`PART_BYTES`], each as text (base64).
    pub parts: Vec<String>,
    /// Who asks.
    pub account_id: AccountId,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for QueueJob {
    type Output = Job;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Job, Error> {
        if tx.documents(DocumentKind::JobQueue).await?.len() >= WAITING_MAX {
            return Err(Conflict::TooManyJobs.into());
        }
        let mut ids = self.stamp.ids();
        let job = Job {
            id: ids.draw(),
            kind: self.kind,
            keep_going: self.keep_going,
            with_images: self.with_images && self.kind == JobKind::ImportProducts,
            status: JobStatus::Queued,
            parts: u32::try_from(self.parts.len()).unwrap_or(u32::MAX),
            total: None,
            reading: None,
            done: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            errors: Vec::new(),
            error_count: 0,
            notes: Vec::new(),
            note_count: 0,
            missing_images: 0,
            interruption: None,
            takes: 0,
            failure: None,
            created_by: self.account_id,
            created_at: self.stamp.now,
            finished_at: None,
            leased_until: None,
            version: 1,
        };
        let queued = Document::new(DocumentKind::JobQueue, job.id, job.id.to_string(), 1, &())?;
        let mut changes = vec![put(&job)?, Change::PutDocument(queued)];
        for (number, part) in (0..).zip(&self.parts) {
            let part = Document::new(DocumentKind::JobPart, ids.draw(), part_name(job.id, number), 1, part)?;
            changes.push(Change::PutDocument(part));
        }
        // The ids ascend with time, and the names of jobs are their ids.
        let known = tx.documents(DocumentKind::Job).await?;
        let finished: Vec<_> =
            known.iter().filter(|known| known.read::<Job>().is_ok_and(|job| job.is_finished())).collect();
        let too_many = finished.len().saturating_sub(KEPT_MAX - 1);
        let old = finished.iter().take(too_many);
        changes.extend(old.map(|old| Change::DeleteDocument { kind: DocumentKind::Job, id: old.id }));
        tx.apply(&changes).await?;
        Ok(job)
    }
}

/// Takes the job that has waited longest, for [`LEASE`]; `None` when there is none to be had. One of which nothing was heard since it was
/// taken [`TAKES_MAX`] times fails: whoever took it may have ended by it each time, as without memory for a picture.
#[derive(Clone, Copy, Debug)]
pub struct TakeJob {
    /// Whether to take one that fetches pictures, or one that does not. Servers elsewhere may take hours; a job that needs none of them
    /// does not wait behind those.
    pub with_images: bool,
    /// The time.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for TakeJob {
    type Output = Option<Job>;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Option<Job>, Error> {
        for queued in tx.documents(DocumentKind::JobQueue).await? {
            let mut job = find(tx, queued.id).await?;
            if job.with_images == self.with_images && job.is_free(self.now) {
                if job.takes >= TAKES_MAX {
                    let failure = format!(
                        "it was begun {TAKES_MAX} times and nothing was heard of it, as when it ends the program each time; what it did until \
                         then stays"
                    );
                    job.finish(JobStatus::Failed, Some(failure), self.now);
                    close(tx, job).await?;
                    continue;
                }
                job.takes += 1;
                job.status = JobStatus::Running;
                job.leased_until = Some(self.now + LEASE);
                save(tx, &mut job).await?;
                return Ok(Some(job));
            }
        }
        Ok(None)
    }
}

/// Stops a job. What it has done stays; one that has come to its end stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct CancelJob {
    /// Which.
    pub id: Uuid,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for CancelJob {
    type Output = Job;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Job, Error> {
        let mut job = find(tx, self.id).await?;
        if job.is_finished() {
            return Ok(job);
        }
        job.finish(JobStatus::Cancelled, None, self.now);
        close(tx, job).await
    }
}
