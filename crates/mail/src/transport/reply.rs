//! What a server's refusal means.

use lettre::transport::smtp;

/// How much of a server's text is kept, in characters.
const TEXT_MAX: usize = 500;

/// The step of the conversation at which something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `MAIL FROM`: whether we may send at all.
    Sender,
    /// `RCPT TO`: whether this recipient gets mail.
    Recipient,
    /// `DATA`: whether the message may come.
    Data,
    /// The message itself, and the answer that the server has it.
    Message,
}

impl Step {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Message => "the message",
        }
    }
}

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server said no for good, about this mail.
    Permanent(String),
    /// The server said not now.
    Transient(String),
    /// The server refuses us, not the mail: nothing can be sent until somebody mends the settings.
    Unwelcome(String),
    /// The server said so and hung up (421), before it had the mail.
    HungUp(String),
    /// The connection broke.
    Broken {
        error: String,
        /// Whether the server may have the mail all the same.
        may_have_it: bool,
    },
}

impl Refusal {
    pub(super) fn new(step: Step, error: &smtp::Error) -> Self {
        let text = describe(step, error);
        match error.status().map(u16::from) {
            Some(421) => Self::HungUp(text),
            // Authentication required, too weak, wrong, or without TLS (RFC 4954, RFC 3207).
            Some(530 | 534 | 535 | 538) => Self::Unwelcome(text),
            // Whether the sender is allowed is not the mail's fault, and somebody may mend it before it is given up.
            Some(_) if step == Step::Sender => Self::Transient(text),
            Some(_) if error.is_permanent() => Self::Permanent(text),
            Some(_) => Self::Transient(text),
            None => Self::Broken { error: text, may_have_it: step == Step::Message },
        }
    }

    pub(super) fn timed_out(step: Step) -> Self {
        let error = format!("{}: no answer in time", step.as_str());
        Self::Broken { error, may_have_it: step == Step::Message }
    }
}

fn describe(step: Step, error: &smtp::Error) -> String {
    format!("{}: {}", step.as_str(), one_line(&error.to_string()))
}

/// A text of the server or the system as one line of bounded length.
pub(super) fn one_line(text: &str) -> String {
    crate::clean::line(text).chars().take(TEXT_MAX).collect()
}
