//! `If-Match`: change a resource only if it still is what the caller read (RFC 9110, 13.1.1).

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use crate::{
    App,
    problem::{Code, Problem},
    reply,
};

/// The version that the caller expects; `None` when any will do.
///
/// An entity tag that this server never gave matches nothing, which is version 0: versions count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        expected(&parts.headers).map(Self)
    }
}

pub(super) fn expected(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let malformed = || {
        Problem::new(Code::InvalidHeader)
            .detail("If-Match must be the ETag of the resource as it was read, in quotes, or an asterisk.")
    };
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| malformed())?.trim();
    if values.next().is_some() {
        return Err(malformed());
    }
    if text == "*" {
        return Ok(None);
    }
    // RFC 9110 has If-Match compare strongly, and then a weak tag is equal to nothing. But a proxy that compresses a reply makes its tag a weak
    // one, which is the only one that its client ever sees: refused, the client could change nothing. What is compared here is the version of
    // the resource, and that is the same however its bytes are coded.
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let opaque = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
    if opaque.contains('"') {
        return Err(malformed());
    }
    Ok(Some(reply::version_of(opaque).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Result<Option<i64>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        expected(&headers)
    }

    #[test]
    fn reads_the_version_and_refuses_what_is_no_tag() {
        assert_eq!(expected(&HeaderMap::new()).expect("absent"), None);
        assert_eq!(read("*").expect("any"), None);
        assert_eq!(read("\"12-0123456789abcdef\"").expect("ours"), Some(12));
        assert_eq!(read("W/\"12-0123456789abcdef\"").expect("ours"), Some(12), "through a proxy that compresses");
        for foreign in ["\"abc\"", "W/\"abc\"", "\"-1-x\"", "\"\"", "\"12\""] {
            assert_eq!(read(foreign).expect(foreign), Some(0), "{foreign} matches nothing");
        }
        for bad in ["12", "\"12", "\"1-a\", \"2-b\"", "W/12", "W/W/\"12-a\"", "w/\"12-a\"", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
