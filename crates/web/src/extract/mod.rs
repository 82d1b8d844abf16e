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

use std::net::{IpAddr, Ipv4Addr};

pub use audience::{Shopper, Shown};
pub use client::{ClientAddress, Device};
pub(crate) use client::{Peer, is_from_this_machine, is_trusted};
pub use creating::Creating;
use http::{HeaderMap, header};
pub use if_match::IfMatch;
use ipnet::IpNet;
pub use json::{Json, OptionalJson, parse_object};
pub(crate) use json::{check_encoding, read_at_most};
use model::Language;
pub use path::Path;
#[cfg(test)]
pub(crate) use query::read as read_query;
pub use query::{Query, next_cursor, page_request};
pub(crate) use query::{list_name, read_several};
pub(crate) use signed_in::API_KEY_PREFIX;
pub use signed_in::{Area, Catalogue, Customers, Orders, Owner, ShopSettings, SignedIn, Staff};

/// Reads headers as handlers do, and no more. Whether anything is made of `If-Match`, `Accept-Language`, `X-Forwarded-For` and
/// `Authorization`.
pub(crate) fn check_headers(headers: &HeaderMap) -> [bool; 4] {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let languages: Vec<Language> = ["de", "pt-BR"].iter().filter_map(|tag| tag.parse().ok()).collect();
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let token = signed_in::bearer(headers);
    let _ = (client::device(headers), token.and_then(signed_in::api_key));
    [
        if_match::expected(headers).is_ok_and(|version| version.is_some()),
        accepted.is_some_and(|accepted| audience::best(accepted, &languages).is_some()),
        client::behind_proxies(here, headers, &[IpNet::from(here)]) != here,
        token.is_some(),
    ]
}
