//! Placing orders, moving them on and correcting them.

pub mod correct_order;
pub mod idempotent;
pub mod move_order;
pub mod place_order;
