//! Orders: placing them and moving them on.

mod mails;
mod move_order;
mod place_order;

pub use move_order::{MoveOrder, Mover};
pub use place_order::PlaceOrder;
