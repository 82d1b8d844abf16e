//! A shop to test against: the real program as a child process, and people who use it over HTTP.

mod client;
mod contract;
mod jobs;
mod mails;
mod pages;
mod raw;
mod reply;
mod server;
mod shop;

use std::{
    thread,
    time::{Duration, Instant},
};

pub(crate) use client::Client;
pub(crate) use contract::Operation;
pub(crate) use jobs::{ended, import, job};
pub(crate) use mails::Mail;
pub(crate) use pages::{Pages, field};
pub(crate) use raw::{exchange, request};
pub(crate) use reply::Reply;
pub(crate) use server::program;
pub(crate) use shop::{
    OWNER, PASSWORD, Person, Shop, address, as_bought, line, new_key, text, unique_email, unique_name,
};

/// An id of the right form that nothing has.
pub(crate) const NO_ID: &str = "0198c2a4-5b6e-7c3d-9f00-00000000dead";

/// The members called `name` of the objects in a list.
pub(crate) fn pick<'a>(list: &'a serde_json::Value, name: &str) -> Vec<&'a serde_json::Value> {
    list.as_array().unwrap_or_else(|| panic!("a list: {list}")).iter().map(|item| &item[name]).collect()
}

/// Asks again until `what` gives something, for at most ten seconds.
pub(crate) fn eventually<T>(description: &str, what: impl FnMut() -> Option<T>) -> T {
    eventually_within(Duration::from_secs(10), description, what)
}

/// Asks again until `what` gives something, for at most so long.
pub(crate) fn eventually_within<T>(limit: Duration, description: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        let waited = start.elapsed();
        assert!(waited < limit, "waited {limit:?} in vain for {description}");
        thread::sleep((waited / 10).clamp(Duration::from_millis(10), Duration::from_millis(200)));
    }
}
