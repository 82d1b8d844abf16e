//! Long pieces of work.

use model::{
    AccountId, Job, Timestamp,
    job::{JobError, JobKind, JobStatus},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A long piece of work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobDto {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    #[schema(value_type = JobKindDto)]
    pub kind: JobKind,
    /// Where it stands: when it is `done`, `errors` has what could not be used, and when it `failed`, `failure` says why.
    #[schema(value_type = JobStatusDto)]
    pub status: JobStatus,
    /// Whether it fetches the pictures that products have on other servers.
    pub with_images: bool,
    /// How much there is to do; null until the file was read.
    #[schema(required)]
    pub total: Option<u64>,
    /// How much of that is done.
    pub done: u64,
    /// How many things are new.
    pub created: u64,
    /// How many were changed.
    pub updated: u64,
    /// How many were already as the file has them.
    pub unchanged: u64,
    /// What could not be used: the first 500.
    pub errors: Vec<JobErrorDto>,
    /// How many of those there are in all.
    pub error_count: u64,
    /// What is read otherwise than it stands in the file, such as a stock below zero, which is 0, and which pictures stay on other
    /// servers: the first 500. Nothing is left out because of it.
    pub notes: Vec<JobErrorDto>,
    /// How many of those there are in all.
    pub note_count: u64,
    /// How many pictures could not be fetched. Each is one of `notes`, which come behind those of the file.
    pub missing_images: u64,
    /// Why a job that is `running` did not go on when it was tried last, such as that the picture store or the database is away, or that the
    /// shop got another currency since the file was read. It is tried again every 20 seconds; null once more of it is done.
    #[schema(required)]
    pub interruption: Option<String>,
    /// Why it failed.
    #[schema(required)]
    pub failure: Option<String>,
    /// Who asked for it.
    #[schema(value_type = Uuid)]
    pub created_by: AccountId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it came to its end.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

impl From<&Job> for JobDto {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            status: job.status,
            with_images: job.with_images,
            total: job.total,
            done: job.done,
            created: job.created,
            updated: job.updated,
            unchanged: job.unchanged,
            errors: job.errors.iter().map(JobErrorDto::from).collect(),
            error_count: job.error_count,
            notes: job.notes.iter().map(JobErrorDto::from).collect(),
            note_count: job.notes_in_all(),
            missing_images: job.missing_images,
            interruption: job.interruption.clone(),
            failure: job.failure.clone(),
            created_by: job.created_by,
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// What a job does.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobKind)]
pub enum JobKindDto {
    /// Imports products from a CSV file in the format of Shopify.
    ImportProducts,
    /// Sets prices and stock from a CSV file.
    SetPrices,
    /// Imports a whole catalogue from lines of JSON.
    ImportCatalogue,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobStatus)]
pub enum JobStatusDto {
    /// Nobody has begun.
    Queued,
    /// It is being done.
    Running,
    /// It came to its end; what could not be used is in `errors`.
    Done,
    /// It could not be done; `failure` says why.
    Failed,
    /// Somebody stopped it. What was done until then stays.
    Cancelled,
}

/// Something in the file that could not be used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobError, example = json!({"line": 7, "column": "Variant Price", "message": "must be a price such as 50 or 19.99"}))]
pub struct JobErrorDto {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, where it is about one.
    #[schema(required)]
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl From<&JobError> for JobErrorDto {
    fn from(error: &JobError) -> Self {
        Self { line: error.line, column: error.column.clone(), message: error.message.clone() }
    }
}
