//! What goes in and out: the shapes of requests and replies, apart from the nouns of the shop so that neither has to
//! change with the other.
//!
//! Requests deny unknown fields; what they mean is checked by the model. Replies are made from nouns with `From` or `new`.

pub mod account;
pub mod attribute;
pub mod auth;
pub mod catalogue;
pub mod category;
pub mod collection;
pub mod export;
pub mod job;
pub mod list;
pub mod mail;
pub mod money;
mod object;
pub mod order;
mod patch;
pub mod picture;
pub mod price;
pub mod product;
pub mod review;
pub mod search;
pub mod shop;
pub mod text;

pub use category::{CategoryDto, CategoryRefDto};
pub use list::ListDto;
pub use money::MoneyDto;
pub use patch::given;
pub use product::{Audience, ImageDto, OptionDto, ProductDto, VariantDto};
