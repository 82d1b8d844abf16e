//! The tests of this crate: mails as they look, transports, and delivery against servers that behave and that do not.

mod journey;
mod support;
mod templates;
mod transports;
mod worker;
