//! What handlers take: each part of a request, read, limited and checked, with the right refusal when it is wrong.
//!
//! Order matters in a handler's parameters: [`SignedIn`] or [`Staff`] stands before paths, queries and bodies, so that a
//! stranger learns nothing but that they are not signed in.

mod audience;
mod client;
mod creating;
mod if_match;
mod json;
mod path;
mod query;
mod signed_in;

pub use audience::{Shopper, Shown};
pub use client::{ClientAddress, Device};
pub(crate) use client::{Peer, is_forwarded};
pub use creating::Creating;
pub use if_match::IfMatch;
pub use json::{Json, OptionalJson, parse_object};
pub(crate) use json::{check_encoding, read_at_most};
pub use path::Path;
pub(crate) use query::read as read_query;
pub use query::{Query, next_cursor, page_request};
pub(crate) use signed_in::API_KEY_PREFIX;
pub use signed_in::{Area, Catalogue, Customers, Orders, Owner, ShopSettings, SignedIn, Staff};
