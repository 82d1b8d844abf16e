//! What templates see. Every text in it is clean: one line is one line.

use model::{
    MailTemplate, OutboxMail, PostalAddress, Tracking,
    challenge::LIFETIME,
    mail::{OrderMail, OrderMailLine, ShortItem},
};
use serde::Serialize;
use url::Url;

use crate::{clean, identity::ShopIdentity};

/// The variables of a template. Each is always there; what a mail does not have is none.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    pub(crate) shop: ShopView,
    /// The rendered subject; empty while the text (which defines it) is rendered.
    pub(crate) subject: String,
    /// By what to greet the recipient.
    pub(crate) name: Option<String>,
    /// The new address of an account, its middle hidden.
    pub(crate) new_email: Option<String>,
    /// The code or token; none when it was wiped or must not be seen.
    pub(crate) secret: Option<String>,
    /// Where a new password is set; none like `secret`.
    pub(crate) link: Option<String>,
    /// For how many minutes a code or token is good.
    pub(crate) minutes: i64,
    pub(crate) order: Option<OrderView>,
    /// What is in stock again.
    pub(crate) item: Option<ItemView>,
    /// What became short.
    pub(crate) short: Vec<ShortView>,
    /// How many more became short.
    pub(crate) more_short: usize,
    /// Whether API keys act for whoever changed the password.
    pub(crate) has_keys: bool,
    /// What the API key is called that was made.
    pub(crate) key: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ShortView {
    title: String,
    sku: Option<String>,
    stock: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct ShopView {
    pub(crate) name: String,
    pub(crate) public_url: String,
    pub(crate) storefront_url: String,
    /// Where customers write to.
    pub(crate) contact_email: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    title: String,
    /// Its page in the storefront.
    url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct OrderView {
    number: String,
    lines: Vec<LineView>,
    total: String,
    /// The lines of the address; empty once it was forgotten.
    ship_to: Vec<String>,
    tracking: Option<TrackingView>,
    /// The lines of the note.
    note: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LineView {
    title: String,
    quantity: i64,
    total: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct TrackingView {
    number: String,
    carrier: Option<String>,
    /// An http or https address; anything else is left out.
    url: Option<String>,
}

impl View {
    /// The variables for `mail`, with its code or token if `show_secret`.
    pub(crate) fn new(shop: &ShopIdentity, mail: &OutboxMail, show_secret: bool) -> Self {
        let secret = mail.secret.as_deref().filter(|_| show_secret).map(clean::line);
        let storefront_url = without_slash(&shop.storefront_url);
        let link = match (&mail.template, &secret) {
            (MailTemplate::ResetPassword { .. }, Some(token)) => Some(reset_link(&storefront_url, token)),
            // The staff come to the dashboard, which is here and not in the storefront.
            (MailTemplate::StaffInvitation { .. }, Some(token)) => {
                Some(reset_link(&without_slash(&shop.public_url), token))
            }
            _ => None,
        };
        let new_email = match &mail.template {
            MailTemplate::EmailChanged { new_email, .. } => Some(clean::line(new_email)),
            _ => None,
        };
        let item = match &mail.template {
            MailTemplate::BackInStock(item) => {
                Some(ItemView { title: clean::line(&item.title), url: product_link(&storefront_url, &item.slug) })
            }
            _ => None,
        };
        let (short, more_short) = match &mail.template {
            MailTemplate::LowStock { items, more } => (items.iter().map(ShortView::new).collect(), *more),
            _ => (Vec::new(), 0),
        };
        let key = match &mail.template {
            MailTemplate::ApiKeyMade { key, .. } => Some(clean::line(key)),
            _ => None,
        };
        Self {
            shop: ShopView {
                name: clean::line(&shop.shop_name),
                public_url: without_slash(&shop.public_url),
                storefront_url,
                contact_email: Some(clean::line(&shop.contact_email)).filter(|address| !address.is_empty()),
            },
            subject: String::new(),
            name: recipient_name(&mail.template).and_then(clean::greeting),
            new_email,
            secret,
            link,
            minutes: LIFETIME.as_mins(),
            order: order(&mail.template).map(OrderView::new),
            item,
            short,
            more_short,
            has_keys: matches!(mail.template, MailTemplate::PasswordChanged { has_keys: true, .. }),
            key,
        }
    }
}

impl ShortView {
    fn new(item: &ShortItem) -> Self {
        Self { title: clean::line(&item.title), sku: item.sku.as_deref().map(clean::line), stock: item.stock }
    }
}

impl OrderView {
    fn new(order: &OrderMail) -> Self {
        Self {
            number: clean::line(&order.number),
            lines: order.lines.iter().map(LineView::new).collect(),
            total: clean::line(&order.total),
            ship_to: address_lines(&order.ship_to),
            tracking: order.tracking.as_ref().map(TrackingView::new),
            note: order.note.as_deref().map(clean::lines).unwrap_or_default(),
        }
    }
}

impl LineView {
    fn new(line: &OrderMailLine) -> Self {
        Self { title: clean::line(&line.title), quantity: line.quantity, total: clean::line(&line.total) }
    }
}

impl TrackingView {
    fn new(tracking: &Tracking) -> Self {
        let url = tracking.url.as_deref().and_then(|url| Url::parse(url).ok());
        Self {
            number: clean::line(&tracking.number),
            carrier: tracking.carrier.as_deref().map(clean::line).filter(|carrier| !carrier.is_empty()),
            url: url.filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from),
        }
    }
}

/// The name of the person that a mail is to, where the mail knows it. An order's parcel may go to somebody else, so
/// its address says nothing about who reads the mail.
pub(crate) fn recipient_name(template: &MailTemplate) -> Option<&str> {
    match template {
        MailTemplate::VerifyEmail { name }
        | MailTemplate::AccountExists { name }
        | MailTemplate::ResetPassword { name }
        | MailTemplate::StaffInvitation { name }
        | MailTemplate::PasswordChanged { name, .. }
        | MailTemplate::ApiKeyMade { name, .. }
        | MailTemplate::ConfirmEmailChange { name }
        | MailTemplate::EmailChanged { name, .. } => Some(name),
        MailTemplate::BackInStock(item) => Some(&item.name),
        MailTemplate::OrderPlaced(_)
        | MailTemplate::OrderConfirmed(_)
        | MailTemplate::OrderShipped(_)
        | MailTemplate::OrderDelivered(_)
        | MailTemplate::OrderCancelled(_)
        | MailTemplate::LowStock { .. }
        | MailTemplate::Test => None,
    }
}

fn order(template: &MailTemplate) -> Option<&OrderMail> {
    match template {
        MailTemplate::OrderPlaced(order)
        | MailTemplate::OrderConfirmed(order)
        | MailTemplate::OrderShipped(order)
        | MailTemplate::OrderDelivered(order)
        | MailTemplate::OrderCancelled(order) => Some(order),
        _ => None,
    }
}

/// An address as it stands on a parcel; nothing once its owner is forgotten.
fn address_lines(address: &PostalAddress) -> Vec<String> {
    if address.line1.is_empty() {
        return Vec::new();
    }
    address.lines().iter().map(|line| clean::line(line)).filter(|line| !line.is_empty()).collect()
}

fn product_link(storefront_url: &str, slug: &str) -> String {
    let slug: String = url::form_urlencoded::byte_serialize(slug.as_bytes()).collect();
    format!("{storefront_url}/products/{slug}")
}

fn reset_link(storefront_url: &str, token: &str) -> String {
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("{storefront_url}/reset-password?token={token}")
}

fn without_slash(url: &str) -> String {
    clean::line(url).trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(country: &str) -> PostalAddress {
        PostalAddress {
            name: "Ann".into(),
            line1: "1 High Street".into(),
            city: "Springfield".into(),
            region: Some("IL".into()),
            postal_code: "62701".into(),
            country: country.into(),
            ..PostalAddress::default()
        }
    }

    #[test]
    fn addresses_are_written_as_in_their_country() {
        let american = ["Ann", "1 High Street", "Springfield IL 62701", "United States of America"];
        assert_eq!(address_lines(&address("US")), american);
        assert_eq!(address_lines(&address("DE")), ["Ann", "1 High Street", "62701 Springfield", "IL", "Germany"]);
        assert!(address_lines(&address("DE").anonymised()).is_empty());
    }

    #[test]
    fn only_web_addresses_are_links() {
        let link =
            |url: &str| TrackingView::new(&Tracking { number: "1".into(), carrier: None, url: Some(url.into()) }).url;
        assert_eq!(link("https://t.example/?a=1&b=\"2").as_deref(), Some("https://t.example/?a=1&b=%222"));
        for bad in ["javascript:alert(1)", "data:text/html,x", "t.example/1", "ftp://t.example", ""] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_reset_link_escapes_its_token() {
        assert_eq!(reset_link("https://s.example", "a&b=c"), "https://s.example/reset-password?token=a%26b%3Dc");
    }
}
