//! `/v1/account`

mod addresses;
mod delete;
mod email;
mod password;
mod profile;
mod sessions;
