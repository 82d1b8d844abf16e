//! From a rendered mail to a message (RFC 5322). Every header goes through lettre's typed builder, which folds and
//! encodes; what goes in has no control characters left.

use std::time::SystemTime;

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use model::{OutboxMail, RenderedMail, Timestamp};

use crate::{clean, identity::ShopIdentity, render::RenderError, view};

/// The last second that the `Date` header can say: 9999-12-31T23:59:59Z.
const DATE_MAX_SECONDS: i64 = 253_402_300_799;

/// The message. Nothing in it is random, so that a second try is the same mail: ids, date and boundary come from the
/// row.
pub(crate) fn build(shop: &ShopIdentity, mail: &OutboxMail, rendered: RenderedMail) -> Result<Message, RenderError> {
    let address: Address = mail.to.as_str().parse().map_err(|e| RenderError::Address(format!("{e}")))?;
    let to_name = view::recipient_name(&mail.template).and_then(clean::greeting);
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", mail.id.0.simple()))
        .singlepart(SinglePart::plain(rendered.text))
        .singlepart(SinglePart::html(rendered.html));
    let mut message = Message::builder().from(sender(shop));
    // An address that cannot be written into a header, or not in ASCII, which some servers refuse the whole mail for, keeps no mail from its
    // recipient: replies go to the sender then. It stands in the mail's foot all the same.
    let contact = clean::line(&shop.contact_email);
    if let Some(contact) = contact.parse::<Address>().ok().filter(|_| contact.is_ascii()) {
        message = message.reply_to(Mailbox::new(None, contact));
    }
    message
        .to(Mailbox::new(to_name, address))
        .subject(rendered.subject)
        .date(date(mail.created_at))
        .message_id(Some(format!("<{}@{}>", mail.id, shop.from.email.domain())))
        // RFC 3834: nobody's holiday notice shall answer this. The second is what Exchange understands.
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"))
        .multipart(parts)
        .map_err(|e| RenderError::Message(e.to_string()))
}

fn sender(shop: &ShopIdentity) -> Mailbox {
    let name = shop.from.name.as_deref().unwrap_or(&shop.shop_name);
    let name = Some(clean::line(name)).filter(|name| !name.is_empty());
    Mailbox::new(name, shop.from.email.clone())
}

fn date(at: Timestamp) -> SystemTime {
    let seconds = at.as_second().clamp(0, DATE_MAX_SECONDS);
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
