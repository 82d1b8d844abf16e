//! Every mail: as it looks, and that nothing typed by anybody can break out of its place.

use std::{fs, path::Path};

use crate::support::{renderer, shop};
use cartwright_mail::{RenderError, Renderer, Secret, samples};
use model::{
    MailTemplate, OutboxMail, PostalAddress, ShopSettings, Tracking,
    mail::{BackInStock, OrderMail, OrderMailLine, ShortItem},
};

/// What people type who mean harm, or who just have an unusual name.
const NASTY: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "Ann\r\nBcc: everybody@example.com",
    "Ann\r\n\r\n<h1>hello</h1>",
    "{{ secret }}{% include \"layout.html\" %}",
    "O'Neil \"Bob\" & <b>Sons",
    "🦊 Fox 🦊",
    "שרה כהן",
    "Ann\u{202E}moc.live\u{0}\u{7}",
];

fn nasty(mail: &OutboxMail, text: &str) -> OutboxMail {
    let order = |order: &OrderMail| OrderMail {
        number: text.to_owned(),
        lines: vec![OrderMailLine { title: text.to_owned(), quantity: 1, total: text.to_owned() }],
        total: text.to_owned(),
        ship_to: PostalAddress {
            name: text.to_owned(),
            line1: text.to_owned(),
            line2: Some(text.to_owned()),
            city: text.to_owned(),
            region: Some(text.to_owned()),
            postal_code: text.to_owned(),
            country: text.to_owned(),
            phone: Some(text.to_owned()),
        },
        tracking: Some(Tracking {
            number: text.to_owned(),
            carrier: Some(text.to_owned()),
            url: Some(format!("https://t.example/{text}")),
        }),
        note: order.note.as_ref().map(|_| text.to_owned()),
    };
    let name = text.to_owned();
    let template = match &mail.template {
        MailTemplate::VerifyEmail { .. } => MailTemplate::VerifyEmail { name },
        MailTemplate::AccountExists { .. } => MailTemplate::AccountExists { name },
        MailTemplate::ResetPassword { .. } => MailTemplate::ResetPassword { name },
        MailTemplate::PasswordChanged { has_keys, .. } => MailTemplate::PasswordChanged { name, has_keys: *has_keys },
        MailTemplate::ApiKeyMade { .. } => MailTemplate::ApiKeyMade { name, key: text.to_owned() },
        MailTemplate::ConfirmEmailChange { .. } => MailTemplate::ConfirmEmailChange { name },
        MailTemplate::EmailChanged { .. } => MailTemplate::EmailChanged { name, new_email: text.to_owned() },
        MailTemplate::OrderPlaced(data) => MailTemplate::OrderPlaced(order(data)),
        MailTemplate::OrderConfirmed(data) => MailTemplate::OrderConfirmed(order(data)),
        MailTemplate::OrderShipped(data) => MailTemplate::OrderShipped(order(data)),
        MailTemplate::OrderDelivered(data) => MailTemplate::OrderDelivered(order(data)),
        MailTemplate::OrderCancelled(data) => MailTemplate::OrderCancelled(order(data)),
        MailTemplate::BackInStock(_) => {
            MailTemplate::BackInStock(BackInStock { name, title: text.to_owned(), slug: text.to_owned() })
        }
        MailTemplate::LowStock { items, more } => {
            let item =
                |item: &ShortItem| ShortItem { title: text.to_owned(), sku: Some(text.to_owned()), ..item.clone() };
            MailTemplate::LowStock { items: items.iter().map(item).collect(), more: *more }
        }
        MailTemplate::StaffInvitation { .. } => MailTemplate::StaffInvitation { name },
        MailTemplate::Test => MailTemplate::Test,
    };
    OutboxMail { template, secret: mail.secret.as_ref().map(|_| text.to_owned()), ..mail.clone() }
}

/// The tags of a document, in their order: what somebody typed must not change them. Notes may break their lines, each of which is a
/// block.
fn tags(html: &str) -> Vec<String> {
    let name = |tag: &str| tag.chars().take_while(|c| c.is_alphanumeric() || *c == '/').collect::<String>();
    html.split('<').skip(1).map(name).filter(|name| !matches!(name.as_str(), "br" | "div" | "/div")).collect()
}

#[test]
fn nothing_typed_becomes_html() {
    let renderer = renderer();
    for mail in samples() {
        let harmless = renderer.render(&nasty(&mail, "Harmless"), Secret::Show).expect("rendered");
        for text in NASTY {
            let html = renderer.render(&nasty(&mail, text), Secret::Show).expect("rendered").html;
            let what = format!("{} with {text:?}:\n{html}", mail.template.name());
            assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>Sons"), "{what}");
            assert!(!html.contains("\u{202E}") && !html.contains('\u{0}'), "{what}");
            assert!(!html.contains("<!DOCTYPE html>\n<!DOCTYPE") && html.matches("<html").count() == 1, "{what}");
            // The greeting goes when a name looks like a link; everything else must be as it was.
            let (before, after) = (tags(&harmless.html), tags(&html));
            let greets_nobody = text.contains(['/', '@', '.']) && before.len() == after.len() + 2;
            assert!(before == after || greets_nobody, "{what}");
        }
    }
}

#[test]
fn an_html_mail_loads_nothing_and_runs_nothing() {
    for mail in samples() {
        let html = renderer().render(&mail, Secret::Show).expect("rendered").html;
        for outside in ["src=", "url(", "@import", "<link", "<script", "<iframe", "<form", "javascript:"] {
            assert!(!html.contains(outside), "{} has {outside}", mail.template.name());
        }
    }
}

#[test]
fn nothing_typed_becomes_a_line_of_text() {
    let renderer = renderer();
    for mail in samples() {
        let harmless = renderer.render(&nasty(&mail, "Harmless"), Secret::Show).expect("rendered");
        let rendered = renderer.render(&nasty(&mail, "Ann\r\nHarmless\u{2028}x"), Secret::Show).expect("rendered");
        assert!(!rendered.subject.contains(['\r', '\n']), "{:?}", rendered.subject);
        // Notes may have lines; each of theirs stands behind a bar. Wide rows are broken, and their rest is indented.
        let own_lines = |text: &str| text.lines().filter(|line| !line.starts_with("  ")).count();
        let notes = usize::from(rendered.text.contains("| Ann"));
        assert!(own_lines(&rendered.text) <= own_lines(&harmless.text) + notes, "{}", rendered.text);
        assert!(!rendered.text.lines().any(|line| line.starts_with("Harmless")), "{}", rendered.text);
    }
}

#[test]
fn nothing_typed_becomes_a_header() {
    let mut from_shop = shop();
    from_shop.shop_name = "Shop\r\nBcc: everybody@example.com".to_owned();
    from_shop.from.name = None;
    let renderer = Renderer::new(from_shop, None).expect("good templates");
    for mail in samples() {
        for text in NASTY {
            let source = renderer.source(&nasty(&mail, text), Secret::Show).expect("built");
            let (headers, _) = source.split_once("\r\n\r\n").expect("headers end");
            let what = format!("{} with {text:?}:\n{headers}", mail.template.name());
            let names: Vec<_> = headers
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().expect("a name"))
                .collect();
            let expected = [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "X-Auto-Response-Suppress",
                "MIME-Version",
                "Content-Type",
            ];
            assert_eq!(names, expected, "{what}");
            assert!(source.is_ascii() && source.lines().all(|line| line.len() <= 998), "{what}");
            assert!(!source.replace("\r\n", "").contains(['\r', '\n']), "{what}");
        }
    }
}

#[test]
fn where_customers_write_to_stands_in_every_mail_and_gets_their_replies() {
    let renderer = renderer();
    let set = |contact_email: &str| {
        renderer.know_shop(&ShopSettings { contact_email: contact_email.to_owned(), ..ShopSettings::default() });
    };
    let foot = "Quay Goods - https://shop.example\n";
    for mail in samples() {
        set("help@shop.example");
        let rendered = renderer.render(&mail, Secret::Show).expect("rendered");
        assert!(rendered.text.ends_with(&format!("{foot}Write to us: help@shop.example\n")), "{}", rendered.text);
        assert!(rendered.html.contains("<a href=\"mailto:help@shop.example\""), "{}", rendered.html);
        let source = renderer.source(&mail, Secret::Show).expect("built");
        assert!(source.contains("\r\nReply-To: help@shop.example\r\n"), "{source}");
        // What no header can say is left out of it, and a shop that says nothing is answered where its mails come from.
        // Nor what is no ASCII: servers that take none would refuse the whole mail.
        for contact in
            ["help@shop.example\r\nBcc: everybody@example.com", "", "k\u{e4}the@shop.example", "a@ex\u{e4}mple.de"]
        {
            set(contact);
            let source = renderer.source(&mail, Secret::Show).expect("built");
            let (headers, _) = source.split_once("\r\n\r\n").expect("headers end");
            assert!(!headers.contains("Reply-To") && !headers.contains("Bcc"), "{headers}");
        }
        set("");
        assert!(renderer.render(&mail, Secret::Show).expect("rendered").text.ends_with(foot));
    }
}

#[test]
fn a_shop_goes_by_the_name_that_its_staff_give_it() {
    let renderer = renderer();
    let mail = samples().pop().expect("there are samples");
    for (name, shown) in [("Alder & Ink", "Alder & Ink"), ("", "Quay Goods")] {
        renderer.know_shop(&ShopSettings { name: name.to_owned(), ..ShopSettings::default() });
        let text = renderer.render(&mail, Secret::Show).expect("rendered").text;
        assert!(text.starts_with(&format!("{shown}\n")), "{text}");
    }
}

#[test]
fn nothing_stands_against_an_address_in_a_text() {
    for mail in samples() {
        let text = renderer().render(&mail, Secret::Show).expect("rendered").text;
        for address in text.split_whitespace().filter(|word| word.contains("://")) {
            let is_alone = address.starts_with("http") && address.ends_with(char::is_alphanumeric);
            assert!(is_alone, "programs that make links would take more than the address: {address}\n{text}");
        }
    }
}

#[test]
fn a_hidden_or_wiped_code_is_nowhere() {
    let renderer = renderer();
    let with_secret: Vec<_> = samples().into_iter().filter(|mail| mail.template.needs_secret()).collect();
    assert_eq!(with_secret.len(), 4);
    for mail in with_secret {
        let secret = mail.secret.clone().expect("samples have theirs");
        let shown = renderer.render(&mail, Secret::Show).expect("rendered");
        assert!(shown.html.contains(&secret) && shown.text.contains(&secret));

        let wiped = OutboxMail { secret: None, ..mail.clone() };
        for hidden in [
            renderer.render(&mail, Secret::Hide).expect("rendered"),
            renderer.render(&wiped, Secret::Show).expect("rendered"),
        ] {
            let all = format!("{}{}{}", hidden.subject, hidden.html, hidden.text);
            assert!(!all.contains(&secret) && !all.contains("reset-password?"), "{all}");
            assert!(hidden.html.contains("••••••") && hidden.text.contains("******"));
        }
        assert!(!renderer.source(&mail, Secret::Hide).expect("built").contains(&secret));
        assert!(matches!(renderer.message(&wiped), Err(RenderError::SecretGone)));
    }
}

#[test]
fn a_second_try_is_the_same_message() {
    for mail in samples() {
        let message = renderer().message(&mail).expect("built").formatted();
        assert_eq!(
            message,
            renderer().message(&OutboxMail { attempts: 7, ..mail.clone() }).expect("built").formatted()
        );
        let text = String::from_utf8(message).expect("ASCII");
        assert!(text.contains(&format!("Message-ID: <{}@shop.example>\r\n", mail.id)), "{text}");
    }
}

fn with_file(name: &str, source: &str, check: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), source).expect("written");
    check(folder.path());
}

#[test]
fn a_file_takes_the_place_of_a_built_in_template() {
    let source = "{% extends 'layout.txt' %}{% block subject %}Mine{% endblock %}{% block body %}Moin.{% endblock %}";
    with_file("test.txt", source, |folder| {
        let renderer = Renderer::new(shop(), Some(folder)).expect("good templates");
        let mail = samples().pop().expect("there are samples");
        let rendered = renderer.render(&mail, Secret::Show).expect("rendered");
        assert_eq!(rendered.subject, "Mine");
        assert!(rendered.text.starts_with("Quay Goods\n\nMoin.\n"), "{}", rendered.text);
        assert!(rendered.html.contains("<title>Mine</title>"), "the built-in HTML is still used");
    });
}

#[test]
fn a_file_that_fails_only_when_rendered_is_found_at_the_start() {
    let source = "{% extends \"layout.html\" %}\n{% block body %}\n{{ order.number_of_the_beast }}\n{% endblock %}\n";
    with_file("order_shipped.html", source, |folder| {
        let error = Renderer::new(shop(), Some(folder)).expect_err("refused");
        assert!(error.file.ends_with("order_shipped.html"), "{error}");
        assert_eq!(error.line, Some(3), "{error}");
    });
    with_file("layout.txt", "{{ shop.name }\n", |folder| {
        let error = Renderer::new(shop(), Some(folder)).expect_err("refused");
        assert!(error.file.ends_with("layout.txt") && error.line == Some(1), "{error}");
    });
    with_file("test.txt", "no subject\n", |folder| {
        let error = Renderer::new(shop(), Some(folder)).expect_err("refused");
        assert!(error.to_string().contains("test.txt") && error.to_string().contains("subject"), "{error}");
    });
}

#[test]
fn mails_read_as_they_should() {
    for mail in samples() {
        let rendered = renderer().render(&mail, Secret::Show).expect("rendered");
        let name = mail.template.name();
        insta::assert_snapshot!(format!("{name}.txt"), format!("Subject: {}\n\n{}", rendered.subject, rendered.text));
        if matches!(name, "verify_email" | "order_shipped") {
            insta::assert_snapshot!(format!("{name}.html"), rendered.html);
        }
    }
}
