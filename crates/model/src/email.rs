//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// An e-mail address in lower case, so that equal mailboxes compare equal.
///
/// RFC 5321 lets the part before `@` be case-sensitive; no provider of note does, and a shop that took
/// `Ann@example.com` and `ann@example.com` for two people would let one impersonate the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses an address as RFC 5321 and RFC 5322 write it, without display name, quotes or address literals.
    ///
    /// # Errors
    /// A violation at `pointer`.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Violation> {
        let text = text.trim().to_lowercase();
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        let ok = text.len() <= 254
            && !text.contains(['"', '\\', '(', ')', ',', ':', ';', '<', '>', ' '])
            && email_address::EmailAddress::parse_with_options(&text, options).is_ok();
        if ok {
            Ok(Self(text))
        } else {
            Err(Violation {
                pointer: pointer.to_owned(),
                code: "invalid_email",
                message: "must be an e-mail address such as ann@example.com".to_owned(),
            })
        }
    }

    /// An address that was parsed before it was stored.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_make_another_person() {
        assert_eq!(
            Email::parse("", "Ann@Example.COM").expect("valid"),
            Email::parse("", " ann@example.com ").expect("valid")
        );
    }

    #[test]
    fn refuses_what_is_no_plain_address() {
        for bad in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "a b@example.com",
            "Ann <ann@example.com>",
            "ann@[127.0.0.1]",
            "\"ann\"@example.com",
            "ann@example.com\r\nBcc: b@example.com",
            "a,b@example.com",
        ] {
            assert!(Email::parse("/email", bad).is_err(), "{bad:?}");
        }
    }
}
