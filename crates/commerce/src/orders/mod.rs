//! Orders: placing them, moving them on and correcting them.

mod book;
mod correct_order;
mod corrections;
mod mails;
mod move_order;
mod place_order;
mod under_terms;

pub use book::{Found, OrderBook, Sold, Sought, SoughtIn};
pub use correct_order::{CorrectOrder, Corrected, is_told_of_tracking};
pub use corrections::{Corrections, corrections};
pub use move_order::{MoveOrder, Mover};
pub use place_order::{PlaceOrder, Placed};
pub use under_terms::PlaceUnderTerms;
