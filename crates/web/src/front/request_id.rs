//! Ids of requests: a UUIDv7 each, so that a reply can be found in the log.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;
use uuid::Uuid;

/// The id of one request.
///
/// Unique, but not secret: a counter, encrypted by nothing, beside a number that this process drew when it started.
/// A random number for each request would cost a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(Uuid);

static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("request ids"));
static COUNTER: AtomicU64 = AtomicU64::new(0);

impl RequestId {
    /// The next one.
    pub(crate) fn next() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since_epoch.as_millis()).unwrap_or_default();
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        // The low 16 bits of the counter keep the order within a millisecond; the rest tells processes apart.
        let [.., high, low] = count.to_be_bytes();
        let mut random = [0; 10];
        random[..2].copy_from_slice(&[high, low]);
        random[2..].copy_from_slice(&PROCESS.wrapping_add(count >> 12).to_be_bytes());
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// As it stands in the reply.
    pub(crate) fn header(self) -> HeaderValue {
        let mut buffer = Uuid::encode_buffer();
        let text: &str = self.0.hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_uuids() {
        let ids: HashSet<RequestId> = (0..200_000).map(|_| RequestId::next()).collect();
        assert_eq!(ids.len(), 200_000);
        assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
    }
}
