//! The outbox.

pub mod enqueue_test_mail;
pub mod keep_mails;
pub mod lease_mails;
pub mod record_deliveries;
pub mod resend_mail;
