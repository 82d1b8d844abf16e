//! Selects that find rows by what names them, for transactions and queries alike.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod category;
pub(crate) mod document;
pub(crate) mod idempotency;
pub(crate) mod mail;
pub(crate) mod order;
pub(crate) mod product;
pub(crate) mod review;
pub(crate) mod session;
pub(crate) mod stock;
