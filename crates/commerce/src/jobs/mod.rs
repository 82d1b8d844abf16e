//! Long pieces of work. Each is a document; its file is kept beside it in parts until it is done. What is done of it, and how far
//! it is, is one transaction: whoever goes on after a crash begins where the last one ended.

mod queue_job;
mod work;

pub use queue_job::{CancelJob, PART_BYTES, QueueJob, TakeJob};
pub use work::{BeginJob, EndJob, HandBackJob, InterruptJob, Step, Work, WorkOnJob, is_passing};

use model::{Job, Timestamp};
use store::{Change, Document, DocumentKind, StoreError, Tx};
use uuid::Uuid;

use crate::Error;

/// The name of a part of a job's file.
#[must_use]
pub fn part_name(id: Uuid, number: u32) -> String {
    format!("{id}/{number:06}")
}

async fn find(tx: &mut dyn Tx, id: Uuid) -> Result<Job, Error> {
    let document = tx.document_named(DocumentKind::Job, &id.to_string()).await?;
    Ok(document.ok_or(Error::NotFound("job"))?.read()?)
}

/// The job while it is still leased until then: neither finished nor taken by somebody else since.
async fn find_leased(tx: &mut dyn Tx, id: Uuid, lease: Timestamp) -> Result<Option<Job>, Error> {
    Ok(Some(find(tx, id).await?).filter(|job| job.leased_until == Some(lease)))
}

fn put(job: &Job) -> Result<Change, StoreError> {
    Ok(Change::PutDocument(Document::new(DocumentKind::Job, job.id, job.id.to_string(), job.version, job)?))
}

/// Stores what became of a job.
async fn save(tx: &mut dyn Tx, job: &mut Job) -> Result<(), StoreError> {
    job.version += 1;
    tx.apply(&[put(job)?]).await
}

/// What stores a job that has come to its end, and removes what nobody needs any more.
async fn close(tx: &mut dyn Tx, mut job: Job) -> Result<Job, Error> {
    job.version += 1;
    let mut changes = vec![put(&job)?, Change::DeleteDocument { kind: DocumentKind::JobQueue, id: job.id }];
    for number in 0..job.parts {
        if let Some(part) = tx.document_named(DocumentKind::JobPart, &part_name(job.id, number)).await? {
            changes.push(Change::DeleteDocument { kind: DocumentKind::JobPart, id: part.id });
        }
    }
    tx.apply(&changes).await?;
    Ok(job)
}
