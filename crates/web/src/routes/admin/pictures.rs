//! `/v1/admin/pictures`

use axum::{body::Body, extract::State, http::Request, response::Response};
use bytes::Bytes;
use http::header;
use multer::{Constraints, Multipart, SizeLimit};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    dto::picture::{ImportPictureDto, PictureDto, UploadPictureDto},
    extract::{Catalogue, Json, Staff},
    openapi::tag,
    problem::{Code, Problem},
    reply,
    routes::endpoint::routes,
};

/// The name of the part of the form that has the picture.
const FILE: &str = "file";
/// What the form has beside the picture: boundaries and headers.
const FORM_BYTES: u64 = 16 * 1024;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload)).routes(routes!(import))
}

/// Upload a picture
///
/// As the part `file` of a form. What it is says its content, not its name. It is drawn anew as WebP, upright and without
/// metadata, in four sizes; the reply's `url` goes into the `images` of products. Uploading it again gives the same URL. Needs
/// the permission `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/pictures", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_upload_picture", security(("bearer" = [])),
    request_body(content = UploadPictureDto, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The picture", body = PictureDto),
        (status = 413, description = "`body_too_large`"),
        (status = 422, description = "`picture_refused`: it is of another kind, broken or too large; the detail says which"),
    ),
)]
async fn upload(State(app): State<App>, _: Staff<Catalogue>, request: Request<Body>) -> Result<Response, Problem> {
    let content = file(request, app.media().limits().bytes).await?;
    keep(&app, content).await
}

/// Import a picture
///
/// Fetches it from another server, on the public internet only, and keeps it as an upload would be kept. Needs the permission
/// `catalogue`.
#[utoipa::path(
    post, path = "/v1/admin/pictures/import", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_import_picture", security(("bearer" = [])),
    request_body = ImportPictureDto,
    responses(
        (status = 201, description = "The picture", body = PictureDto),
        (status = 422, description = "`picture_refused`: it cannot be fetched, is of another kind, broken or too large; the detail says which"),
    ),
)]
async fn import(
    State(app): State<App>,
    _: Staff<Catalogue>,
    Json(ImportPictureDto { url }): Json<ImportPictureDto>,
) -> Result<Response, Problem> {
    let content = app.fetcher().fetch(&url, app.media().limits().bytes).await?;
    keep(&app, content).await
}

async fn keep(app: &App, content: Bytes) -> Result<Response, Problem> {
    let picture = app.media().keep(content).await?;
    let dto = PictureDto::from(&picture);
    reply::created(&dto.url, 1, &dto)
}

/// The picture of the form.
async fn file(request: Request<Body>, bytes_max: usize) -> Result<Bytes, Problem> {
    let malformed = |what: &str| Problem::new(Code::MalformedRequest).detail(what.to_owned());
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| {
        let detail = "Send the picture as the part `file` of a form (multipart/form-data).";
        Problem::new(Code::UnsupportedMediaType).detail(detail)
    })?;
    let file_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let limits = SizeLimit::new().for_field(FILE, file_max).whole_stream(file_max.saturating_add(FORM_BYTES));
    let constraints = Constraints::new().allowed_fields(vec![FILE]).size_limit(limits);
    let mut form = Multipart::with_constraints(request.into_body().into_data_stream(), boundary, constraints);
    let refused = |error: multer::Error| match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            Problem::new(Code::BodyTooLarge).detail(format!("The picture must be at most {bytes_max} bytes."))
        }
        multer::Error::UnknownField { .. } => malformed("The form has one part, `file`."),
        _ => malformed("The form is not complete."),
    };
    let part = form.next_field().await.map_err(refused)?.ok_or_else(|| malformed("The form has no part `file`."))?;
    let content = part.bytes().await.map_err(refused)?;
    if form.next_field().await.map_err(refused)?.is_some() {
        return Err(malformed("The form has one part `file`; upload one picture at a time."));
    }
    Ok(content)
}
