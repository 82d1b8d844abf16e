//! `/pictures/{name}`: the pictures that stand in the data folder.

use std::io::ErrorKind;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use crate::{App, extract::Path, problem::Problem};

/// An SVG is a document that could carry script; seen by itself it may do nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

pub(super) async fn file(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let folder = app.settings().pictures.as_ref().filter(|_| is_plain(&name)).ok_or_else(Problem::not_found)?;
    let bytes = match tokio::fs::read(folder.join(&name)).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Problem::not_found()),
        Err(error) => return Err(Problem::internal(error)),
    };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, bytes).into_response())
}

/// A slug and `.svg`: nothing that could lead out of the folder.
fn is_plain(name: &str) -> bool {
    let stem = name.strip_suffix(".svg").unwrap_or_default();
    !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_folder() {
        assert!(is_plain("linen-shirt-2.svg"));
        for bad in ["../keys.json", "..%2Fkeys.svg", "a/b.svg", ".svg", "keys.json", "A.svg", "a.svg\0", "..svg"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
