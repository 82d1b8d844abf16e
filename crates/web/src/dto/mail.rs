//! Mails, as the API speaks of them.

use model::{AccountId, MailId, MailStatus, OrderId, OutboxMail, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A mail in the outbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mail)]
pub struct MailDto {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: MailId,
    /// To whom.
    #[schema(example = "ann@example.com")]
    pub to: String,
    /// Which template it is made from.
    #[schema(example = "order_shipped")]
    pub template: &'static str,
    /// Where it stands: `pending`, `sent` or `failed`.
    #[schema(value_type = MailStatusDto)]
    pub status: MailStatus,
    /// How often delivery was tried.
    pub attempts: i64,
    /// When it is tried next, while it is pending.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong last.
    #[schema(required)]
    pub last_error: Option<String>,
    /// The order it is about.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub order_id: Option<OrderId>,
    /// The account it is to.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub account_id: Option<AccountId>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was sent.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
}

impl From<&OutboxMail> for MailDto {
    fn from(mail: &OutboxMail) -> Self {
        Self {
            id: mail.id,
            to: mail.to.to_string(),
            template: mail.template.name(),
            status: mail.status,
            attempts: mail.attempts,
            next_attempt_at: Some(mail.next_attempt_at).filter(|_| mail.status == MailStatus::Pending),
            last_error: mail.last_error.clone(),
            order_id: mail.order_id,
            account_id: mail.account_id,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
        }
    }
}

/// A mail with what it says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailContent)]
pub struct MailContentDto {
    /// The mail.
    #[serde(flatten)]
    pub mail: MailDto,
    /// Its subject.
    pub subject: String,
    /// Its text. Codes and links that let somebody in are hidden, but for the owner of a shop whose mails go nowhere
    /// but the mailbox.
    pub text: String,
    /// Its HTML, likewise.
    pub html: String,
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailStatus)]
pub enum MailStatusDto {
    /// Waits for its first or next try.
    Pending,
    /// Taken by the server.
    Sent,
    /// Given up; it can be sent again.
    Failed,
}
