//! `/v1/admin`

mod accounts;
mod audit;
mod bulk;
mod categories;
mod mails;
mod orders;
mod permissions;
mod products;
mod stock;
mod variants;
