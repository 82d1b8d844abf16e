//! One mail of each kind, with everything in it, to try templates with.

use model::{
    Email, MailTemplate, OutboxMail, PostalAddress, Stamp, Timestamp, Tracking,
    mail::{BackInStock, OrderMail, OrderMailLine, ShortItem},
};

/// One mail of each kind.
#[must_use]
pub fn samples() -> Vec<OutboxMail> {
    let now = Timestamp::from_second(1_790_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
    let name = "Ann Fox".to_owned();
    let templates = [
        MailTemplate::VerifyEmail { name: name.clone() },
        MailTemplate::AccountExists { name: name.clone() },
        MailTemplate::ResetPassword { name: name.clone() },
        MailTemplate::PasswordChanged { name: name.clone(), has_keys: true },
        MailTemplate::ApiKeyMade { name: name.clone(), key: "Warehouse".to_owned() },
        MailTemplate::ConfirmEmailChange { name: name.clone() },
        MailTemplate::EmailChanged { name, new_email: "a…x@example.org".to_owned() },
        MailTemplate::OrderPlaced(order(None)),
        MailTemplate::OrderConfirmed(order(None)),
        MailTemplate::OrderShipped(order(Some("Left at the porch, as you asked.\nThank you!"))),
        MailTemplate::OrderDelivered(order(None)),
        MailTemplate::OrderCancelled(order(Some("One of the shirts is no longer made."))),
        MailTemplate::BackInStock(BackInStock {
            name: "Ann Fox".to_owned(),
            title: "Linen shirt (sea blue / M)".to_owned(),
            slug: "linen-shirt".to_owned(),
        }),
        MailTemplate::LowStock {
            items: vec![
                ShortItem {
                    title: "Linen shirt (sea blue / M)".to_owned(),
                    sku: Some("LS-SEA-M".to_owned()),
                    stock: 0,
                },
                ShortItem { title: "Stoneware mug".to_owned(), sku: None, stock: 3 },
            ],
            more: 0,
        },
        MailTemplate::StaffInvitation { name: "Ann Fox".to_owned() },
        MailTemplate::Test,
    ];
    let mut ids = Stamp::new(now, 1).ids();
    let to = Email::from_stored("ann@example.com".to_owned());
    templates
        .into_iter()
        .map(|template| {
            let secret = match &template {
                MailTemplate::ResetPassword { .. } | MailTemplate::StaffInvitation { .. } => {
                    Some("c2FtcGxlLXRva2VuLW5vdC1yZWFs".to_owned())
                }
                template if template.needs_secret() => Some("482915".to_owned()),
                _ => None,
            };
            OutboxMail { secret, ..OutboxMail::new(ids.draw(), to.clone(), template, now) }
        })
        .collect()
}

fn order(note: Option<&str>) -> OrderMail {
    let line = |title: &str, quantity, total: &str| OrderMailLine {
        title: title.to_owned(),
        quantity,
        total: total.to_owned(),
    };
    OrderMail {
        number: "CW-10001".to_owned(),
        lines: vec![
            line("Linen shirt, sea blue / M", 2, "EUR 79.80"),
            line("Stoneware mug", 1, "EUR 18.00"),
            line("Walnut serving board with a rim that keeps the olives where they are, large", 1, "EUR 64.50"),
        ],
        total: "EUR 162.30".to_owned(),
        ship_to: PostalAddress {
            name: "Ann Fox".to_owned(),
            line1: "12 Harbour Row".to_owned(),
            line2: Some("Second floor".to_owned()),
            city: "Galway".to_owned(),
            region: Some("Connacht".to_owned()),
            postal_code: "H91 E2K3".to_owned(),
            country: "IE".to_owned(),
            phone: None,
        },
        tracking: Some(Tracking {
            number: "LX 4410 9923 7 IE".to_owned(),
            carrier: Some("An Post".to_owned()),
            url: Some("https://track.example.com/LX441099237IE".to_owned()),
        }),
        note: note.map(str::to_owned),
    }
}
