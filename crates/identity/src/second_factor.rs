//! The second factor: codes that change with time (TOTP, RFC 6238: SHA-1, six digits, 30 seconds, what every app knows), and
//! recovery codes for the day on which the telephone is gone.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use model::{AccountId, Timestamp};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{Keys, OpaqueToken};

/// For how long a code is shown, in seconds.
const STEP_SECS: u64 = 30;
/// How long a secret is, in bytes: as long as the hash (RFC 4226, 4).
const SECRET_BYTES: usize = 20;
/// How many recovery codes somebody gets.
pub const RECOVERY_CODES: usize = 10;

/// The secret that somebody's app and the shop share.
#[derive(Clone)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

impl TotpSecret {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        let bytes = OpaqueToken::random().hash();
        Self(std::array::from_fn(|at| bytes[at]))
    }

    /// As people type it into an app: base32 (RFC 4648).
    #[must_use]
    pub fn to_base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// What [`TotpSecret::to_base32`] gave.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// As an app reads it from a picture: `otpauth://totp/Shop:ann@example.com?secret=...`.
    #[must_use]
    pub fn uri(&self, shop: &str, account: &str) -> String {
        let plain = |text: &str| -> String {
            text.bytes()
                .map(|byte| match byte {
                    byte if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) => char::from(byte).to_string(),
                    byte => format!("%{byte:02X}"),
                })
                .collect()
        };
        let (shop, account) = (plain(shop), plain(account));
        format!("otpauth://totp/{shop}:{account}?secret={}&issuer={shop}", self.to_base32())
    }

    /// The step that this code belongs to, if it is right now, or was or will be within 30 seconds.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let secs = u64::try_from(now.as_second()).ok()?;
        let step = secs / STEP_SECS;
        [step, step.saturating_sub(1), step + 1]
            .into_iter()
            .find(|step| is_equal(&self.code_of(*step), &code))
            .and_then(|step| i64::try_from(step).ok())
    }

    /// The code of this moment: what somebody's app shows.
    #[must_use]
    pub fn code_at(&self, now: Timestamp) -> String {
        let secs = u64::try_from(now.as_second()).unwrap_or(0);
        self.code_of(secs / STEP_SECS)
    }

    /// RFC 4226, 5.3.
    fn code_of(&self, step: u64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!("any key will do"));
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let at = usize::from(digest[digest.len() - 1] & 0xf);
        let number = digest[at..at + 4].iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// As it is kept: covered with a pad that only the shop's keys make, so that the database alone gives no codes.
    #[must_use]
    pub fn sealed(&self, keys: &Keys, account_id: AccountId) -> String {
        let random = OpaqueToken::random().expose();
        // Part of the nonce, so that programs from before there was a mark open it too.
        let nonce = format!("{random}~{}", mark(keys, account_id, &random));
        let covered = self.covered(keys, account_id, &nonce);
        format!("{nonce}.{}", Self(covered).to_base32())
    }

    /// What [`TotpSecret::sealed`] gave; `None` with other keys. What was sealed before there was a mark is nonsense with other keys.
    #[must_use]
    pub fn unsealed(text: &str, keys: &Keys, account_id: AccountId) -> Option<Self> {
        let (nonce, covered) = text.split_once('.')?;
        if nonce.split_once('~').is_some_and(|(random, kept)| kept != mark(keys, account_id, random)) {
            return None;
        }
        Some(Self(Self::from_base32(covered)?.covered(keys, account_id, nonce)))
    }

    fn covered(&self, keys: &Keys, account_id: AccountId, nonce: &str) -> [u8; SECRET_BYTES] {
        let pad = keys.code_hash("second_factor_pad", &account_id.to_string(), nonce);
        std::array::from_fn(|at| self.0[at] ^ pad[at])
    }
}

/// What tells by which keys something is covered. It says nothing of them, nor of what is covered.
fn mark(keys: &Keys, account_id: AccountId, nonce: &str) -> String {
    hex::encode(&keys.code_hash("second_factor_mark", &account_id.to_string(), nonce)[..8])
}

/// Compares without telling by its time how much was right.
fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// New recovery codes: 80 random bits each, `abcde-fghij-klmno-p`.
#[must_use]
pub fn recovery_codes() -> Vec<String> {
    let code = |_| {
        let random = OpaqueToken::random().hash();
        let letters = b"abcdefghijkmnpqrstuvwxyz23456789";
        let text: String = random.iter().take(16).map(|byte| char::from(letters[usize::from(byte % 32)])).collect();
        format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..])
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// What is kept of a recovery code: they are random enough for a plain hash.
#[must_use]
pub fn recovery_hash(code: &str) -> String {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    hex::encode(Sha256::new().chain_update(b"recovery").chain_update(code).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, shortened to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret(*b"12345678901234567890");
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = Timestamp::from_second(at).expect("a time");
            assert_eq!(secret.code_at(at), code);
            assert_eq!(secret.step_of(code, at), Some(at.as_second() / 30));
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after() {
        let secret = TotpSecret(*b"12345678901234567890");
        let at = |secs: i64| Timestamp::from_second(1_111_111_080 + secs).expect("a time");
        let code = secret.code_at(at(0));
        let step = 1_111_111_080 / 30;
        for (secs, found) in
            [(0, Some(step)), (29, Some(step)), (59, Some(step)), (-30, Some(step)), (60, None), (-31, None)]
        {
            assert_eq!(secret.step_of(&code, at(secs)), found, "{secs}");
        }
        assert_eq!(secret.step_of(&format!(" {} {} ", &code[..3], &code[3..]), at(0)), Some(step));
        for wrong in ["", "000000x", "12345"] {
            assert_eq!(secret.step_of(wrong, at(0)), None);
        }
    }

    #[test]
    fn what_is_kept_says_nothing_without_the_keys() {
        let (keys, others, secret) = (Keys::generate(), Keys::generate(), TotpSecret::random());
        let account = AccountId(uuid::Uuid::from_u128(7));
        let sealed = secret.sealed(&keys, account);
        assert!(!sealed.contains(&secret.to_base32()));
        let opened =
            |keys: &Keys, account| TotpSecret::unsealed(&sealed, keys, account).map(|secret| secret.to_base32());
        assert_eq!(opened(&keys, account), Some(secret.to_base32()));
        assert_eq!(opened(&others, account), None);
        assert_eq!(opened(&keys, AccountId(uuid::Uuid::from_u128(8))), None);
        assert!(TotpSecret::unsealed("rubbish", &keys, account).is_none());
    }

    #[test]
    fn what_was_kept_before_there_was_a_mark_is_opened_too() {
        let (keys, others, secret) = (Keys::generate(), Keys::generate(), TotpSecret::random());
        let account = AccountId(uuid::Uuid::from_u128(7));
        let sealed = format!("nonce.{}", TotpSecret(secret.covered(&keys, account, "nonce")).to_base32());
        let opened = |keys: &Keys| TotpSecret::unsealed(&sealed, keys, account).map(|secret| secret.to_base32());
        assert_eq!(opened(&keys), Some(secret.to_base32()));
        assert_ne!(opened(&others), Some(secret.to_base32()));
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let codes = recovery_codes();
        assert_eq!(codes.len(), RECOVERY_CODES);
        assert!(codes.iter().all(|code| code.len() == 19 && codes.iter().filter(|other| *other == code).count() == 1));
        let typed = format!(" {} ", codes[0].to_uppercase().replace('-', " "));
        assert_eq!(recovery_hash(&typed), recovery_hash(&codes[0]));
        assert_ne!(recovery_hash(&codes[0]), recovery_hash(&codes[1]));
    }

    #[test]
    fn an_app_reads_the_address() {
        let uri = TotpSecret(*b"12345678901234567890").uri("Ann's Shop", "ann@example.com");
        let expected = "otpauth://totp/Ann%27s%20Shop:ann@example.com\
            ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ann%27s%20Shop";
        assert_eq!(uri, expected);
    }
}
