//! Accounts, sessions, codes and passwords.

pub mod addresses;
pub mod change_email;
pub mod create_owner;
pub mod delete_account;
pub mod passwords;
pub mod refresh_session;
pub mod sessions;
pub mod set_access;
pub mod sign_up;
pub mod update_profile;
pub mod verify_email;
