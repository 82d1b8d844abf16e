//! Where mails go.

mod folder;
mod reply;
mod smtp;
mod smtp_url;

use std::{fmt, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use lettre::Message;
use model::{OutboxMail, mail::DeliveryOutcome};

use crate::render::{RenderError, Renderer};
pub use smtp_url::TransportUrlError;

/// Where mails go.
pub struct Transport(Kind);

enum Kind {
    Carrier(Arc<dyn Carrier>),
    Smtp(smtp::Smtp),
    Folder(folder::Folder),
    Mailbox { is_chosen: bool },
}

/// Something else that takes mails, in the place of a server: whoever must see each mail come and decide when it is taken.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Whether mails could be delivered now, or what stands against it.
    async fn check(&self) -> Result<(), String>;

    /// Tries to deliver `mail`, as it is in the outbox. Dropping this ends the try.
    async fn deliver(&self, mail: &OutboxMail) -> Attempt;
}

/// What came of trying to deliver a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What became of the mail.
    pub outcome: DeliveryOutcome,
    /// Whether no mail could be delivered now: the server cannot be reached or refuses us, the folder cannot be
    /// written. Such a deferral says nothing about the mail.
    pub is_unreachable: bool,
}

impl Attempt {
    pub(crate) const fn sent(keep_secret: bool) -> Self {
        Self { outcome: DeliveryOutcome::Sent { keep_secret }, is_unreachable: false }
    }

    pub(crate) const fn deferred(error: String) -> Self {
        Self { outcome: DeliveryOutcome::Deferred { error }, is_unreachable: false }
    }

    pub(crate) const fn rejected(error: String) -> Self {
        Self { outcome: DeliveryOutcome::Rejected { error }, is_unreachable: false }
    }

    pub(crate) const fn unreachable(error: String) -> Self {
        Self { outcome: DeliveryOutcome::Deferred { error }, is_unreachable: true }
    }
}

impl Transport {
    /// The transport that a URL names:
    ///
    /// * `smtp://user:password@host:port`: SMTP with STARTTLS, without which nothing is sent; port 587. To a loopback
    ///   host plain; port 25. `?tls=required`, `?tls=opportunistic` and `?tls=none` say otherwise.
    /// * `smtps://user:password@host:port`: SMTP over TLS; port 465.
    /// * Both take `?ca=/path/to/file.pem`: certificates to trust beside the public ones.
    /// * `folder:/path`: a file a mail.
    /// * `mailbox:`: the built-in mailbox, also in a shop that sent mails by SMTP before.
    ///
    /// User and password are percent-decoded. `key` is the setting's name, for the error.
    ///
    /// # Errors
    /// What is wrong and what is allowed; never the password.
    pub fn from_url(key: &str, url: &str) -> Result<Self, TransportUrlError> {
        let wrong = |what: &str| TransportUrlError::new(key, what);
        if url == "mailbox:" {
            return Ok(Self(Kind::Mailbox { is_chosen: true }));
        }
        if let Some(path) = url.strip_prefix("folder:") {
            return if path.is_empty() { Err(wrong("the folder's path is missing")) } else { Ok(Self::folder(path)) };
        }
        let settings = smtp_url::parse(url).map_err(|what| wrong(&what))?;
        let smtp = smtp::Smtp::new(settings).map_err(|what| wrong(&what))?;
        Ok(Self(Kind::Smtp(smtp)))
    }

    /// Whatever this makes of them: it gets the rows of the outbox, and no messages.
    #[must_use]
    pub fn carried_by(carrier: Arc<dyn Carrier>) -> Self {
        Self(Kind::Carrier(carrier))
    }

    /// A folder that gets an `.eml` file for each mail. It is made when the first one comes.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Folder(folder::Folder::new(path.into())))
    }

    /// The built-in mailbox, which is there when nothing is set: that a mail is in the outbox is its delivery. Codes stay readable.
    #[must_use]
    pub const fn mailbox() -> Self {
        Self(Kind::Mailbox { is_chosen: false })
    }

    /// Whether mails go nowhere but to the built-in mailbox.
    #[must_use]
    pub const fn is_mailbox(&self) -> bool {
        matches!(self.0, Kind::Mailbox { .. })
    }

    /// Whether the built-in mailbox was asked for by name.
    pub(crate) const fn is_mailbox_by_choice(&self) -> bool {
        matches!(self.0, Kind::Mailbox { is_chosen: true })
    }

    /// Whether mails go to a mail server.
    pub(crate) const fn is_smtp(&self) -> bool {
        matches!(self.0, Kind::Smtp(_))
    }

    /// Tries whether mails could be delivered now: connects and signs in, or makes the folder.
    ///
    /// # Errors
    /// What stands against it.
    pub async fn check(&self) -> Result<(), String> {
        match &self.0 {
            Kind::Carrier(carrier) => carrier.check().await,
            Kind::Smtp(smtp) => smtp.check().await,
            Kind::Folder(folder) => folder.check().await,
            Kind::Mailbox { .. } => Ok(()),
        }
    }

    /// Tries to deliver `mail`.
    pub async fn deliver(&self, renderer: &Renderer, mail: &OutboxMail) -> Attempt {
        match self.try_to(renderer, mail).await {
            Ok(attempt) | Err(attempt) => attempt,
        }
    }

    /// The same; in an error what comes of a mail of which no message can be made.
    async fn try_to(&self, renderer: &Renderer, mail: &OutboxMail) -> Result<Attempt, Attempt> {
        Ok(match &self.0 {
            Kind::Carrier(carrier) => carrier.deliver(mail).await,
            Kind::Smtp(smtp) => smtp.send(&render(renderer, mail)?).await,
            Kind::Folder(folder) => folder.write(mail, render(renderer, mail)?.formatted()).await,
            Kind::Mailbox { .. } => Attempt::sent(true),
        })
    }

    /// Takes leave of the server.
    pub async fn close(&self) {
        if let Kind::Smtp(smtp) = &self.0 {
            smtp.close().await;
        }
    }
}

/// The message that goes over the wire, or what comes of a mail that has none.
fn render(renderer: &Renderer, mail: &OutboxMail) -> Result<Message, Attempt> {
    renderer.message(mail).map_err(|error| match error {
        // A template can be mended before the next try; the rest cannot.
        RenderError::Template(_) => Attempt::deferred(error.to_string()),
        error => Attempt::rejected(error.to_string()),
    })
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Carrier(_) => f.write_str("a carrier"),
            Kind::Smtp(smtp) => smtp.fmt(f),
            Kind::Folder(folder) => folder.fmt(f),
            Kind::Mailbox { .. } => f.write_str("the built-in mailbox"),
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transport({self})")
    }
}
