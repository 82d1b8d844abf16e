//! Fetching pictures from elsewhere, without being sent into places that are nobody's business.
//!
//! Whoever may import pictures says where they are, and the server goes there. So it goes to public addresses alone: the
//! address is checked when the name has been resolved, for each redirect again, and the connection goes to the address
//! that was checked. No proxy of the environment, no cookies, no credentials in URLs.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use ipnet::IpNet;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use thiserror::Error;
use url::{Host, Url};

use crate::cause::innermost;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 3;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(30);

/// Why a picture could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    /// It is no URL that pictures are fetched from.
    #[error("must be an http or https URL without user and password")]
    InvalidUrl,
    /// It leads into a private network.
    #[error("{0} is not a public address")]
    NotPublic(String),
    /// It is too large.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// The server refused it.
    #[error("the server answered {0}")]
    Status(u16),
    /// Nothing can be fetched on this machine: it has no certificates.
    #[error("nothing can be fetched without certificates: install some (Debian's package ca-certificates); {0}")]
    NoCertificates(String),
    /// It could not be reached, or broke off.
    #[error("it could not be fetched: {0}")]
    Failed(String),
}

impl FetchError {
    /// Whether it may be different in a while.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::NoCertificates(_) | Self::Failed(_) | Self::Status(429 | 500..=599))
    }
}

/// Hosts on private networks that pictures may be fetched from all the same, as `HOST` or `HOST:PORT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateHosts(pub Vec<String>);

impl FromStr for PrivateHosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
        let check = |host: &str| {
            let is_host =
                Url::parse(&format!("http://{host}/")).is_ok_and(|url| url.path() == "/" && url.username().is_empty());
            if is_host {
                Ok(host.to_ascii_lowercase())
            } else {
                Err(format!("`{host}` is no host such as images.internal:9000"))
            }
        };
        hosts.map(check).collect::<Result<_, _>>().map(Self)
    }
}

impl PrivateHosts {
    fn allow(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
        self.0.iter().any(|known| known == host || Some(known) == with_port.as_ref())
    }

    fn has_name(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.split(':').next() == Some(name))
    }
}

/// Fetches pictures. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    /// Made when it is first needed: it reads all certificates of the system, which most starts do without, and which not every system has.
    client: Arc<OnceLock<Client>>,
    private: Arc<PrivateHosts>,
}

impl Fetcher {
    /// One that goes to public addresses, and to those of `private`.
    #[must_use]
    pub fn new(private: PrivateHosts) -> Self {
        Self { client: Arc::default(), private: Arc::new(private) }
    }

    /// Sees that pictures can be fetched on this machine. Later nothing fails for that.
    ///
    /// # Errors
    /// [`FetchError::NoCertificates`].
    pub fn make_ready(&self) -> Result<(), FetchError> {
        self.client().map(drop)
    }

    fn client(&self) -> Result<&Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // What fails is tried again: the certificates may be there by then.
        let made = new_client(&self.private).map_err(|error| FetchError::NoCertificates(innermost(&error)))?;
        Ok(self.client.get_or_init(|| made))
    }

    /// What is at `url`, if that is at most `max` bytes.
    ///
    /// # Errors
    /// Why not.
    pub async fn fetch(&self, url: &str, max: usize) -> Result<Bytes, FetchError> {
        let url = Url::parse(url.trim()).map_err(|_| FetchError::InvalidUrl)?;
        check(&url, &self.private)?;
        let failed =
            |error: reqwest::Error| find_refusal(&error).unwrap_or_else(|| FetchError::Failed(in_words(&error)));
        let mut response = self.client()?.get(url).header("accept", "image/*").send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        if response.content_length().is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max)) {
            return Err(FetchError::TooLarge(max));
        }
        let mut content = BytesMut::new();
        while let Some(part) = response.chunk().await.map_err(failed)? {
            if content.len() + part.len() > max {
                return Err(FetchError::TooLarge(max));
            }
            content.extend_from_slice(&part);
        }
        Ok(content.freeze())
    }
}

/// One that goes to public addresses, and to those of `private`. It fails where the system has no certificates.
fn new_client(private: &Arc<PrivateHosts>) -> reqwest::Result<Client> {
    let policy = Policy::custom({
        let private = Arc::clone(private);
        move |attempt| {
            if attempt.previous().len() > REDIRECTS_MAX {
                return attempt.error("too many redirects");
            }
            match check(attempt.url(), &private) {
                Ok(()) => attempt.follow(),
                Err(error) => attempt.error(error),
            }
        }
    });
    Client::builder()
        .no_proxy()
        .redirect(policy)
        .referer(false)
        .connect_timeout(CONNECT_LIMIT)
        .timeout(LIMIT)
        .pool_max_idle_per_host(2)
        .user_agent(concat!("Cartwright/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(PublicNames(Arc::clone(private))))
        .build()
}

/// Whether this URL may be asked, as far as it says itself. What a name leads to is seen when it is resolved.
fn check(url: &Url, private: &PrivateHosts) -> Result<(), FetchError> {
    let is_plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if !is_plain {
        return Err(FetchError::InvalidUrl);
    }
    let address = match url.host() {
        None => return Err(FetchError::InvalidUrl),
        // Of a name that may lead inside, the port counts too; where any other leads is seen when it is resolved.
        Some(Host::Domain(name)) if private.has_name(name) && !private.allow(url) => {
            return Err(FetchError::NotPublic(name.to_owned()));
        }
        Some(Host::Domain(_)) => return Ok(()),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
    };
    if is_public(address) || private.allow(url) { Ok(()) } else { Err(FetchError::NotPublic(address.to_string())) }
}

/// Resolves names, and keeps what leads into private networks to itself.
struct PublicNames(Arc<PrivateHosts>);

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let private = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            // All of them: a name that leads to both has no business here.
            let inside = found.iter().find(|address| !is_public(address.ip()));
            match inside {
                Some(address) if !private.has_name(&host) => {
                    let refusal = FetchError::NotPublic(format!("{host} ({})", address.ip()));
                    Err(Box::new(refusal) as Box<dyn std::error::Error + Send + Sync>)
                }
                _ => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// Networks that are not the public internet: IANA's registries of special-purpose addresses (RFC 6890 and its successors),
/// and those that carry an IPv4 address inside.
const SPECIAL: [&str; 30] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    let special = SPECIAL.iter().filter_map(|network| network.parse::<IpNet>().ok());
    !special.into_iter().any(|network| network.contains(&address))
}

/// The refusal of ours that lies below an error, if one does.
fn find_refusal(error: &reqwest::Error) -> Option<FetchError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(refusal) = error.downcast_ref::<FetchError>() {
            return Some(refusal.clone());
        }
        next = error.source();
    }
    None
}

/// What went wrong, in words.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() { "it took too long".to_owned() } else { innermost(error) }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn fetcher(private: &str) -> Fetcher {
        // Whichever test comes first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Fetcher::new(private.parse().expect("hosts"))
    }

    /// A server that gives these answers, one a connection, and its address.
    async fn server(answers: Vec<String>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn private_addresses_in_all_their_disguises_are_known() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fd00::1",
            "fe80::1",
            "2002:7f00:1::",
            "::ffff:0:127.0.0.1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().expect("an address")), "{inside}");
        }
        for outside in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111"] {
            assert!(is_public(outside.parse().expect("an address")), "{outside}");
        }
        assert!(SPECIAL.iter().all(|network| network.parse::<IpNet>().is_ok()));
    }

    #[tokio::test]
    async fn nothing_is_fetched_from_private_networks() {
        let address = server(vec![ok("secret"); 9]).await;
        let port = address.port();
        let fetcher = fetcher("");
        for url in [
            format!("http://127.0.0.1:{port}/"),
            format!("http://localhost:{port}/"),
            format!("http://[::1]:{port}/"),
            format!("http://[::ffff:127.0.0.1]:{port}/"),
            format!("http://2130706433:{port}/"),
            format!("http://0x7f.1:{port}/"),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
        ] {
            let error = fetcher.fetch(&url, 100).await.expect_err(&url);
            assert!(matches!(error, FetchError::NotPublic(_)), "{url}: {error:?}");
        }
        for url in ["file:///etc/passwd", "ftp://example.com/", "http://user:pw@example.com/", "nonsense", "data:,x"] {
            assert_eq!(fetcher.fetch(url, 100).await, Err(FetchError::InvalidUrl), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_may_lead_inside_does_so_at_its_port_alone() {
        let (pictures, other) = (server(vec![ok("a picture")]).await, server(vec![ok("secret")]).await);
        let fetcher = fetcher(&format!("localhost:{}", pictures.port()));
        let at = |address: SocketAddr| format!("http://localhost:{}/a.png", address.port());
        assert_eq!(fetcher.fetch(&at(pictures), 100).await.as_deref(), Ok(&b"a picture"[..]));
        assert!(matches!(fetcher.fetch(&at(other), 100).await, Err(FetchError::NotPublic(_))));
    }

    #[tokio::test]
    async fn a_redirect_leads_nowhere_that_a_url_would_not() {
        let inside = server(vec![ok("secret")]).await;
        let moved = |to: String| {
            format!("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
        };
        let outside =
            server(vec![moved(format!("http://127.0.0.1:{}/", inside.port())), moved("file:///etc/passwd".into())])
                .await;
        // The first server may be asked, the one that it leads to may not.
        let fetcher = fetcher(&format!("127.0.0.1:{}", outside.port()));
        let url = format!("http://{outside}/");
        assert!(matches!(fetcher.fetch(&url, 100).await, Err(FetchError::NotPublic(_))));
        assert!(fetcher.fetch(&url, 100).await.is_err());
    }

    #[tokio::test]
    async fn what_is_fetched_has_a_greatest_size() {
        let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(500));
        let missing = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
        let address = server(vec![ok("a picture"), ok(&"x".repeat(200)), endless, missing]).await;
        let fetcher = fetcher("127.0.0.1");
        let url = format!("http://{address}/a.png");
        assert_eq!(fetcher.fetch(&url, 100).await.as_deref(), Ok(&b"a picture"[..]));
        assert_eq!(fetcher.fetch(&url, 100).await, Err(FetchError::TooLarge(100)), "it says so");
        assert_eq!(fetcher.fetch(&url, 100).await, Err(FetchError::TooLarge(100)), "it does not say so");
        assert_eq!(fetcher.fetch(&url, 100).await, Err(FetchError::Status(404)));
        assert!(matches!(fetcher.fetch(&url, 100).await, Err(FetchError::Failed(_))));
    }

    #[test]
    fn hosts_are_hosts() {
        assert_eq!(
            "A.internal:9000, 10.0.0.1".parse(),
            Ok(PrivateHosts(vec!["a.internal:9000".into(), "10.0.0.1".into()]))
        );
        for wrong in ["http://x", "a b", "x/y", "u@x"] {
            assert!(wrong.parse::<PrivateHosts>().is_err(), "{wrong}");
        }
    }
}
