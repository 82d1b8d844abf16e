//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts, uri::Authority};
use ipnet::IpNet;
use tracing::warn;

use crate::{App, front::RequestContext};

/// The longest description of a device, in characters.
const DEVICE_MAX: usize = 120;

/// The network address of the client: the peer, or what trusted proxies say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Peer(peer) = Peer::from_request_parts(parts, app).await?;
        let trusted = &app.settings().trusted_proxies;
        if is_passed_on_by_a_stranger(peer, &parts.headers, trusted) {
            tell_of_a_stranger(peer);
        }
        if says_not_for_whom(peer, &parts.headers, trusted) {
            tell_of_a_silent_proxy();
        }
        Ok(Self(behind_proxies(peer, &parts.headers, trusted)))
    }
}

/// The other end of the connection, whoever it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let context = parts.extensions.get::<RequestContext>();
        Ok(Self(context.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |context| context.peer.to_canonical())))
    }
}

/// Whether a proxy passed the request on, trusted or not: its client is then not on this machine, whatever the address of the connection is.
fn is_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name))
}

/// Whether the request asks for this machine by name or number. A page elsewhere can point a name of its own at
/// 127.0.0.1 and then read what is served there (DNS rebinding); the name gives it away.
fn is_asked_as_this_machine(headers: &HeaderMap) -> bool {
    let host =
        headers.get(header::HOST).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<Authority>().ok());
    host.is_some_and(|authority| {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// Whether it was asked on this machine, as far as the request itself tells: a proxy here that says nothing of its client looks the same, but
/// for the name that it asks for.
pub(crate) fn is_from_this_machine(address: IpAddr, headers: &HeaderMap) -> bool {
    address.is_loopback() && !is_forwarded(headers) && is_asked_as_this_machine(headers)
}

/// Whether it is one of the proxies that are believed.
pub(crate) fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// Whether somebody who is not trusted says that the request is another's: a proxy that was not named, or a client that makes it up.
fn is_passed_on_by_a_stranger(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let is_passed_on = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    is_passed_on && !is_trusted(peer, trusted)
}

/// Whether a proxy that is believed does not say whose request it passes on.
fn says_not_for_whom(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    !headers.contains_key("x-forwarded-for") && is_trusted(peer, trusted)
}

/// Says so once a process, as of a stranger.
fn tell_of_a_silent_proxy() {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if !IS_TOLD.swap(true, Ordering::Relaxed) {
        warn!(
            "a request came from one of trusted-proxies without X-Forwarded-For: if that is the shop's proxy, all customers count as one client; \
             have it add the header"
        );
    }
}

/// Says so once a process: whoever forgot to name a proxy sees nothing else of it until the limits of one client stop all.
fn tell_of_a_stranger(peer: IpAddr) {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if IS_TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    // An address on the public internet may be somebody's, and the log names nobody.
    let peer = if is_internal(peer.to_canonical()) { peer.to_string() } else { "a public address".to_owned() };
    warn!(
        "requests come through {peer}, which is not among trusted-proxies: if that is the shop's proxy, all customers count as one client; add \
         its address with --trusted-proxies"
    );
}

/// Whether it is an address of this machine or of a private network.
fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// The right-most address that is no trusted proxy. Whatever stands left of it the client may have made up.
pub(super) fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_trusted(client, trusted) {
        return client;
    }
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    // Members of a list may be empty, and are none then (RFC 9110, 5.6.1).
    let hops = values.flat_map(|value| value.split(',')).map(str::trim).filter(|hop| !hop.is_empty());
    let hops: Vec<&str> = hops.collect();
    for hop in hops.iter().rev() {
        let Some(address) = parse_hop(hop) else { break };
        client = address;
        if !is_trusted(client, trusted) {
            break;
        }
    }
    client
}

/// `203.0.113.7`, and as some proxies write it, with a port, or in the brackets of a URL.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// A short description of the client's device, from its User-Agent; free of anything that could garble a page or log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device(pub String);

impl FromRequestParts<App> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        Ok(Self(device(&parts.headers)))
    }
}

pub(super) fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let agent = agent.unwrap_or_default();
    let clean: String = agent.chars().filter(|c| !c.is_control()).take(DEVICE_MAX).collect();
    let clean = clean.trim();
    if clean.is_empty() { "unknown device".to_owned() } else { clean.to_owned() }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn whoever_asks_from_elsewhere_is_not_on_this_machine() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        let is_here =
            |address: &str, headers: &HeaderMap| is_from_this_machine(address.parse().expect("an address"), headers);
        assert!(is_here("127.0.0.1", &headers) && is_here("::1", &headers));
        for elsewhere in ["192.168.1.7", "203.0.113.9", "2001:db8::7"] {
            assert!(!is_here(elsewhere, &headers), "{elsewhere} only says that it asks here");
        }
        headers.insert("x-forwarded-for", HeaderValue::from_static("127.0.0.1"));
        assert!(!is_here("127.0.0.1", &headers), "it came through a proxy");
    }

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        behind_proxies(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn strangers_cannot_forge_their_address() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn a_proxy_that_is_not_named_is_noticed() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let is_noticed = |peer: &str, header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, HeaderValue::from_static("203.0.113.9"));
            }
            is_passed_on_by_a_stranger(peer.parse().expect("an address"), &headers, &trusted)
        };
        for header in ["x-forwarded-for", "forwarded"] {
            assert!(is_noticed("127.0.0.1", Some(header)));
            assert!(!is_noticed("10.0.0.1", Some(header)) && !is_noticed("::ffff:10.0.0.1", Some(header)));
        }
        assert!(!is_noticed("127.0.0.1", None));
        for address in ["127.0.0.1", "172.18.0.2", "::1", "fd00::2"] {
            assert!(is_internal(address.parse().expect("an address")), "{address}");
        }
        for address in ["203.0.113.9", "2001:db8::1"] {
            assert!(!is_internal(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn the_right_most_untrusted_hop_counts() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("::1", &["203.0.113.9:4711"]), "203.0.113.9");
        for six in ["2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:4711", "6.6.6.6,[2001:db8::7] ,"] {
            assert_eq!(client("10.0.0.1", &[six]), "2001:db8::7", "{six}");
        }
        assert_eq!(client("10.0.0.1", &["203.0.113.9,", " , "]), "203.0.113.9", "an empty member is none");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, rubbish"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.7"]), "10.0.0.7");
    }

    #[test]
    fn a_proxy_that_says_nothing_of_its_clients_is_noticed() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let is_noticed =
            |peer: &str, headers: &HeaderMap| says_not_for_whom(peer.parse().expect("an address"), headers, &trusted);
        let mut headers = HeaderMap::new();
        assert!(is_noticed("10.0.0.1", &headers) && is_noticed("::ffff:10.0.0.1", &headers));
        assert!(!is_noticed("127.0.0.1", &headers));
        headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
        assert!(!is_noticed("10.0.0.1", &headers));
    }

    #[test]
    fn names_that_were_pointed_here_from_elsewhere_are_not_this_machine() {
        let asked = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            is_asked_as_this_machine(&headers)
        };
        for own in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "127.8.9.1:1", "[::1]:8080", "[::1]"]
        {
            assert!(asked(own), "{own}");
        }
        for foreign in
            ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", ""]
        {
            assert!(!asked(foreign), "{foreign}");
        }
        assert!(!is_asked_as_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn devices_are_short_and_printable() {
        let mut headers = HeaderMap::new();
        assert_eq!(device(&headers), "unknown device");
        headers.insert(header::USER_AGENT, HeaderValue::from_bytes(b"Mozilla\t5.0 \xf0\x9f\x98\x80").expect("a value"));
        assert_eq!(device(&headers), "Mozilla5.0 😀");
        headers.insert(header::USER_AGENT, HeaderValue::from_str(&"x".repeat(5_000)).expect("a value"));
        assert_eq!(device(&headers).len(), DEVICE_MAX);
    }
}
