//! The log: to standard error, text for people, JSON for programs.

use std::io::{self, IsTerminal as _, Write, stderr};

use tracing_subscriber::fmt;

use crate::settings::{LogFormat, Settings};

/// Starts logging as the settings say.
pub(crate) fn start(settings: &Settings) {
    let is_terminal = stderr().is_terminal();
    let is_text = match settings.log_format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    // What goes wrong inside of logging would be told by a macro that panics where standard error cannot be written.
    let builder =
        fmt().with_env_filter(settings.log.filter()).log_internal_errors(false).with_writer(|| WhereItCan(stderr()));
    if is_text {
        // https://no-color.org
        let is_coloured = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        builder.with_ansi(is_coloured).init();
    } else {
        builder.json().flatten_event(true).init();
    }
}

/// Writes what can be written, and loses the rest: a full disk, or a reader of the log who has gone, must stop neither mails nor orders.
struct WhereItCan<W>(W);

impl<W: Write> Write for WhereItCan<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn what_cannot_be_written_is_lost_without_a_word() {
        let mut log = WhereItCan(Full);
        assert!(log.write_all(b"a line\n").is_ok() && log.flush().is_ok());
        let mut written = Vec::new();
        WhereItCan(&mut written).write_all(b"a line\n").expect("memory takes it");
        assert_eq!(written, b"a line\n");
    }
}
