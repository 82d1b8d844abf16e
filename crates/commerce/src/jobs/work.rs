//! Working on a job: the beginning, some of it, the end.

use std::sync::Arc;

use async_trait::async_trait;
use model::{
    Job, Permission, Stamp, Timestamp,
    job::{JobError, JobStatus, LEASE},
};
use store::{Operation, StoreError, Tx};
use uuid::Uuid;

use super::{close, find, find_leased, save};
use crate::{
    Conflict, Error,
    accounts::usable,
    catalogue::{
        ImportError, ImportLines, ImportProducts, ImportSummary, ImportedProduct, SetPrices, SoldIn, images_stay,
    },
    import::{catalogue::Line, prices::PriceRow},
};

/// Notes what the file says: how much there is to do, and what of it cannot be used.
#[derive(Clone, Debug)]
pub struct BeginJob {
    /// Which.
    pub id: Uuid,
    /// How much there is to do.
    pub total: u64,
    /// In which way the file was read; see [`reading_in`](crate::import::reading_in).
    pub reading: u32,
    /// What cannot be used.
    pub errors: Vec<JobError>,
    /// What is read otherwise than it stands there.
    pub notes: Vec<JobError>,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for BeginJob {
    type Output = Job;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Job, Error> {
        let mut job = find(tx, self.id).await?;
        // Whoever goes on after a crash has read the file again, and finds its mistakes noted.
        let is_read = job.total.is_some();
        if job.is_finished() || is_read && job.reading == Some(self.reading) {
            return Ok(job);
        }
        if !is_allowed(tx, &job).await? {
            return stopped(tx, job, self.now).await;
        }
        if is_read && job.done > 0 {
            // What was done is counted in items as they were read then: the next one may be another now.
            let failure =
                "files are read in another way since this import began, by another program or with other currencies; \
                 begin it again"
                    .to_owned();
            job.finish(JobStatus::Failed, Some(failure), self.now);
            return close(tx, job).await;
        }
        // Of what was noted under another reading nothing is left.
        (job.errors, job.error_count) = (Vec::new(), 0);
        (job.total, job.reading) = (Some(self.total), Some(self.reading));
        (job.notes, job.note_count, job.missing_images) = (Vec::new(), 0, 0);
        job.note(self.notes.iter().cloned());
        job.refuse(self.errors.iter().cloned());
        if job.error_count > 0 && !job.keep_going {
            // Where no row is any good, as without a column that must be there, nothing is left to go on with.
            let failure = if self.total == 0 {
                "nothing in the file can be used"
            } else {
                "nothing was done because of the mistakes in the file; keep_going leaves them out"
            };
            job.finish(JobStatus::Failed, Some(failure.to_owned()), self.now);
            return close(tx, job).await;
        }
        save(tx, &mut job).await?;
        Ok(job)
    }
}

/// Some of what a job has to do.
#[derive(Clone, Debug)]
pub enum Work {
    /// These products.
    Products(Vec<ImportedProduct>),
    /// These prices.
    Prices(Vec<PriceRow>),
    /// These lines of a catalogue.
    Lines(Vec<(u64, Line)>),
    /// Nothing of this one: the shop refuses it.
    Refused(JobError),
    /// None of it yet, as it takes its time: the lease is renewed.
    GoesOn,
}

/// Does some of a job, and notes how far it is, in one transaction.
#[derive(Clone, Debug)]
pub struct WorkOnJob {
    /// Which job.
    pub id: Uuid,
    /// How much of it was done before.
    pub from: u64,
    /// What to do.
    pub work: Work,
    /// What new products may be priced in.
    pub sold_in: SoldIn,
    /// The pictures for it that could not be fetched.
    pub missing_images: Vec<JobError>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

/// What became of some work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is done; so much of the job is.
    Done(u64),
    /// The job was stopped, whoever asked for it may not any more, or somebody else has taken it on.
    Lost,
}

#[async_trait]
impl Operation for WorkOnJob {
    type Output = Step;
    type Error = ImportError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Step, ImportError> {
        let mut job = find(tx, self.id).await.map_err(beside)?;
        if job.status != JobStatus::Running || job.done != self.from {
            return Ok(Step::Lost);
        }
        if !is_allowed(tx, &job).await.map_err(beside)? {
            stopped(tx, job, self.stamp.now).await.map_err(beside)?;
            return Ok(Step::Lost);
        }
        let (actor_id, stamp, sold_in) = (Some(job.created_by), self.stamp, self.sold_in.clone());
        job.miss(self.missing_images.clone());
        let (count, summary) = match self.work.clone() {
            Work::Products(products) => {
                let count = products.len();
                let import = ImportProducts { products, sold_in, actor_id, stamp, progress: Arc::default() };
                import.tree(tx).await?;
                job.note(kept_images(tx, &import.products).await?);
                (count, import.run(tx).await?)
            }
            Work::Prices(rows) => (rows.len(), SetPrices { rows, actor_id, stamp }.run(tx).await?),
            Work::Lines(lines) => (lines.len(), ImportLines { lines, sold_in, actor_id, stamp }.run(tx).await?),
            Work::Refused(error) => {
                job.refuse([error]);
                (1, ImportSummary::default())
            }
            Work::GoesOn => (0, ImportSummary::default()),
        };
        job.done += u64::try_from(count).unwrap_or(u64::MAX);
        job.created += summary.created;
        job.updated += summary.updated;
        job.unchanged += summary.unchanged;
        // Whoever waits for servers elsewhere may soon find again what it was interrupted by.
        if count > 0 {
            (job.interruption, job.takes) = (None, 0);
        }
        job.leased_until = Some(stamp.now + LEASE);
        save(tx, &mut job).await?;
        Ok(Step::Done(job.done))
    }
}

/// Tells the products whose pictures stay as they are.
async fn kept_images(tx: &mut dyn Tx, products: &[ImportedProduct]) -> Result<Vec<JobError>, ImportError> {
    let mut notes = Vec::new();
    for imported in products {
        if images_stay(tx, imported).await.map_err(|error| ImportError { line: imported.line, error })? {
            notes.push(JobError::new(imported.line, None, "the shop's own pictures of this product stay as they are"));
        }
    }
    Ok(notes)
}

/// Whether whoever asked for a job may still do what it does: a file is worked on for long after it was sent.
async fn is_allowed(tx: &mut dyn Tx, job: &Job) -> Result<bool, Error> {
    let account = match usable(tx, job.created_by).await {
        Err(Error::NotAuthenticated) => return Ok(false),
        found => found?.account,
    };
    Ok(account.access().may(Permission::Catalogue))
}

/// Ends a job that nobody who may stands behind. What it has done stays.
async fn stopped(tx: &mut dyn Tx, mut job: Job, now: Timestamp) -> Result<Job, Error> {
    let failure =
        "whoever asked for it may not change the catalogue any more; what was done until then stays".to_owned();
    job.finish(JobStatus::Failed, Some(failure), now);
    close(tx, job).await
}

/// An error that no line of the file is to blame for.
fn beside(error: Error) -> ImportError {
    ImportError { line: 0, error }
}

/// Notes why a job does not go on at the moment: who asked for it looks at the job and not at the log. Its lease stays as it is, and with the
/// end of that it is tried again.
#[derive(Clone, Debug)]
pub struct InterruptJob {
    /// Which.
    pub id: Uuid,
    /// Until when whoever was interrupted had it: of a job that somebody else has taken since nothing is noted.
    pub lease: Timestamp,
    /// What keeps it from going on.
    pub reason: String,
}

#[async_trait]
impl Operation for InterruptJob {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let Some(mut job) = find_leased(tx, self.id, self.lease).await? else { return Ok(()) };
        (job.interruption, job.takes) = (Some(self.reason.clone()), 0);
        Ok(save(tx, &mut job).await?)
    }
}

/// Hands a job back that this process cannot go on with, as it is stopped: the next one takes it at once, and need not wait for the end of
/// the lease. That it was taken does not count: restarts are nothing that a job does.
#[derive(Clone, Copy, Debug)]
pub struct HandBackJob {
    /// Which.
    pub id: Uuid,
    /// Until when this process has it. One that somebody else has taken since is theirs.
    pub lease: Timestamp,
}

#[async_trait]
impl Operation for HandBackJob {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let Some(mut job) = find_leased(tx, self.id, self.lease).await? else { return Ok(()) };
        job.takes = job.takes.saturating_sub(1);
        job.leased_until = None;
        Ok(save(tx, &mut job).await?)
    }
}

/// Brings a job to its end.
#[derive(Clone, Debug)]
pub struct EndJob {
    /// Which.
    pub id: Uuid,
    /// Why it failed; `None` when it is done.
    pub failure: Option<String>,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for EndJob {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let mut job = find(tx, self.id).await?;
        if job.is_finished() {
            return Ok(());
        }
        let is_done = self.failure.is_none() && Some(job.done) == job.total;
        let failure = self.failure.clone().or((!is_done).then(|| "it ended early".to_owned()));
        job.finish(if is_done { JobStatus::Done } else { JobStatus::Failed }, failure, self.now);
        close(tx, job).await.map(drop)
    }
}

impl From<&ImportError> for JobError {
    fn from(error: &ImportError) -> Self {
        Self::new(error.line, None, &error.error.sentence())
    }
}

/// Whether the file is not to blame: the engine failed, or the shop has another currency than when it was read. The work may go well another
/// time.
#[must_use]
pub const fn is_passing(error: &ImportError) -> bool {
    match &error.error {
        Error::Store(store) => !matches!(store, StoreError::Constraint(_)),
        Error::Conflict(conflict) => matches!(conflict, Conflict::CurrencyChanged { .. }),
        _ => false,
    }
}
