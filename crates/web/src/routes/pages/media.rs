//! `/media/{file}`: the pictures that were uploaded or fetched. What has such a name never changes.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pictures::{MediaError, Range, Stored};

use crate::{App, extract::Path, problem::Problem, reply};

/// For ever, in this sense: a year.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(super) async fn file(
    State(app): State<App>,
    Path(file): Path<String>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let tag = HeaderValue::from_str(&format!("\"{file}\"")).map_err(|_| Problem::not_found())?;
    let range = range(&request, &tag);
    let stored = match app.media().get(&file, range).await {
        Ok(stored) => stored,
        Err(MediaError::NotFound) => return Err(Problem::not_found()),
        Err(MediaError::OutOfRange(total)) => {
            let range = format!("bytes */{total}");
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let mut response = if reply::is_match(&request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        whole_or_part(stored, range.is_some())
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, FOREVER);
    Ok(response)
}

fn whole_or_part(stored: Stored, is_part: bool) -> Response {
    let Stored { bytes, range, total } = stored;
    let content_range = format!("bytes {}-{}/{total}", range.start, range.end.saturating_sub(1));
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/webp"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if is_part {
        if let Ok(content_range) = HeaderValue::from_str(&content_range) {
            headers.insert(header::CONTENT_RANGE, content_range);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// The part that is asked for (RFC 9110, 14.2): one range of bytes. Anything else is answered with the whole, as it says.
pub(in crate::routes) fn range(request: &HeaderMap, tag: &HeaderValue) -> Option<Range> {
    // Of another version than the caller has a part of, only the whole makes sense.
    if request.get(header::IF_RANGE).is_some_and(|wanted| wanted != tag) {
        return None;
    }
    let text = request.get(header::RANGE)?.to_str().ok()?;
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", last) => Some(Range::Last(last.parse().ok()?)),
        (first, "") => Some(Range::From(first.parse().ok()?)),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(Range::Within(first, last))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_understood() {
        let tag = HeaderValue::from_static("\"a\"");
        let asked = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static(text));
            range(&headers, &tag)
        };
        assert_eq!(asked("bytes=0-9"), Some(Range::Within(0, 9)));
        assert_eq!(asked("bytes=5-"), Some(Range::From(5)));
        assert_eq!(asked("bytes=-5"), Some(Range::Last(5)));
        for other in ["bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,4-5", "items=0-1", "bytes=a-b", "0-9"] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
