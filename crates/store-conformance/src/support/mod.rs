//! What cases are made of: a shop with a clock that stands still, people, goods, orders and mails.

mod at_once;
mod goods;
mod holder;
mod macros;
mod mails;
mod orders;
mod pages;
mod people;
mod shop;

pub use at_once::{at_once, count_ok};
pub use goods::{category, draft, eur, imported, line, sold_in_euros, usd, with_options};
pub use holder::Holder;
pub(crate) use macros::{load, refused};
pub use mails::names;
pub use orders::{move_order, place, ship_to};
pub use pages::{all_pages, first_page, page_of};
pub use people::{email, hash, password, secret};
pub use shop::{Boxed, Shop, pointers};
