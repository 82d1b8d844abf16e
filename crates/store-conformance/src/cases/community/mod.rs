//! What customers say and wish for.

pub mod reviews;
pub mod stock_alerts;
pub mod wishlists;
