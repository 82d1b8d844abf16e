//! How a command fails: a line for people, an exit code for programs.

use std::{fmt::Display, process::ExitCode};

use crate::say::note;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was asked wrongly: exit code 2.
    Usage(String),
    /// It was asked wrongly, or for help, and clap has the words for it.
    Clap(clap::Error),
    /// It could not be done: exit code 1.
    Failed(String),
    /// It was done, and what it found was told already: exit code 1.
    Found,
}

impl Failure {
    /// It could not be done, because of `error`.
    pub(crate) fn failed(error: impl Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// It was asked wrongly: `error` says what is allowed.
    pub(crate) fn usage(error: impl Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// Tells it to standard error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Usage(message) => {
                note(format_args!("cartwright: {message}"));
                ExitCode::from(2)
            }
            Self::Clap(error) => {
                // A closed pipe (`cartwright --help | head -1`) is no failure.
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
            }
            Self::Failed(message) => {
                note(format_args!("cartwright: {message}"));
                ExitCode::from(1)
            }
            Self::Found => ExitCode::from(1),
        }
    }
}
