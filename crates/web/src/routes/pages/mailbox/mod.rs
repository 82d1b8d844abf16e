//! `/mailbox`: every mail that the shop has written, with its fate.

pub(super) mod list;
pub(super) mod show;

use minijinja::{Value, context};
use model::{MailStatus, OutboxMail};

use super::time_text;

/// The mail as the pages show it. One that goes nowhere is not called sent: it reached nobody.
fn view(mail: &OutboxMail, subject: &str, goes_nowhere: bool) -> Value {
    let is_kept = goes_nowhere && mail.status == MailStatus::Sent;
    let next_attempt_at = Some(mail.next_attempt_at).filter(|_| mail.status == MailStatus::Pending);
    context! {
        id => mail.id.to_string(),
        subject,
        to => mail.to.to_string(),
        status => if is_kept { "quiet" } else { mail.status.as_str() },
        status_text => status_text(mail.status, goes_nowhere),
        kept => is_kept,
        error => mail.last_error.as_ref().filter(|_| mail.status != MailStatus::Sent),
        attempts => mail.attempts,
        created_at => mail.created_at.to_string(),
        created_text => time_text(mail.created_at),
        sent_at => mail.sent_at.map(|at| at.to_string()),
        sent_text => mail.sent_at.map(time_text),
        next_attempt_at => next_attempt_at.map(|at| at.to_string()),
        next_text => next_attempt_at.map(time_text),
    }
}

fn status_text(status: MailStatus, goes_nowhere: bool) -> &'static str {
    match status {
        MailStatus::Pending => "Waiting",
        MailStatus::Sent if goes_nowhere => "Kept here",
        MailStatus::Sent => "Sent",
        MailStatus::Failed => "Failed",
    }
}
