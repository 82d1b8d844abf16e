//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;

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
        Ok(Self(behind_proxies(peer, &parts.headers, &app.settings().trusted_proxies)))
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

/// The right-most address that is no trusted proxy. Whatever stands left of it the client may have made up.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        let Some(address) = parse_hop(hop) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// `203.0.113.7`, and as some proxies write it, with a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
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

fn device(headers: &HeaderMap) -> String {
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
    fn the_right_most_untrusted_hop_counts() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("::1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, rubbish"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.7"]), "10.0.0.7");
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
