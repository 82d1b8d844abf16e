//! The program: command line, configuration, wiring.
//!
//! * [`cli`] says what can be asked, [`settings`] what can be set, [`config_file`] reads the file of settings.
//! * [`commands`] has one file a command. [`shop`] opens what several of them need.
//! * [`elsewhere`] fetches the pictures that imported products have on other servers.
//! * [`failure`] is what they fail with: a line for people and an exit code for programs. [`say`] tells what they did.

mod cli;
mod commands;
mod config_file;
mod data;
mod demo;
mod elsewhere;
mod failure;
mod logging;
mod say;
mod server;
mod settings;
mod shop;
mod stop;

use std::process::ExitCode;

fn main() -> ExitCode {
    faults::arm();
    let cli = match config_file::parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(failure) => return failure.report(),
    };
    logging::start(&cli.settings);
    settings::tell_of_unknown();
    if faults::is_armed() {
        tracing::warn!(
            "this build can be made to fail, and is told to by FAILPOINTS: it is for proving, and not for a shop"
        );
    }
    // For the clients of buckets and picture servers, which do not choose one by themselves. That there is one already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
