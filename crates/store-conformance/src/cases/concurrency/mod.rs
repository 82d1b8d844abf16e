//! Many at once: what must hold whoever comes first.

pub mod accounts;
pub mod catalogue;
pub mod idempotency;
pub mod mail;
pub mod orders;
pub mod reads;
pub mod sessions;
pub mod stock;
