//! Who writes the mails.

use lettre::message::Mailbox;

/// Who the shop is in its mails.
#[derive(Clone, Debug)]
pub struct ShopIdentity {
    /// What the shop is called.
    pub shop_name: String,
    /// Where this server can be reached, for example `https://api.example.com`.
    pub public_url: String,
    /// Where the shop's pages are. Links lead there: `{storefront_url}/reset-password?token=...`. The same as
    /// `public_url` unless a storefront of its own stands before this server.
    pub storefront_url: String,
    /// The sender. Without a name, the shop's is shown.
    pub from: Mailbox,
    /// Where customers write to, and where their replies go; empty for nowhere but the sender.
    pub contact_email: String,
}

/// Reads a sender such as `Shop <shop@example.com>`.
///
/// # Errors
/// A sentence that says what is allowed.
pub fn parse_from(text: &str) -> Result<Mailbox, String> {
    text.parse::<Mailbox>().map_err(|e| format!("must be an address such as `Shop <shop@example.com>`: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_read_with_and_without_a_name() {
        let named = parse_from("Shop <shop@example.com>").expect("valid");
        assert_eq!((named.name.as_deref(), named.email.domain()), (Some("Shop"), "example.com"));
        assert_eq!(parse_from("shop@example.com").expect("valid").name, None);
        for bad in ["", "shop", "Shop <shop>", "a@example.com, b@example.com", "a@b\r\nBcc: c@example.com"] {
            assert!(parse_from(bad).is_err(), "{bad:?}");
        }
    }
}
