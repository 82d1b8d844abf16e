//! Mails: what is sent to whom, before anybody has rendered or sent it.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{AccountId, CLOCK_SKEW, Email, MailId, OrderId, PostalAddress, ShopSettings, Tracking};

/// How often delivery is tried before it is given up: with pauses that grow to an hour ([`retry_after`]), for about a day. A server that
/// takes nothing for an afternoon (a full mailbox, a limit of the day) has not said no.
pub const ATTEMPTS_MAX: i64 = 36;

/// What a mail says. Each has a template of the same name (`verify_email.html`, `verify_email.txt`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum MailTemplate {
    /// The code that proves a new address.
    VerifyEmail {
        /// The person's name.
        name: String,
    },
    /// Somebody tried to sign up with an address that has an account.
    AccountExists {
        /// The person's name.
        name: String,
    },
    /// The link that sets a new password.
    ResetPassword {
        /// The person's name.
        name: String,
    },
    /// The password was changed.
    PasswordChanged {
        /// The person's name.
        name: String,
        /// Whether API keys act for them, which no password ends.
        #[serde(default)]
        has_keys: bool,
    },
    /// An API key was made that acts for somebody.
    ApiKeyMade {
        /// The person's name.
        name: String,
        /// What the key is called.
        key: String,
    },
    /// The code that proves the new address of an account.
    ConfirmEmailChange {
        /// The person's name.
        name: String,
    },
    /// Tells the old address that the account has a new one.
    EmailChanged {
        /// The person's name.
        name: String,
        /// The new address, its middle hidden.
        new_email: String,
    },
    /// An order was placed.
    OrderPlaced(OrderMail),
    /// An order was confirmed.
    OrderConfirmed(OrderMail),
    /// An order was shipped.
    OrderShipped(OrderMail),
    /// An order was delivered.
    OrderDelivered(OrderMail),
    /// An order was cancelled.
    OrderCancelled(OrderMail),
    /// A variant that somebody waits for is in stock again.
    BackInStock(BackInStock),
    /// What became short.
    LowStock {
        /// What, or the shortest of it.
        items: Vec<ShortItem>,
        /// How many more there are.
        #[serde(default)]
        more: usize,
    },
    /// Somebody is invited to work in the shop.
    StaffInvitation {
        /// The person's name.
        name: String,
    },
    /// A mail that tries whether mails arrive.
    Test,
}

impl MailTemplate {
    /// The name of its template files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::AccountExists { .. } => "account_exists",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ApiKeyMade { .. } => "api_key_made",
            Self::ConfirmEmailChange { .. } => "confirm_email_change",
            Self::EmailChanged { .. } => "email_changed",
            Self::OrderPlaced(_) => "order_placed",
            Self::OrderConfirmed(_) => "order_confirmed",
            Self::OrderShipped(_) => "order_shipped",
            Self::OrderDelivered(_) => "order_delivered",
            Self::OrderCancelled(_) => "order_cancelled",
            Self::BackInStock(_) => "back_in_stock",
            Self::LowStock { .. } => "low_stock",
            Self::StaffInvitation { .. } => "staff_invitation",
            Self::Test => "test",
        }
    }

    /// Whether the mail is worth nothing without its code or token.
    #[must_use]
    pub const fn needs_secret(&self) -> bool {
        matches!(
            self,
            Self::VerifyEmail { .. }
                | Self::ResetPassword { .. }
                | Self::ConfirmEmailChange { .. }
                | Self::StaffInvitation { .. }
        )
    }

    /// Whether the owner of the account that the mail is kept with may know of it. Not of a code for another address: it goes to an
    /// address that nobody has here, and none is written to one that somebody has, so that whether there is such a mail would tell who
    /// has an account.
    #[must_use]
    pub const fn is_for_its_owner(&self) -> bool {
        !matches!(self, Self::ConfirmEmailChange { .. })
    }
}

/// What an order's mails show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMail {
    /// The number, as people read it.
    pub number: String,
    /// The lines.
    pub lines: Vec<OrderMailLine>,
    /// The total, as people read it.
    pub total: String,
    /// Where it goes.
    pub ship_to: PostalAddress,
    /// How to follow the parcel.
    pub tracking: Option<Tracking>,
    /// What the shop or the buyer noted.
    pub note: Option<String>,
}

/// What is in stock again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackInStock {
    /// The name of the person who waits.
    pub name: String,
    /// Product and variant.
    pub title: String,
    /// The product's name in URLs.
    pub slug: String,
}

/// Something of which there is little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortItem {
    /// Product and variant.
    pub title: String,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// Pieces that are left.
    pub stock: i64,
}

/// A line in a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMailLine {
    /// Product and variant.
    pub title: String,
    /// Pieces.
    pub quantity: i64,
    /// What the line costs, as people read it.
    pub total: String,
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// Waits for its first or next try.
    Pending,
    /// Taken by the server (or put into the mailbox or the folder).
    Sent,
    /// Given up, with its last error; it can be sent again.
    Failed,
}

impl MailStatus {
    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for MailStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Pending, Self::Sent, Self::Failed].into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    /// Its id, which makes its Message-ID.
    pub id: MailId,
    /// To whom.
    pub to: Email,
    /// The recipient's account, so that deleting it can clear its mails.
    pub account_id: Option<AccountId>,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// What it says.
    pub template: MailTemplate,
    /// The code or token that it carries. Kept apart from the rest, because it is wiped once an SMTP server has the
    /// mail: a copy in the database would let staff into other people's accounts.
    pub secret: Option<String>,
    /// Where it stands.
    pub status: MailStatus,
    /// How often it was handed out for delivery; but for when the server could not be reached, which says nothing about the mail.
    pub attempts: i64,
    /// When it is tried next, while pending.
    pub next_attempt_at: Timestamp,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was taken.
    pub sent_at: Option<Timestamp>,
}

impl OutboxMail {
    /// A fresh mail, due at once.
    #[must_use]
    pub fn new(id: MailId, to: Email, template: MailTemplate, now: Timestamp) -> Self {
        Self {
            id,
            to,
            account_id: None,
            order_id: None,
            template,
            secret: None,
            status: MailStatus::Pending,
            attempts: 0,
            next_attempt_at: now,
            last_error: None,
            created_at: now,
            sent_at: None,
        }
    }
}

/// For how long a mail that was handed out is that worker's alone.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);

impl OutboxMail {
    /// Whether somebody may be sending it at this moment: it was handed out, and waits for no longer than for the end of a lease, by the
    /// clock of whoever took it. One that a server has put off for as little looks the same, and is tried as soon.
    #[must_use]
    pub fn may_be_on_its_way(&self, now: Timestamp) -> bool {
        let waits = self.next_attempt_at.duration_since(now);
        let is_leased = waits > SignedDuration::ZERO && waits <= LEASE + CLOCK_SKEW;
        self.status == MailStatus::Pending && self.attempts > 0 && is_leased
    }
}

/// What tells one handing out of a mail from every other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailLease {
    /// Which mail.
    pub mail: MailId,
    /// Its attempts, this one among them.
    pub attempts: i64,
    /// Until when nobody else gets it. Attempts alone would not do: one that does not count is given back.
    pub until: Timestamp,
}

impl MailLease {
    /// Whether the mail, as it is stored now, is still handed out like this: neither settled nor somebody else's.
    #[must_use]
    pub fn is_of(&self, mail: &OutboxMail) -> bool {
        let is_same = mail.id == self.mail && mail.attempts == self.attempts && mail.status == MailStatus::Pending;
        // In the precision that both engines store.
        is_same && mail.next_attempt_at.as_microsecond() == self.until.as_microsecond()
    }
}

impl OutboxMail {
    /// The lease of a mail that was just handed out.
    #[must_use]
    pub const fn lease(&self) -> MailLease {
        MailLease { mail: self.id, attempts: self.attempts, until: self.next_attempt_at }
    }
}

/// A mail as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedMail {
    /// One line, without control characters.
    pub subject: String,
    /// A whole HTML document that loads nothing.
    pub html: String,
    /// The same as plain text.
    pub text: String,
}

/// Shows mails to staff. The pages know no more of the templates than this.
pub trait MailRenderer: Send + Sync {
    /// The mail as people see it. Its code or token is hidden unless `reveal`.
    ///
    /// # Errors
    /// What is wrong with the template.
    fn render(&self, mail: &OutboxMail, reveal: bool) -> Result<RenderedMail, String>;

    /// The mail as it goes over the wire (RFC 5322). Its code or token is hidden unless `reveal`.
    ///
    /// # Errors
    /// What is wrong with the template or the address.
    fn source(&self, mail: &OutboxMail, reveal: bool) -> Result<String, String>;

    /// Has what is rendered from now on go by these settings: by what the shop is called, and where customers write to.
    fn know_shop(&self, _settings: &ShopSettings) {}

    /// A mail of every kind, with made-up data, to look at.
    fn samples(&self) -> Vec<OutboxMail>;
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The server has it.
    Sent {
        /// Whether the secret stays readable: only where the mailbox page itself is where mails go.
        keep_secret: bool,
    },
    /// It may work later.
    Deferred {
        /// What the server or the network said.
        error: String,
    },
    /// It will never work: the server said so for good.
    Rejected {
        /// What the server said.
        error: String,
    },
}

/// When to try again after `attempts` tries: 5 s, doubling up to an hour, with ±20 % of jitter so that a server that
/// comes back is not met by everything at once. `jitter` is 0..=1000.
#[must_use]
pub fn retry_after(attempts: i64, jitter: u16) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(1, 11) - 1).unwrap_or(0);
    let base_ms = (5_000_i64 << doublings).min(3_600_000);
    let spread = base_ms * (i64::from(jitter.min(1000)) - 500) / 2500;
    SignedDuration::from_millis(base_ms + spread)
}

/// Longer than a mail ever has to wait for its next try: than [`retry_after`] says, and than any lease.
pub const WAIT_MAX: SignedDuration = SignedDuration::from_hours(2);

/// Which mails are due at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Those whose time has come.
    pub now: Timestamp,
    /// And those whose time is later than this: nobody lets a mail wait for so long, so the clock that said so was wrong, and a mail
    /// must not wait until that time has come again.
    pub latest: Timestamp,
}

impl Due {
    /// What is due now, when no mail has to wait for longer than `wait_max`.
    #[must_use]
    pub fn within(now: Timestamp, wait_max: SignedDuration) -> Self {
        Self { now, latest: now.saturating_add(wait_max).unwrap_or(Timestamp::MAX) }
    }

    /// Whether a mail that is to be tried at `next_attempt_at` is.
    #[must_use]
    pub fn has_come(&self, next_attempt_at: Timestamp) -> bool {
        next_attempt_at <= self.now || next_attempt_at > self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_due_when_its_time_has_come_or_can_only_be_a_mistake() {
        let now = Timestamp::from_second(1_800_000_000).expect("in range");
        let is_due = |seconds: i64| Due::within(now, WAIT_MAX).has_come(now + SignedDuration::from_secs(seconds));
        assert!(is_due(-5) && is_due(0) && !is_due(1) && !is_due(72 * 60) && is_due(24 * 3_600));
        assert!(retry_after(ATTEMPTS_MAX, 1000) < WAIT_MAX);
    }

    #[test]
    fn a_mail_that_somebody_may_be_sending_is_known() {
        let now = Timestamp::from_second(1_800_000_000).expect("in range");
        let stamp = crate::Stamp::new(now, 1);
        let to = Email::parse("", "ann@example.com").expect("an address");
        let mail = |attempts, waits_secs: i64| OutboxMail {
            attempts,
            next_attempt_at: now + SignedDuration::from_secs(waits_secs),
            ..OutboxMail::new(stamp.ids().draw(), to.clone(), MailTemplate::Test, now)
        };
        assert!(!mail(0, 0).may_be_on_its_way(now) && !mail(0, 60).may_be_on_its_way(now), "it was never handed out");
        assert!(mail(1, 1).may_be_on_its_way(now) && mail(3, 180).may_be_on_its_way(now));
        assert!(mail(1, 480).may_be_on_its_way(now), "by a clock that is a little ahead");
        assert!(!mail(1, 0).may_be_on_its_way(now) && !mail(1, -9).may_be_on_its_way(now), "its lease is over");
        assert!(!mail(8, 481).may_be_on_its_way(now), "it waits for its next try");
        assert!(!OutboxMail { status: MailStatus::Failed, ..mail(1, 9) }.may_be_on_its_way(now));
    }

    #[test]
    fn a_lease_is_over_when_the_mail_is_settled_or_handed_out_anew() {
        let now = Timestamp::from_nanosecond(1_800_000_000_000_000_789).expect("in range");
        let to = Email::parse("", "ann@example.com").expect("an address");
        let id = crate::Stamp::new(now, 1).ids().draw();
        let leased = OutboxMail { attempts: 1, ..OutboxMail::new(id, to, MailTemplate::Test, now) };
        let stored = OutboxMail { next_attempt_at: crate::stamp::whole_micros(now), ..leased.clone() };
        let lease = leased.lease();
        assert!(lease.is_of(&leased) && lease.is_of(&stored));
        assert!(!lease.is_of(&OutboxMail { attempts: 2, ..stored.clone() }));
        assert!(!lease.is_of(&OutboxMail { status: MailStatus::Sent, ..stored.clone() }));
        assert!(!lease.is_of(&OutboxMail { next_attempt_at: now + LEASE, ..stored }));
    }

    #[test]
    fn retries_back_off_and_stay_within_their_jitter() {
        assert_eq!(retry_after(1, 500), SignedDuration::from_secs(5));
        assert_eq!(retry_after(4, 500), SignedDuration::from_secs(40));
        assert_eq!(retry_after(100, 500), SignedDuration::from_hours(1));
        assert_eq!(retry_after(1, 0), SignedDuration::from_secs(4));
        assert_eq!(retry_after(1, 1000), SignedDuration::from_secs(6));
    }
}
