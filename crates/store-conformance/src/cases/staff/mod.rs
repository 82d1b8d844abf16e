//! What the staff do, look at and write down.

pub mod api_keys;
pub mod audit;
pub mod invitations;
pub mod low_stock;
pub mod notes;
pub mod reports;
pub mod saved_views;
pub mod second_factor;
pub mod settings;
