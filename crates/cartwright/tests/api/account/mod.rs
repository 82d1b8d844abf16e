//! `/v1/account`

mod addresses;
mod delete;
mod email;
mod export;
mod password;
mod profile;
mod sessions;
