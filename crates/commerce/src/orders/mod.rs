//! Orders: placing them and moving them on.

mod book;
mod mails;
mod move_order;
mod place_order;
mod under_terms;

pub use book::{Found, OrderBook, Sold, Sought, SoughtIn};
pub use move_order::{MoveOrder, Mover};
pub use place_order::PlaceOrder;
pub use under_terms::PlaceUnderTerms;
