//! Mails: templates, transports, delivery of the outbox.
//!
//! * [`Renderer`] turns a row of the outbox into subject, HTML, text and the message that goes over the wire.
//! * [`Transport`] takes messages: an SMTP server, a folder of `.eml` files, or the built-in mailbox, where the row in
//!   the outbox is the mail.
//! * [`Worker`] leases mails from the outbox, hands them to the transport and records what became of them.
//!
//! # How to add a mail
//! 1. A variant of [`model::MailTemplate`], whatever it shows as its fields.
//! 2. `templates/NAME.html` and `templates/NAME.txt`, listed in `templates.rs`.
//! 3. A sample in `samples.rs`: every template is rendered with it at each start and in the tests.

mod clean;
mod identity;
mod message;
mod render;
mod samples;
mod templates;
mod transport;
mod view;
mod worker;

pub use identity::{ShopIdentity, parse_from};
pub use lettre::message::Mailbox;
pub use render::{RenderError, Renderer, Secret};
pub use samples::samples;
pub use templates::TemplateError;
pub use transport::{Attempt, Carrier, Transport, TransportUrlError};
pub use worker::{EngineOutbox, Outbox, Worker};
