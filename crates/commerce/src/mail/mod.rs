//! The outbox: handing mails out for delivery, noting what became of them, sending one again.

mod enqueue_test_mail;
mod keep_mails;
mod lease_mails;
mod note_smtp;
mod record_deliveries;
mod resend_mail;

pub use enqueue_test_mail::{EnqueueTestMail, TestMailFromShell};
pub use keep_mails::KeepMails;
pub use lease_mails::LeaseMails;
pub use note_smtp::NoteSmtp;
pub use record_deliveries::{Delivery, RecordDeliveries};
pub use resend_mail::{ResendMail, Resent};
