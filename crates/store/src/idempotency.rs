//! Idempotency keys: a repeated request gets the first one's reply.

use std::borrow::Cow;

use model::{AccountId, Timestamp};

/// A key as a request presents it. Unique is (account, route, key).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub account_id: AccountId,
    /// Which route, for example `POST /v1/orders`.
    pub route: Cow<'static, str>,
    /// What the client sent as `Idempotency-Key`.
    pub key: String,
    /// A SHA-256 of the request, so that the key is not used for another one.
    pub fingerprint: [u8; 32],
    /// When it was presented.
    pub at: Timestamp,
}

/// The reply that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReply {
    /// HTTP status.
    pub status: u16,
    /// `Location` and `ETag`, as they were sent.
    pub location: Option<String>,
    /// See `location`.
    pub etag: Option<String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// What claiming a key found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It was free and is now this transaction's.
    New,
    /// It was used before.
    Before {
        /// The fingerprint of that request.
        fingerprint: [u8; 32],
        /// The reply to it.
        reply: StoredReply,
    },
}
