//! Opaque tokens: 256 random bits that are with their owner alone; the database keeps a hash.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::session::SecretHash;
use sha2::{Digest, Sha256};

use crate::{Keys, random};

/// A refresh token, the cookie of a staff page, or the token of a reset or set-up link.
#[derive(Clone, PartialEq, Eq)]
pub struct OpaqueToken([u8; 32]);

impl OpaqueToken {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        random::fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`OpaqueToken::expose`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (length == bytes.len()).then_some(Self(bytes))
    }

    /// The token that a refresh exchanges this one for: derived, so that a second tab that presents the same token gets
    /// the same successor although nothing but hashes is stored (`docs/decisions/0003-refresh-tokens.md`).
    #[must_use]
    pub fn successor(&self, keys: &Keys) -> Self {
        Self(keys.refresh_mac(&self.0))
    }

    /// What the database keeps. A plain SHA-256 is enough for 256 random bits: there is nothing to guess.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        Sha256::digest(self.0).into()
    }

    /// What the database keeps of the cookie of a staff page: another hash than of a refresh token, so that neither is taken for
    /// the other. Who stole a cookie gets no tokens for it.
    #[must_use]
    pub fn page_hash(&self) -> SecretHash {
        Sha256::new().chain_update(b"page\0").chain_update(self.0).finalize().into()
    }

    /// The token as its owner gets it: 43 characters of base64url.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_back_what_it_wrote_and_shows_nothing_in_logs() {
        let token = OpaqueToken::random();
        assert_eq!(OpaqueToken::parse(&token.expose()), Some(token.clone()));
        assert!(!format!("{token:?}").contains(&token.expose()[..8]));
        assert_ne!(OpaqueToken::random(), token);
    }

    #[test]
    fn a_successor_depends_on_the_token_and_on_the_key() {
        let (keys, token) = (Keys::generate(), OpaqueToken::random());
        assert_eq!(token.successor(&keys), token.successor(&keys));
        assert_ne!(token.successor(&keys), token.successor(&Keys::generate()));
        assert_ne!(token.successor(&keys), token);
        assert_ne!(token.successor(&keys), OpaqueToken::random().successor(&keys));
    }

    #[test]
    fn a_cookie_is_no_refresh_token() {
        let token = OpaqueToken::random();
        assert_eq!(token.page_hash(), token.page_hash());
        assert_ne!(token.page_hash(), token.hash());
        assert_ne!(token.page_hash(), OpaqueToken::random().page_hash());
    }

    proptest! {
        #[test]
        fn anything_else_is_refused_without_a_panic(text in "\\PC{0,80}") {
            if let Some(token) = OpaqueToken::parse(&text) {
                prop_assert_eq!(token.expose(), text);
            }
        }
    }
}
