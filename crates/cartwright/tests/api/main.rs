//! The API, tested from outside: the real program runs as a child process, and everything is done over HTTP. The modules
//! mirror the URLs. Every reply that goes through [`support::Client`] is compared with the served OpenAPI document.
//!
//! Tests share a server where they can and keep to data of their own in it, so that they need no order.

mod account;
mod admin;
mod auth;
mod catalogue;
mod categories;
mod collections;
mod http;
mod openapi;
mod orders;
mod pictures;
mod products;
mod promises;
mod reviews;
mod search;
pub(crate) mod support;
