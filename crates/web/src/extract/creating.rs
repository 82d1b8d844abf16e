//! Bodies of requests that create something, with the key that makes repeating them harmless.

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use model::{AccountId, Timestamp};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use store::Claim;

use super::json;
use crate::{
    App,
    problem::{Code, Problem},
};

/// The longest idempotency key, in characters.
const KEY_MAX: usize = 255;

/// A JSON body together with the request's `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Creating<T> {
    /// The body.
    pub body: T,
    key: Option<String>,
    fingerprint: [u8; 32],
}

impl<T: DeserializeOwned> FromRequest<App> for Creating<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers)?;
        json::check_content(&parts.headers, &body)?;
        let bytes = json::read_body(body, app).await?;
        // The path belongs to the request: one key cannot move the stock of two variants.
        let fingerprint =
            Sha256::new().chain_update(parts.uri.path()).chain_update([0]).chain_update(&bytes).finalize();
        Ok(Self { body: json::parse_object(&bytes)?, key, fingerprint: fingerprint.into() })
    }
}

impl<T> Creating<T> {
    /// The claim on the key, if there is one. `route` is the method and the template, for example `POST /v1/orders`.
    #[must_use]
    pub fn claim(&self, account_id: AccountId, route: &'static str, at: Timestamp) -> Option<Claim> {
        let key = self.key.clone()?;
        Some(Claim { account_id, route: route.into(), key, fingerprint: self.fingerprint, at })
    }

    /// The claim on the key, where a key must be given.
    ///
    /// # Errors
    /// 400 when there is none.
    pub fn require_claim(&self, account_id: AccountId, route: &'static str, at: Timestamp) -> Result<Claim, Problem> {
        self.claim(account_id, route, at).ok_or_else(|| Problem::new(Code::IdempotencyKeyRequired))
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let bytes = value.as_bytes();
    let is_fine = (1..=KEY_MAX).contains(&bytes.len()) && bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    match value.to_str() {
        Ok(key) if is_fine && values.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(Code::InvalidHeader)
            .detail(format!("Idempotency-Key must be given once, as 1 to {KEY_MAX} printable ASCII characters."))),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn keys_are_printable_and_bounded() {
        let read = |bytes: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert("idempotency-key", HeaderValue::from_bytes(bytes).expect("a header value"));
            key(&headers)
        };
        assert_eq!(key(&HeaderMap::new()).expect("absent"), None);
        assert_eq!(read(b"order 1").expect("fine").as_deref(), Some("order 1"));
        assert!(read(&[b'x'; KEY_MAX]).is_ok());
        for bad in [&b""[..], b"a\tb", "ü".as_bytes(), &[b'x'; KEY_MAX + 1]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
