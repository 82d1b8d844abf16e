//! How a password is kept.
//!
//! bcrypt looks at 72 bytes and no further, and 128 characters of some scripts are 512 bytes. So what it gets is not
//! the password but 64 characters that depend on all of it: the base64 of its SHA-384. Hashes made that way carry a
//! prefix of their own, `$cw1`, before bcrypt's `$2b$...`. Plain bcrypt hashes come from imports; they stay good as they
//! are, and are replaced when their owner signs in.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bcrypt::HashParts;
use icu_normalizer::ComposingNormalizerBorrowed;
use sha2::{Digest as _, Sha384};

/// bcrypt's cost when nobody says: 2^12 rounds.
pub const COST_DEFAULT: u32 = 12;
/// The lowest cost that may be set. Below it, the passwords of a stolen database are guessed too fast.
pub const COST_MIN: u32 = 10;
/// The highest cost that may be set: eight times as slow as the default. Stored hashes that cost more are not computed.
pub const COST_MAX: u32 = 15;

/// What hashes of our own begin with, before bcrypt's.
const PREFIX: &str = "$cw1";
/// A salt and a hash that no password is known to match; whether one does is ignored anyway.
const DUMMY_REST: &str = "$KfX1ZpDvKqN0Zb6dYxHuOeWq4nT8mJ3lRc7vGs2BhUyFoAi5kEtD.";

/// What came of comparing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is the right one.
    pub matches: bool,
    /// Whether it should be hashed anew and stored: it is right, but kept in a way that is not today's.
    pub needs_rehash: bool,
}

impl Verified {
    const WRONG: Self = Self { matches: false, needs_rehash: false };
}

/// The hash to keep.
pub(crate) fn hash(password: &str, cost: u32) -> Result<String, bcrypt::BcryptError> {
    Ok(format!("{PREFIX}{}", bcrypt::hash(prehash(password), cost)?))
}

/// Compares a password with what is kept. Takes as long as one hash of `cost`, even without a hash, with one that
/// cannot be read, and with a cheaper one; only a dearer one takes longer.
pub(crate) fn verify(password: &str, hash: Option<&str>, cost: u32) -> Verified {
    let stored = hash.and_then(Stored::parse);
    if hash.is_some() && stored.is_none() {
        tracing::warn!("the hash of a password cannot be read; nobody can sign in with it");
    }
    let Some(stored) = stored else {
        spend(password, cost);
        return Verified::WRONG;
    };
    let matches = stored.matches(password);
    // Each cost takes twice as long as the one below, so a hash of cost 10 and dummies of 10 and 11 are one of 12.
    (stored.cost..cost).for_each(|cost| spend(password, cost));
    Verified { matches, needs_rehash: matches && (stored.is_plain || stored.cost != cost) }
}

/// Whether somebody could sign in with a password that is kept so: a hash of our own, or a plain one of bcrypt from elsewhere.
#[must_use]
pub fn is_usable_hash(hash: &str) -> bool {
    Stored::parse(hash).is_some()
}

/// A hash that can be computed.
struct Stored<'a> {
    bcrypt: &'a str,
    is_plain: bool,
    cost: u32,
}

impl<'a> Stored<'a> {
    fn parse(hash: &'a str) -> Option<Self> {
        let (bcrypt, is_plain) = match hash.strip_prefix(PREFIX) {
            Some(bcrypt) => (bcrypt, false),
            None => (hash, true),
        };
        // `$2x$` marks hashes of a faulty implementation, which the library would compute as if they were sound.
        let is_sound = ["$2a$", "$2b$", "$2y$"].iter().any(|version| bcrypt.starts_with(version));
        let cost = bcrypt.parse::<HashParts>().ok()?.get_cost();
        (is_sound && (4..=COST_MAX).contains(&cost)).then_some(Self { bcrypt, is_plain, cost })
    }

    fn matches(&self, password: &str) -> bool {
        let matches = if self.is_plain {
            // Whoever made the hash gave bcrypt the bytes as they came.
            bcrypt::verify(password, self.bcrypt)
        } else {
            bcrypt::verify(prehash(password), self.bcrypt)
        };
        matches.unwrap_or(false)
    }
}

/// Takes as long as one hash of `cost`.
fn spend(password: &str, cost: u32) {
    if faults::is_lifted("guard.dummy") {
        return;
    }
    let dummy = format!("$2b${cost:02}{DUMMY_REST}");
    let computed = bcrypt::verify(prehash(password), &dummy);
    debug_assert!(computed.is_ok(), "the dummy must be computed, not refused");
}

/// 64 characters that depend on the whole password; within bcrypt's 72 bytes, and without a zero byte.
fn prehash(password: &str) -> String {
    STANDARD.encode(Sha384::digest(normal(password).as_bytes()))
}

/// The password in Unicode's composed form (NFC), as RFC 8265 (section 4.2, OpaqueString) asks: the same keys give
/// "é" as one character on one device and as two on another. The compatibility form (NFKC) would go further and make
/// different passwords equal.
pub(crate) fn normal(password: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(password)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// As low as bcrypt goes: these tests are about formats.
    const CHEAP: u32 = 4;

    fn is_right(password: &str, hash: &str) -> bool {
        verify(password, Some(hash), CHEAP).matches
    }

    #[test]
    fn a_hash_matches_its_password_alone() {
        let hash = hash("correct horse", CHEAP).expect("hashed");
        assert!(hash.starts_with("$cw1$2b$04$"));
        assert_eq!(verify("correct horse", Some(&hash), CHEAP), Verified { matches: true, needs_rehash: false });
        assert_eq!(verify("correct horsf", Some(&hash), CHEAP), Verified::WRONG);
        assert_eq!(verify("correct horse", None, CHEAP), Verified::WRONG);
    }

    #[test]
    fn everything_behind_72_bytes_counts_and_zero_bytes_end_nothing() {
        for base in ["字".repeat(127), "a".repeat(127), "\0".repeat(20)] {
            let hash = hash(&format!("{base}1"), CHEAP).expect("hashed");
            assert!(is_right(&format!("{base}1"), &hash));
            assert!(!is_right(&format!("{base}2"), &hash));
            assert!(!is_right(&base, &hash));
        }
    }

    #[test]
    fn spellings_of_one_text_are_one_password() {
        let hash = hash("caf\u{e9} au lait", CHEAP).expect("hashed");
        assert!(is_right("cafe\u{301} au lait", &hash));
    }

    #[test]
    fn imported_hashes_stay_good_and_ask_to_be_replaced() {
        // Published test vectors of the OpenBSD and crypt_blowfish implementations.
        let plain = [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ];
        for (password, hash) in plain {
            assert_eq!(verify(password, Some(hash), 5), Verified { matches: true, needs_rehash: true });
            assert_eq!(verify("U*V", Some(hash), 5), Verified::WRONG);
        }
    }

    #[test]
    fn another_cost_asks_to_be_replaced() {
        let hash = hash("correct horse", 5).expect("hashed");
        assert_eq!(verify("correct horse", Some(&hash), CHEAP), Verified { matches: true, needs_rehash: true });
        assert_eq!(verify("wrong", Some(&hash), CHEAP), Verified::WRONG);
    }

    #[test]
    fn hashes_that_cannot_be_read_or_would_take_for_ever_match_nothing() {
        let good = hash("correct horse", CHEAP).expect("hashed");
        let broken = [
            String::new(),
            "$cw1".to_owned(),
            "$cw1$cw1".to_owned() + &good[4..],
            good.replace("$cw1", "$cw2"),
            good.replace("$2b$", "$2x$"),
            good.replace("$04$", "$31$"),
            good.replace("$04$", "$03$"),
            good[..good.len() - 1].to_owned(),
            good.clone() + "x",
            "ü".repeat(30),
        ];
        for hash in broken {
            assert_eq!(verify("correct horse", Some(&hash), CHEAP), Verified::WRONG, "{hash}");
        }
    }

    /// How long this thread has been running, in nanoseconds: the first field of schedstat (proc(5)).
    fn processor_nanos() -> u64 {
        let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
        text.split_whitespace().next().and_then(|field| field.parse().ok()).expect("a number")
    }

    #[test]
    fn unknown_and_cheaply_kept_accounts_take_as_long_as_others() {
        let cost = 9;
        let (kept, cheap) = (hash("correct horse", cost).expect("hashed"), hash("correct horse", 6).expect("hashed"));
        // On the processor, not on the clock: what others do on this machine must not count. The least of several, since
        // sharing a core's caches with them still does.
        let least = |hash: Option<&str>| {
            let times = (0..7).map(|_| {
                let start = processor_nanos();
                verify("wrong", hash, cost);
                processor_nanos() - start
            });
            times.min().expect("seven")
        };
        let usual = least(Some(&kept));
        for other in [None, Some(cheap.as_str()), Some("unreadable")] {
            let time = least(other);
            assert!(time > usual / 2 && time < usual * 2, "{other:?} took {time} ns, others {usual} ns");
        }
    }

    #[test]
    fn spellings_become_one_and_different_texts_stay_different() {
        assert_eq!(normal("caf\u{e9}"), normal("cafe\u{301}"));
        assert_ne!(normal("x²"), normal("x2"));
        assert!(matches!(normal("plain ascii"), Cow::Borrowed(_)));
    }
}
