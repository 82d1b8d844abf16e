//! Placing orders and moving them on.

pub mod idempotent;
pub mod move_order;
pub mod place_order;
