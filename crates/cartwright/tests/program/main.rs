//! The program from its command line: settings, exit codes, files, signals.

mod data;
mod demo;
mod import;
mod mails;
mod mongodump;
mod owner;
mod pictures;
mod serve;
mod settings;
mod support;
