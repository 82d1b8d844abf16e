//! Pictures of products.
//!
//! A picture comes as bytes from a browser or from elsewhere in the net ([`Fetcher`]), and nothing of it is believed: what it
//! is says its content ([`read`]), its size is known before it is decoded, and what is kept is drawn anew from its pixels, so
//! that no metadata, script or second file comes along. It is kept in four sizes, as WebP, under a name made from its
//! content ([`Name`]), in a folder or a bucket ([`Media`]).

mod cause;
mod decode;
mod fetch;
mod media;
mod name;

pub use decode::{Drawn, Limits, Refusal, read};
pub use fetch::{FetchError, Fetcher, PrivateHosts};
pub use media::{Media, MediaError, Picture, Range, Stored};
pub use name::{Name, Size};
