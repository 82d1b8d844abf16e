//! Replies to anonymous reads of the catalogue, kept until anything in the database changes.
//!
//! The engine's change counter makes this exact: it is asked before the data is read, so that an entry is at least as
//! new as the counter it is kept under, and an entry is served only while the counter still has that value.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use quick_cache::{Weighter, sync::Cache};

/// The longest path with query that is worth keeping, in bytes.
const KEY_BYTES_MAX: usize = 512;
/// What an entry costs beside its texts, in bytes: the allocations and the cache's own bookkeeping, rounded up.
const ENTRY_BYTES: usize = 256;

/// A reply that was given.
#[derive(Debug)]
pub(crate) struct CachedReply {
    /// What the change counter was before the data was read.
    pub(crate) counter: u64,
    /// The JSON.
    pub(crate) body: Bytes,
    /// The entity tag of the body.
    pub(crate) etag: HeaderValue,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<str>, Arc<CachedReply>> for ByBytes {
    fn weight(&self, key: &Box<str>, reply: &Arc<CachedReply>) -> u64 {
        let bytes = key.len() + reply.body.len() + reply.etag.len() + ENTRY_BYTES;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// The kept replies, bounded by the memory that they take.
pub(crate) struct ReadCache {
    replies: Cache<Box<str>, Arc<CachedReply>, ByBytes>,
}

impl ReadCache {
    /// An empty one that grows to about `bytes_max`.
    pub(crate) fn new(bytes_max: u64) -> Self {
        // A guess at how many there will be, for the size of the tables: a reply is a kilobyte or more.
        let estimate = usize::try_from(bytes_max / 4096).unwrap_or(usize::MAX).max(16);
        Self { replies: Cache::with_weighter(estimate, bytes_max, ByBytes) }
    }

    /// The reply to `path_and_query` as it was; whether it still is what the database says, its counter tells.
    pub(crate) fn get(&self, path_and_query: &str) -> Option<Arc<CachedReply>> {
        self.replies.get(path_and_query)
    }

    /// Keeps a reply, if it can be.
    pub(crate) fn put(&self, path_and_query: &str, reply: Arc<CachedReply>) {
        if path_and_query.len() <= KEY_BYTES_MAX {
            self.replies.insert(path_and_query.into(), reply);
        }
    }

    /// The memory that is taken, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.replies.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(counter: u64, bytes: usize) -> Arc<CachedReply> {
        let etag = HeaderValue::from_static("\"1-a\"");
        Arc::new(CachedReply { counter, body: Bytes::from(vec![b'x'; bytes]), etag })
    }

    #[test]
    fn keeps_the_counter_with_the_reply() {
        let cache = ReadCache::new(1 << 20);
        cache.put("/v1/products", reply(7, 10));
        assert_eq!(cache.get("/v1/products").map(|reply| reply.counter), Some(7));
        cache.put("/v1/products", reply(8, 10));
        assert_eq!(cache.get("/v1/products").map(|reply| reply.counter), Some(8));
        assert!(cache.get("/v1/products?limit=1").is_none());
    }

    #[test]
    fn stays_within_its_memory() {
        let cache = ReadCache::new(1 << 20);
        for n in 0..2_000 {
            cache.put(&format!("/v1/products?cursor={n}"), reply(1, 4_000));
        }
        assert!(cache.bytes() <= 1 << 20, "{}", cache.bytes());
        cache.put(&"x".repeat(KEY_BYTES_MAX + 1), reply(1, 1));
        assert!(cache.get(&"x".repeat(KEY_BYTES_MAX + 1)).is_none());
    }
}
