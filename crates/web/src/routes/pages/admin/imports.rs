//! `/admin/import`: files that come in and go out, and how far a long import is.

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::Request,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use commerce::jobs::{CancelJob, PART_BYTES, QueueJob};
use http::{HeaderMap, StatusCode, header};
use minijinja::{Value, context};
use model::{
    Job, Permission,
    job::{JobError, JobKind, JobStatus},
};
use multer::{Constraints, Multipart, SizeLimit};
use store::DocumentKind;
use uuid::Uuid;

use super::{
    forms::{Done, Fields, Refused, notice, refused, sentence},
    frame, preview,
};
use crate::{
    App,
    extract::Catalogue,
    problem::{Code, Problem},
    routes::{
        admin::{FILE_BYTES_MAX, export},
        pages::{staff::StaffPage, template, time_text},
    },
};

/// What the form has beside the file.
const FORM_BYTES: u64 = 64 * 1024;

/// A job's kind, as the staff say it.
pub(super) const fn kind_text(kind: JobKind) -> &'static str {
    match kind {
        JobKind::ImportProducts => "Products from a Shopify file",
        JobKind::SetPrices => "Prices and stock from a list",
        JobKind::ImportCatalogue => "A whole catalogue",
    }
}

/// Where a job stands, and how that is coloured.
const fn status_text(status: JobStatus) -> (&'static str, &'static str) {
    match status {
        JobStatus::Queued => ("Waits", "pending"),
        JobStatus::Running => ("Running", "pending"),
        JobStatus::Done => ("Done", "sent"),
        JobStatus::Failed => ("Failed", "failed"),
        JobStatus::Cancelled => ("Stopped", "quiet"),
    }
}

/// What is good to know, in the words of the page: what the API calls `with_images` is a box here.
pub(super) fn note_text(note: &str) -> String {
    note.replace("with_images fetches", "“Fetch the pictures” fetches")
}

/// Why a job failed. What the API calls `keep_going` is a box here.
fn failure_text(failure: &str) -> String {
    let here = "to do the rest, check “Leave out rows with mistakes and do the rest”";
    sentence(&failure.replace("keep_going leaves them out", here))
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
) -> Result<Response, Problem> {
    show(&app, &staff, &Refused::default(), None).await
}

async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    refused: &Refused,
    preview: Option<Value>,
) -> Result<Response, Problem> {
    let documents = app.engine().documents(DocumentKind::Job).await?;
    let mut jobs = documents.iter().map(store::Document::read).collect::<Result<Vec<Job>, _>>()?;
    jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
    let without_sku = app.variants_without_sku().await?;
    let sees_orders = staff.access.may(Permission::Orders);
    let values = context! { jobs => jobs.iter().map(view).collect::<Vec<_>>(), preview, without_sku, sees_orders };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "import") };
    template::page(app, refused.status(), "admin_import.html", values)
}

fn told(errors: &[JobError]) -> Vec<Value> {
    let row = |error: &JobError| context! { line => error.line, column => error.column, message => note_text(&error.message) };
    errors.iter().map(row).collect()
}

fn view(job: &Job) -> Value {
    let (status, class) = match job.status {
        JobStatus::Done if job.error_count > 0 && job.created + job.updated == 0 => ("Nothing was changed", "failed"),
        JobStatus::Done if job.error_count > 0 => ("Done, but for some rows", "pending"),
        JobStatus::Running if job.interruption.is_some() => ("Interrupted", "pending"),
        status => status_text(status),
    };
    let share = job.total.filter(|total| *total > 0).map(|total| job.done.saturating_mul(100) / total);
    context! {
        id => job.id.to_string(), kind => kind_text(job.kind), status, class, share, done => job.done, total => job.total,
        created => job.created, updated => job.updated, unchanged => job.unchanged, error_count => job.error_count,
        failure => job.failure.as_deref().map(failure_text), interruption => job.interruption.as_deref().map(sentence), is_open => matches!(job.status, JobStatus::Queued | JobStatus::Running),
        at => job.created_at.to_string(), at_text => time_text(job.created_at),
        errors => told(&job.errors), notes => told(&job.notes),
        more_notes => job.notes_in_all().saturating_sub(u64::try_from(job.notes.len()).unwrap_or(u64::MAX)),
        with_images => job.with_images, missing_images => job.missing_images,
    }
}

pub(in crate::routes::pages) async fn job(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<Uuid>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    let document = app.engine().document_named(DocumentKind::Job, &id.to_string()).await?;
    let job: Job = document.ok_or_else(Problem::not_found)?.read()?;
    let notice = notice(&query.done, &[("stopped", "It is stopped. What was done stays.")]);
    let values = context! { job => view(&job), notice };
    template::page(&app, StatusCode::OK, "admin_job.html", context! { ..values, ..frame(&staff, "import") })
}

pub(in crate::routes::pages) async fn stop(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    app.run_as(staff.actor(), CancelJob { id, now: app.now() }).await?;
    Ok(Redirect::to(&format!("/admin/import/{id}?done=stopped")).into_response())
}

/// A file that goes out: the one that the API gives.
pub(in crate::routes::pages) async fn file(
    State(app): State<App>,
    _: StaffPage<Catalogue>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    export(app, &name).await?.ok_or_else(Problem::not_found)
}

/// What the form has.
#[derive(Default)]
struct Upload {
    csrf: String,
    kind: String,
    keep_going: bool,
    with_images: bool,
    /// Whether to look first, and bring nothing in.
    is_rehearsal: bool,
    /// Whether a file was chosen: it may be empty.
    is_chosen: bool,
    file: Bytes,
}

pub(in crate::routes::pages) async fn upload(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let Some(upload) = read(request).await? else {
        let text = format!("The file may have {} MiB.", FILE_BYTES_MAX / (1024 * 1024));
        return show(&app, &staff, &Refused::because(text), None).await;
    };
    staff.check(&headers, &upload.csrf)?;
    let kind = upload.kind.parse::<JobKind>().map_err(|()| Problem::not_found())?;
    if upload.file.is_empty() {
        let text = if upload.is_chosen { "The file is empty." } else { "Choose a file first." };
        return show(&app, &staff, &Refused::because(text), None).await;
    }
    if upload.is_rehearsal {
        let Some(seen) = preview::look(&app, kind, upload.with_images, upload.file).await? else {
            let text = "The shop got another currency while the file was read. Look at it again.";
            return show(&app, &staff, &Refused::because(text), None).await;
        };
        let seen = context! { keep_going => upload.keep_going, ..seen };
        return show(&app, &staff, &Refused::default(), Some(seen)).await;
    }
    let parts = upload.file.chunks(PART_BYTES).map(|part| STANDARD.encode(part)).collect();
    let (keep_going, with_images, account_id) = (upload.keep_going, upload.with_images, staff.access.account_id);
    drop(upload);
    let queued = QueueJob { kind, keep_going, with_images, parts, account_id, stamp: app.stamp()? };
    match app.try_run_as(staff.actor(), queued).await? {
        Ok(job) => Ok(Redirect::to(&format!("/admin/import/{}", job.id)).into_response()),
        Err(error) => show(&app, &staff, &refused(error)?, None).await,
    }
}

/// Reads the form; `None` is a file that is too large.
async fn read(request: Request<Body>) -> Result<Option<Upload>, Problem> {
    let malformed = || Problem::new(Code::MalformedRequest);
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| malformed())?;
    let file_max = FILE_BYTES_MAX as u64;
    let limits = SizeLimit::new().for_field("file", file_max).whole_stream(file_max.saturating_add(FORM_BYTES));
    let known = vec!["csrf", "kind", "act", "keep_going", "with_images", "file"];
    let constraints = Constraints::new().allowed_fields(known).size_limit(limits);
    let mut form = Multipart::with_constraints(request.into_body().into_data_stream(), boundary, constraints);
    let mut upload = Upload::default();
    let is_large = |error: &multer::Error| {
        matches!(error, multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. })
    };
    loop {
        let part = match form.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(Some(upload)),
            Err(error) if is_large(&error) => return Ok(None),
            Err(_) => return Err(malformed()),
        };
        let name = part.name().unwrap_or_default().to_owned();
        // A browser sends an empty name for none.
        let is_chosen = part.file_name().is_some_and(|name| !name.is_empty());
        let content = match part.bytes().await {
            Ok(content) => content,
            Err(error) if is_large(&error) => return Ok(None),
            Err(_) => return Err(malformed()),
        };
        match name.as_str() {
            "csrf" => upload.csrf = String::from_utf8_lossy(&content).into_owned(),
            "kind" => upload.kind = String::from_utf8_lossy(&content).into_owned(),
            "act" => upload.is_rehearsal = content.as_ref() == b"look",
            "keep_going" => upload.keep_going = !content.is_empty(),
            "with_images" => upload.with_images = !content.is_empty(),
            _ => (upload.file, upload.is_chosen) = (content, is_chosen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_the_words_of_the_page() {
        let told = failure_text("nothing was done because of the mistakes in the file; keep_going leaves them out");
        let expected = "Nothing was done because of the mistakes in the file; to do the rest, check \
            “Leave out rows with mistakes and do the rest”.";
        assert_eq!(told, expected);
    }
}
