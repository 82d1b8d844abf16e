//! The outbox.

use commerce::mail::{Delivery, LeaseMails, RecordDeliveries};
use model::{
    Email, MailId, OutboxMail, SignedDuration,
    mail::{DeliveryOutcome, WAIT_MAX},
};
use store::{MailFilter, PageRequest};

use super::Shop;

/// The names of the templates of mails.
#[must_use]
pub fn names(mails: &[OutboxMail]) -> Vec<&'static str> {
    mails.iter().map(|mail| mail.template.name()).collect()
}

impl Shop {
    /// The mails to an address, newest first.
    ///
    /// # Panics
    /// When there are more than 100.
    pub async fn mails_to(&self, to: &Email) -> Vec<OutboxMail> {
        self.mails(&MailFilter { to: Some(to.clone()), ..MailFilter::default() }).await
    }

    /// The mails that a filter finds, newest first.
    ///
    /// # Panics
    /// When there are more than 100.
    pub async fn mails(&self, filter: &MailFilter) -> Vec<OutboxMail> {
        let page = self.db().mails(filter, &PageRequest { limit: 100, after: None }).await.expect("an answer");
        assert!(page.next.is_none(), "more than one page");
        page.items
    }

    /// The mail as it is now.
    ///
    /// # Panics
    /// When there is none.
    pub async fn mail_now(&self, id: MailId) -> OutboxMail {
        self.db().mail(id).await.expect("an answer").expect("a mail")
    }

    /// Takes mails for a minute.
    ///
    /// # Panics
    /// When the engine fails.
    pub async fn lease(&self, limit: u32) -> Vec<OutboxMail> {
        let lease = LeaseMails { now: self.now(), lease: SignedDuration::from_mins(1), wait_max: WAIT_MAX, limit };
        self.run(lease).await.expect("a lease")
    }

    /// Notes what became of a mail that was leased.
    ///
    /// # Panics
    /// When the engine fails.
    pub async fn record(&self, mail: &OutboxMail, outcome: DeliveryOutcome) {
        let delivery = Delivery { lease: mail.lease(), outcome, server_only: false };
        let record = RecordDeliveries { deliveries: vec![delivery], now: self.now(), jitter: 500, skip_missing: false };
        self.run(record).await.expect("noted");
    }
}
