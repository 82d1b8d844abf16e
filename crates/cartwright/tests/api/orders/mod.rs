//! `/v1/orders`

mod cancel;
mod idempotency;
mod mails;
mod place;
mod read;
