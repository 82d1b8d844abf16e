//! The shop's signature under access tokens that the program would never issue: for those who stole its key, and for looking at what
//! stands behind the signature.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use identity::Keys;
use serde_json::Value;
use sha2::Sha256;

/// Somebody who has the key that the shop signs with.
pub(crate) struct Signer {
    secret: Vec<u8>,
}

impl Signer {
    /// With the newest of these keys, as the shop signs.
    pub(crate) fn new(keys: &Keys) -> Self {
        let file: Value = serde_json::from_str(&keys.to_text()).expect("keys are JSON");
        let newest = file["signing"].as_array().and_then(|keys| keys.last()).expect("a signing key");
        let secret = newest["secret"].as_str().expect("a secret");
        Self { secret: HEXLOWER.decode(secret.as_bytes()).expect("hexadecimal digits") }
    }

    /// A token of this header and these claims, whatever they are: HMAC-SHA-256, as RFC 7515 writes it.
    pub(crate) fn sign(&self, header: &[u8], claims: &[u8]) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(message.as_bytes());
        format!("{message}.{}", part(&mac.finalize().into_bytes()))
    }
}

/// A part of a token.
pub(crate) fn part(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// What stands in the header (0) or the claims (1) of a token.
pub(crate) fn read(token: &str, at: usize) -> Vec<u8> {
    let part = token.split('.').nth(at).expect("three parts");
    BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")
}

#[cfg(test)]
mod tests {
    use identity::{AccessTokens, fresh_stamp};
    use model::Timestamp;

    use super::*;

    #[test]
    fn signs_as_the_shop_does() {
        let keys = Keys::generate();
        let ids = fresh_stamp();
        let mut ids = ids.ids();
        let tokens = AccessTokens::new(&keys, "https://shop.example");
        let token = tokens.issue(ids.draw(), ids.draw(), Timestamp::now(), ids.draw());
        assert_eq!(Signer::new(&keys).sign(&read(&token, 0), &read(&token, 1)), token);
    }
}
