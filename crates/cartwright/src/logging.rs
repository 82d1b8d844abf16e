//! The log: to standard error, text for people, JSON for programs.

use std::io::{IsTerminal as _, stderr};

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
    let builder = fmt().with_env_filter(settings.log.filter()).with_writer(stderr);
    if is_text {
        // https://no-color.org
        let is_coloured = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        builder.with_ansi(is_coloured).init();
    } else {
        builder.json().flatten_event(true).init();
    }
}
