//! Entity tags (RFC 9110, 8.8.3): strong, `"{version}-{hash}"`.
//!
//! The version tells what an `If-Match` must match; the hash of the body tells apart bodies that differ for another
//! reason (the stock of a product does not count as a change of it).

use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// The entity tag of `body`, which shows a resource in this version.
#[must_use]
pub fn etag(version: i64, body: &[u8]) -> HeaderValue {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    HeaderValue::from_str(&format!("\"{version}-{hash:016x}\"")).unwrap_or(HeaderValue::from_static("\"0-0\""))
}

/// The version in an entity tag of ours, given without its quotes.
pub(crate) fn version_of(opaque: &str) -> Option<i64> {
    let (version, _) = opaque.split_once('-')?;
    version.parse().ok()
}

/// Whether `If-None-Match` names `tag`: then the caller has the body already. Compared weakly, as RFC 9110, 13.1.2 says.
#[must_use]
pub fn is_match(request: &HeaderMap, tag: &HeaderValue) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let Ok(list) = value.to_str() else { return false };
        // Our tags have no commas, so splitting a foreign tag apart cannot make it equal to one of ours.
        list.split(',')
            .map(str::trim)
            .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item).as_bytes() == tag.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn tags_differ_with_version_and_body() {
        let tag = etag(3, b"{}");
        assert_eq!(tag, etag(3, b"{}"));
        assert_ne!(tag, etag(4, b"{}"));
        assert_ne!(tag, etag(3, b"{ }"));
        assert_eq!(version_of(tag.to_str().expect("ASCII").trim_matches('"')), Some(3));
    }

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_the_asterisk() {
        let tag = HeaderValue::from_static("\"3-ab\"");
        for yes in ["\"3-ab\"", "W/\"3-ab\"", "\"1-x\", \"3-ab\"", "*"] {
            assert!(is_match(&asked(yes), &tag), "{yes}");
        }
        for no in ["\"3-ac\"", "3-ab", "W/W/\"3-ab\"", "\"1-x\",\"2-y\""] {
            assert!(!is_match(&asked(no), &tag), "{no}");
        }
        assert!(!is_match(&HeaderMap::new(), &tag));
    }
}
