//! `POST /admin/products/{id}/pictures`: pictures that are added to a product, several at once.

use axum::{
    body::Body,
    extract::State,
    http::Request,
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use commerce::catalogue::{ProductPatch, UpdateProduct};
use http::header;
use model::{Image, ProductId};
use multer::{Constraints, Multipart, SizeLimit};

use super::{
    super::forms::{Refused, refused},
    edit::show,
};
use crate::{
    App,
    dto::picture::PictureDto,
    extract::{Catalogue, Path},
    problem::{Code, Problem},
    routes::pages::staff::StaffPage,
};

/// How many pictures may come at once.
const AT_ONCE: u64 = 8;
/// What the form has beside the pictures.
const FORM_BYTES: u64 = 64 * 1024;

/// What the form has.
struct Upload {
    csrf: String,
    files: Vec<(String, Bytes)>,
}

pub(in crate::routes::pages) async fn add(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<ProductId>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let upload = match read(request, app.media().limits().bytes).await? {
        Ok(upload) => upload,
        Err(wrong) => return show(&app, &staff, id, None, None, &wrong).await,
    };
    staff.check(&headers, &upload.csrf)?;
    let (mut images, mut wrong) = (Vec::new(), Vec::new());
    for (name, content) in upload.files {
        match app.media().keep(content).await {
            Ok(picture) => images.push(Image { url: PictureDto::from(&picture).url, alt: None }),
            Err(error) => {
                // One that is bad keeps none of the others away.
                let problem = Problem::from(error);
                let why = Some(problem.text()).filter(|why| !why.is_empty());
                wrong.push(format!("{name}: {}", why.unwrap_or("It could not be kept. Try again in a moment.")));
            }
        }
    }
    if images.is_empty() {
        let text = if wrong.is_empty() { "Choose pictures first.".to_owned() } else { wrong.join(" ") };
        return show(&app, &staff, id, None, None, &Refused::because(text)).await;
    }
    let before = app.engine().product(id).await?.ok_or_else(Problem::not_found)?;
    let images: Vec<Image> = before.images.iter().cloned().chain(images).collect();
    let patch = ProductPatch { images: Some(images), ..ProductPatch::default() };
    let (actor_id, stamp) = (Some(staff.access.account_id), app.stamp()?);
    // Only what was read is replaced: somebody who adds pictures at the same time is told.
    let update = UpdateProduct { id, patch, if_version: Some(before.version), actor_id, stamp };
    match app.try_run_as(staff.actor(), update).await? {
        Ok(_) if !wrong.is_empty() => {
            let refused = Refused::because(wrong.join(" "));
            show(&app, &staff, id, Some("The other pictures are there."), None, &refused).await
        }
        Ok(_) => Ok(Redirect::to(&format!("/admin/products/{id}?done=pictures#pictures")).into_response()),
        Err(error) => show(&app, &staff, id, None, None, &refused(error)?).await,
    }
}

/// Reads the form, or says what is wrong with it.
async fn read(request: Request<Body>, bytes_max: usize) -> Result<Result<Upload, Refused>, Problem> {
    let malformed = || Problem::new(Code::MalformedRequest);
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| malformed())?;
    let file_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let whole = file_max.saturating_mul(AT_ONCE).saturating_add(FORM_BYTES);
    let limits = SizeLimit::new().for_field("file", file_max).for_field("csrf", 200).whole_stream(whole);
    let constraints = Constraints::new().allowed_fields(vec!["file", "csrf"]).size_limit(limits);
    let mut form = Multipart::with_constraints(request.into_body().into_data_stream(), boundary, constraints);
    let mut upload = Upload { csrf: String::new(), files: Vec::new() };
    let too_large = || {
        let megabytes = bytes_max / (1024 * 1024);
        Ok(Err(Refused::because(format!(
            "A picture may have {megabytes} MiB, and {AT_ONCE} may come at once. None was added."
        ))))
    };
    loop {
        let part = match form.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(Ok(upload)),
            Err(multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. }) => {
                return too_large();
            }
            Err(_) => return Err(malformed()),
        };
        let is_file = part.name() == Some("file");
        let name = part.file_name().unwrap_or("The picture").chars().filter(|c| !c.is_control()).take(80).collect();
        let content = match part.bytes().await {
            Ok(content) => content,
            Err(multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. }) => {
                return too_large();
            }
            Err(_) => return Err(malformed()),
        };
        if is_file && !content.is_empty() {
            upload.files.push((name, content));
        } else if !is_file {
            upload.csrf = String::from_utf8_lossy(&content).into_owned();
        }
    }
}
