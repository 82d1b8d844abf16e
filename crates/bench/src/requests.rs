//! The requests of each kind of load, made once and patched in place.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{http, load::Requests};

/// How many lines an order has.
pub(crate) const ORDER_LINES: usize = 3;

/// A small generator of numbers that only look random (xorshift64*); a fixed seed makes runs comparable.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The sequence number `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap_or(0) % bound.max(1)
    }

    /// Sixteen bytes, as scattered as those of a hash.
    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        std::array::from_fn(|_| u8::try_from(self.below(256)).unwrap_or(0))
    }
}

/// The same requests in random order.
pub(crate) struct AnyOf {
    requests: Arc<Vec<Vec<u8>>>,
    numbers: Numbers,
}

impl AnyOf {
    /// Any of `requests`, which are not empty.
    pub(crate) fn new(requests: Arc<Vec<Vec<u8>>>, seed: u64) -> Self {
        Self { requests, numbers: Numbers::new(seed) }
    }
}

impl Requests for AnyOf {
    fn next(&mut self) -> &[u8] {
        let at = self.numbers.below(self.requests.len());
        self.requests.get(at).map_or(&[], Vec::as_slice)
    }
}

/// Orders of three lines over random variants, each with a key of its own.
pub(crate) struct Orders {
    bytes: Vec<u8>,
    key_at: usize,
    variants_at: [usize; ORDER_LINES],
    variants: Arc<Vec<String>>,
    keys: Arc<AtomicU64>,
    numbers: Numbers,
}

const BLANK_KEY: &str = "bench-0000000000000000";
const BLANK_ID: &str = "00000000-0000-0000-0000-000000000000";

impl Orders {
    /// Orders of the customer with this access token. `keys` is shared by all, so that no key comes twice.
    pub(crate) fn new(token: &str, variants: Arc<Vec<String>>, keys: Arc<AtomicU64>, seed: u64) -> Self {
        let lines: Vec<_> =
            (1..=ORDER_LINES).map(|n| format!(r#"{{"variant_id":"{BLANK_ID}","quantity":{n}}}"#)).collect();
        let body = format!(
            r#"{{"lines":[{}],"ship_to":{{"name":"Ada Example","line1":"1 Sample Street","city":"Berlin","postal_code":"10115","country":"DE"}}}}"#,
            lines.join(",")
        );
        let headers = format!("Authorization: Bearer {token}\r\nIdempotency-Key: {BLANK_KEY}\r\n");
        let bytes = http::post("/v1/orders", &headers, &body);
        let places = |blank: &str| {
            let blank = blank.as_bytes();
            bytes.windows(blank.len()).enumerate().filter(|(_, window)| *window == blank).map(|(at, _)| at).collect()
        };
        let (key, ids): (Vec<usize>, Vec<usize>) = (places(BLANK_KEY), places(BLANK_ID));
        let variants_at = std::array::from_fn(|line| ids.get(line).copied().unwrap_or(0));
        let key_at = key.first().copied().unwrap_or(0);
        Self { bytes, key_at, variants_at, variants, keys, numbers: Numbers::new(seed) }
    }

    fn put(&mut self, at: usize, text: &str) {
        self.bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
}

impl Requests for Orders {
    fn next(&mut self) -> &[u8] {
        let mut number = self.keys.fetch_add(1, Ordering::Relaxed);
        for digit in (0..16).rev() {
            let nibble = u8::try_from(number & 0xF).unwrap_or(0);
            self.bytes[self.key_at + "bench-".len() + digit] =
                if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            number >>= 4;
        }
        let variants = Arc::clone(&self.variants);
        // Neighbours of one random place, so that the three lines differ.
        let first = self.numbers.below(variants.len());
        for (line, at) in self.variants_at.into_iter().enumerate() {
            if let Some(variant) = variants.get((first + line * 7) % variants.len().max(1)) {
                self.put(at, variant);
            }
        }
        &self.bytes
    }
}

/// Logins, every second one with a wrong password.
pub(crate) struct Logins {
    requests: Vec<[Vec<u8>; 2]>,
    count: usize,
    source: Ipv4Addr,
}

impl Logins {
    /// Logins of these accounts, in turn, by the attacker number `attacker`, who has a loopback address of their own:
    /// failures are counted by address, and the storm shall cost the server password hashes, not counting.
    pub(crate) fn new(emails: &[String], password: &str, attacker: u8) -> Self {
        let login = |email: &str, password: &str| {
            http::post("/v1/auth/login", "", &format!(r#"{{"email":"{email}","password":"{password}"}}"#))
        };
        let requests = emails.iter().map(|email| [login(email, password), login(email, "not the password at all")]);
        let source = Ipv4Addr::new(127, 0, 7, attacker.saturating_add(1));
        Self { requests: requests.collect(), count: usize::from(attacker) * 14, source }
    }
}

impl Requests for Logins {
    fn next(&mut self) -> &[u8] {
        let (account, is_wrong) = (self.count / 2 % self.requests.len().max(1), self.count % 2);
        self.count += 1;
        self.requests.get(account).and_then(|pair| pair.get(is_wrong)).map_or(&[], Vec::as_slice)
    }

    fn source(&self) -> Ipv4Addr {
        self.source
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn orders_are_valid_and_differ() {
        let variants: Vec<String> = (0..50).map(|n| format!("00000000-0000-7000-8000-{n:012}")).collect();
        let mut orders = Orders::new("token", Arc::new(variants.clone()), Arc::new(AtomicU64::new(9)), 1);
        let mut keys = HashSet::new();
        for _ in 0..100 {
            let text = String::from_utf8(orders.next().to_vec()).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
            let key = head.lines().find_map(|line| line.strip_prefix("Idempotency-Key: ")).expect("a key");
            assert!(keys.insert(key.to_owned()), "{key} came twice");
            assert!(head.contains(&format!("Content-Length: {}", body.len())));
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            let ids: HashSet<_> = (0..3).map(|n| body["lines"][n]["variant_id"].as_str().expect("an id")).collect();
            assert_eq!(ids.len(), 3);
            assert!(ids.iter().all(|id| variants.iter().any(|known| known == id)));
        }
    }
}
