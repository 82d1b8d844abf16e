//! Reaching the server: the URL, TLS, the pool.

use std::{
    future::{Future, pending},
    pin::Pin,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode, TargetSessionAttrs},
    error::SqlState,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Fault, OpenError, Remedy, text};

/// How our sessions are. Nobody may keep others waiting for a lock for longer than a caller waits for us. And each statement of
/// ours has an index for what it looks for: a plan that is made while a table is small, and kept while it grows (those of
/// foreign keys among them), must not read all of it.
const SESSION: &str = "-c lock_timeout=3s -c idle_in_transaction_session_timeout=10s -c enable_seqscan=off \
     -c plan_cache_mode=force_generic_plan -c jit=off";
/// The oldest server that the test-suite would be run on.
const SERVER_MIN: i64 = 140_000;
/// How long to wait for a server to let us in, from the first byte to the first answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long the server that was right the last time goes before the others, when there are several.
const HEAD_START: Duration = Duration::from_millis(300);
/// How long a caller waits for a free connection.
const WAIT_LIMIT: Duration = Duration::from_secs(5);
/// After this long without an answer to what was sent, a connection is given up by the system.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);
/// The same where nobody waits: see [`Options::be_patient`].
const TCP_USER_TIMEOUT_LONG: Duration = Duration::from_secs(600);

/// The most bytes of a name in the server's list of connections.
const NAME_MAX: usize = 63;

/// Where systems keep the certificates of the public authorities: Debian, Fedora, Alpine.
const AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// How the database is reached.
#[derive(Clone, Debug)]
pub struct Options {
    config: Config,
    tls: Tls,
    /// The most connections.
    pub connections: usize,
    /// Whether statements are prepared once a connection. Quicker, but not possible through a pooler that hands the
    /// connection to others between transactions (`prepare=off` in the URL).
    pub is_prepared: bool,
}

/// What of TLS is asked for, in the words of libpq's `sslmode`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tls {
    /// Encrypt if the server can (`prefer`) or must (`require`), whoever it is.
    Unverified,
    /// `verify-full`: the certificate must be for the host and from an authority of this file, or a public one.
    Verified { root_cert: Option<String> },
}

impl Options {
    /// The most connections unless it is set.
    pub const CONNECTIONS: usize = 16;

    /// Reads a URL such as `postgres://user:password@host:5432/database?sslmode=verify-full`. Several hosts may stand side by
    /// side (`host1:5432,host2:5432`); the one that can be written to is used. Of libpq's parameters, `sslmode` (`disable`,
    /// `prefer`, `require`, `verify-full`), `sslrootcert`, `target_session_attrs`, `connect_timeout`, `application_name` and the
    /// keepalive ones are known; `prepare=off` is ours.
    ///
    /// # Errors
    /// What of it is wrong. The password is not repeated.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let encode = || {
            OpenError::Url(
                "special characters in user, password and parameters must be percent-encoded (@ is %40)".to_owned(),
            )
        };
        // The host begins behind the first one, so that what follows of the password would be taken for it, and told.
        if url.matches('@').count() > 1 {
            return Err(encode());
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut mode, mut root_cert, mut is_prepared) = (Vec::new(), None, None, true);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslmode", value) => mode = Some(value.to_owned()),
                ("sslrootcert", value) => root_cert = Some(value.replace("%2F", "/").replace("%2f", "/")),
                ("prepare", "on") => is_prepared = true,
                ("prepare", "off") => is_prepared = false,
                ("prepare", _) => return Err(OpenError::Url("`prepare` must be `on` or `off`".to_owned())),
                _ => kept.push(pair),
            }
        }
        let plain = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
        let mut config = Config::from_str(&plain).map_err(|error| OpenError::Url(text(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(OpenError::Url("it names no host".to_owned()));
        }
        if config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if !is_host_name(name))) {
            return Err(encode());
        }
        if config.get_user().is_none() {
            return Err(OpenError::Url("it names no user; write postgres://user:password@host/database".to_owned()));
        }
        let (ssl_mode, tls) = match (mode.as_deref(), root_cert) {
            (Some("disable"), _) => (SslMode::Disable, Tls::Unverified),
            (None | Some("prefer"), None) => (SslMode::Prefer, Tls::Unverified),
            (Some("require"), None) => (SslMode::Require, Tls::Unverified),
            (Some("verify-full"), root_cert) => (SslMode::Require, Tls::Verified { root_cert }),
            (None | Some("prefer" | "require"), _) => {
                return Err(OpenError::Url("`sslrootcert` needs `sslmode=verify-full`".to_owned()));
            }
            (Some(other), _) => {
                let known = "disable, prefer, require or verify-full";
                return Err(OpenError::Url(format!("sslmode `{other}` is unknown; it must be {known}")));
            }
        };
        config.ssl_mode(ssl_mode);
        if !query.contains("target_session_attrs=") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(TCP_USER_TIMEOUT);
        }
        // A pooler takes no options; it has its own.
        if is_prepared {
            let own = config.get_options().map(|options| format!("{options} ")).unwrap_or_default();
            config.options(format!("{own}{SESSION}"));
        }
        let shown = shown_name(config.get_application_name());
        config.application_name(shown);
        Ok(Self { config, tls, connections: Self::CONNECTIONS, is_prepared })
    }

    /// Sets the name that the server's list of connections shows. A shop that is open is called `cartwright`, or `cartwright: NAME` where
    /// its URL gives it a name: whoever copies it must see that it is open.
    pub fn name(&mut self, name: &str) {
        self.config.application_name(name);
    }

    /// Gives a connection up only after a long silence, unless the URL says when: for work during which the server reads nothing of
    /// what was sent while it is busy with what was sent before.
    pub fn be_patient(&mut self) {
        if self.config.get_tcp_user_timeout() == Some(&TCP_USER_TIMEOUT) {
            self.config.tcp_user_timeout(TCP_USER_TIMEOUT_LONG);
        }
    }

    /// The same for libpq, which PostgreSQL's own programs use, as environment variables.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let ports = self.config.get_ports().iter().map(u16::to_string);
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        // Each program connects anew, and one of several servers may be a standby that is behind.
        let attributes = match self.config.get_target_session_attrs() {
            TargetSessionAttrs::ReadWrite => "read-write",
            TargetSessionAttrs::ReadOnly => "read-only",
            _ => "any",
        };
        let (mode, root_cert) = match (&self.tls, self.config.get_ssl_mode()) {
            (Tls::Verified { root_cert }, _) => ("verify-full", root_cert.clone().unwrap_or_else(public_authorities)),
            (Tls::Unverified, SslMode::Disable) => ("disable", String::new()),
            (Tls::Unverified, SslMode::Require) => ("require", String::new()),
            (Tls::Unverified, _) => ("prefer", String::new()),
        };
        let password = self.config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let all = [
            ("PGHOST", hosts.collect::<Vec<_>>().join(",")),
            ("PGPORT", ports.collect::<Vec<_>>().join(",")),
            ("PGUSER", text(self.config.get_user())),
            ("PGPASSWORD", password.unwrap_or_default()),
            ("PGDATABASE", text(self.config.get_dbname().or(self.config.get_user()))),
            ("PGTARGETSESSIONATTRS", attributes.to_owned()),
            ("PGSSLMODE", mode.to_owned()),
            ("PGSSLROOTCERT", root_cert),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Where the database is, without user and password.
    #[must_use]
    pub fn server(&self) -> String {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => format!("{} (port {port})", path.display()),
            }
        });
        hosts.collect::<Vec<_>>().join(",")
    }
}

/// What the server's list of connections shows of a shop to which its URL gives this name.
fn shown_name(given: Option<&str>) -> String {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return "cartwright".to_owned() };
    let mut shown = format!("cartwright: {given}");
    shown.truncate(shown.floor_char_boundary(NAME_MAX));
    shown
}

/// Where libpq finds the certificates of the public authorities: a file of the system's. By the word `system` it asks its OpenSSL for them, but
/// knows that only since version 16.
fn public_authorities() -> String {
    let file = AUTHORITIES.iter().find(|path| std::path::Path::new(path).is_file());
    (*file.unwrap_or(&"system")).to_owned()
}

/// Whether it can be a name or an address: letters of any script, and what stands between them.
fn is_host_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || "-._:%".contains(c))
}

/// The pool of connections; none is made yet.
///
/// # Errors
/// The certificates of TLS cannot be read.
pub(crate) fn pool(options: &Options) -> Result<Pool, OpenError> {
    let connector = ToTheRightOne {
        tls: MakeRustlsConnect::new(tls_config(&options.tls)?),
        hosts: each_host(&options.config).into(),
        last: Arc::default(),
    };
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(options.config.clone(), connector, manager_config);
    let timeouts = Timeouts { wait: Some(WAIT_LIMIT), create: Some(CONNECT_LIMIT + HEAD_START * 2), recycle: None };
    let pool =
        Pool::builder(manager).max_size(options.connections.max(1)).timeouts(timeouts).runtime(Runtime::Tokio1).build();
    pool.map_err(|error| OpenError::Url(error.to_string()))
}

/// Closes the connections of `pool` that nobody uses, when `fault` says that their server is of no use any more: each would be
/// found out by another caller, and a silent one by a long wait.
pub(crate) fn part_if_gone(pool: &Pool, fault: &Fault) {
    if matches!(fault.remedy, Remedy::Leave | Remedy::GiveUp) {
        pool.retain(|_, _| false);
    }
}

/// The configuration for each of the hosts by itself.
fn each_host(config: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let one = |at: usize| {
        let mut one = Config::new();
        let host = &hosts[at];
        match host {
            Host::Tcp(name) => one.host(name),
            Host::Unix(path) => one.host_path(path),
        };
        if let Some(address) = addresses.get(at) {
            one.hostaddr(*address);
        }
        one.port(ports.get(at).or(ports.first()).copied().unwrap_or(5432));
        one.ssl_mode(config.get_ssl_mode()).target_session_attrs(config.get_target_session_attrs());
        one.keepalives(config.get_keepalives()).keepalives_idle(config.get_keepalives_idle());
        config.get_user().map(|user| one.user(user));
        config.get_dbname().map(|name| one.dbname(name));
        config.get_options().map(|options| one.options(options));
        config.get_application_name().map(|name| one.application_name(name));
        config.get_password().map(|password| one.password(password));
        config.get_connect_timeout().map(|limit| one.connect_timeout(*limit));
        config.get_tcp_user_timeout().map(|limit| one.tcp_user_timeout(*limit));
        one
    };
    (0..hosts.len()).map(one).collect()
}

/// Connects to that one of several servers which takes writes. They are asked beside each other, and not one after the other: a
/// server that is frozen lets anybody in and then says nothing.
#[derive(Clone)]
struct ToTheRightOne {
    tls: MakeRustlsConnect,
    hosts: Arc<[Config]>,
    /// Which one it was the last time.
    last: Arc<AtomicUsize>,
}

type Connected = Result<(tokio_postgres::Client, JoinHandle<()>), tokio_postgres::Error>;

impl Connect for ToTheRightOne {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Connected> + Send + '_>> {
        Box::pin(async move {
            let last = self.last.load(Ordering::Relaxed);
            let mut tries = JoinSet::new();
            for at in 0..self.hosts.len() {
                let (config, tls) = (self.hosts[at].clone(), self.tls.clone());
                let pause = if at == last { Duration::ZERO } else { HEAD_START };
                tries.spawn(async move {
                    tokio::time::sleep(pause).await;
                    (at, tokio::time::timeout(CONNECT_LIMIT, connect_one(config, tls)).await)
                });
            }
            let mut failed = None;
            while let Some(tried) = tries.join_next().await {
                match tried {
                    Ok((at, Ok(Ok(connected)))) => {
                        self.last.store(at, Ordering::Relaxed);
                        return Ok(connected);
                    }
                    // What the server said that was right the last time tells more than what a standby says.
                    Ok((at, Ok(Err(error)))) if at == last || failed.is_none() => failed = Some(error),
                    Ok(_) | Err(_) => {}
                }
            }
            match failed {
                Some(error) => Err(error),
                // Nobody said anything. The pool's limit is about to tell so.
                None => pending().await,
            }
        })
    }
}

async fn connect_one(mut config: Config, tls: MakeRustlsConnect) -> Connected {
    // Nobody listens in on a Unix socket, and it has no name that a certificate could be for.
    if matches!(config.get_hosts(), [Host::Unix(_)]) {
        let (client, connection) = config.ssl_mode(SslMode::Disable).connect(NoTls).await?;
        return Ok((client, tokio::spawn(drive(connection))));
    }
    let (client, connection) = config.connect(tls).await?;
    Ok((client, tokio::spawn(drive(connection))))
}

async fn drive(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the database ended");
    }
}

/// The first connection, to a server that will do.
///
/// # Errors
/// Why there is none.
pub(crate) async fn connect(pool: &Pool, options: &Options) -> Result<Object, OpenError> {
    let server = options.server();
    let client = pool.get().await.map_err(|error| refused(server.clone(), error))?;
    let asked = async {
        let row = client.query_typed("SELECT current_setting('server_version_num')::BIGINT, current_setting('server_version'), current_setting('server_encoding')", &[]).await?;
        let row = row.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        row.transpose()
    };
    let found: Result<Option<(i64, String, String)>, tokio_postgres::Error> = asked.await;
    let unreachable = |reason: String| OpenError::Unreachable { server: server.clone(), reason };
    let (number, version, encoding) = found
        .map_err(|error| unreachable(text(&error)))?
        .ok_or_else(|| unreachable("it says nothing of its version".to_owned()))?;
    if number < SERVER_MIN {
        return Err(OpenError::OldServer { server, found: version });
    }
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    Ok(client)
}

fn refused(server: String, error: PoolError) -> OpenError {
    let PoolError::Backend(error) = error else {
        let reason = match error {
            PoolError::Timeout(_) => "no answer in time".to_owned(),
            error => error.to_string(),
        };
        return OpenError::Unreachable { server, reason };
    };
    let reason = text(&error);
    let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
    match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            OpenError::Denied { server, reason }
        }
        _ if reason.contains("unsupported startup parameter") => OpenError::Pooler { server, reason },
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => OpenError::NoDatabase { server, reason },
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => OpenError::Full { server, reason },
        None if says(&["does not allow writes"]) => OpenError::ReadOnly { server, reason },
        None if says(&["does not support TLS", "certificate", "TLS handshake"]) => OpenError::Tls { server, reason },
        _ => OpenError::Unreachable { server, reason },
    }
}

fn tls_config(tls: &Tls) -> Result<ClientConfig, OpenError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Url(error.to_string()))?;
    let builder = match tls {
        Tls::Unverified => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))),
        Tls::Verified { root_cert } => builder.with_root_certificates(roots(root_cert.as_deref())?),
    };
    Ok(builder.with_no_client_auth())
}

fn roots(path: Option<&str>) -> Result<RootCertStore, OpenError> {
    let Some(path) = path else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let wrong = |reason: String| OpenError::Certificates { path: path.to_owned(), reason };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        store.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if store.is_empty() { Err(wrong("it holds no certificate".to_owned())) } else { Ok(store) }
}

/// Takes any certificate: `sslmode=require` asks for encryption and not for proof, as in libpq.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let options = Options::parse("postgres://u:p@a:5432,b:5433/shop").expect("a URL");
        assert_eq!(options.server(), "a:5432,b:5433");
        assert_eq!(options.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert!(options.is_prepared);
        let options = Options::parse("postgres://u@h/shop?sslmode=require&prepare=off").expect("a URL");
        assert_eq!((options.tls, options.is_prepared), (Tls::Unverified, false));
        let options = Options::parse("postgres://u@h/shop?sslmode=verify-full&sslrootcert=%2Fca.pem").expect("a URL");
        assert_eq!(options.tls, Tls::Verified { root_cert: Some("/ca.pem".to_owned()) });
    }

    #[test]
    fn a_shop_is_known_by_its_name_whatever_the_url_calls_it() {
        let long = format!("?application_name={}", "x".repeat(80));
        let cut = format!("cartwright: {}", "x".repeat(51));
        for (query, expected) in [
            ("", "cartwright"),
            ("?application_name=", "cartwright"),
            ("?application_name=corner%20shop", "cartwright: corner shop"),
            ("?application_name=cartwright-copy", "cartwright: cartwright-copy"),
            (long.as_str(), cut.as_str()),
        ] {
            let mut options = Options::parse(&format!("postgres://u@h/shop{query}")).expect("a URL");
            assert_eq!(options.config.get_application_name(), Some(expected), "{query}");
            options.name("cartwright-copy");
            let one = each_host(&options.config).pop().expect("a host");
            assert_eq!(one.get_application_name(), Some("cartwright-copy"), "{query}");
        }
    }

    #[test]
    fn programs_of_postgresql_are_told_which_server_is_meant() {
        for (url, expected) in [
            ("postgres://u@a:5432,b:5433/shop", "read-write"),
            ("postgres://u@a:5432,b:5433/shop?target_session_attrs=any", "any"),
        ] {
            let told = Options::parse(url).expect("a URL").environment();
            let told = told.iter().find(|(name, _)| *name == "PGTARGETSESSIONATTRS");
            assert_eq!(told.map(|(_, value)| value.as_str()), Some(expected), "{url}");
        }
    }

    #[test]
    fn patience_is_as_the_url_says() {
        for (url, expected) in [("postgres://u@h/shop", 600), ("postgres://u@h/shop?tcp_user_timeout=9", 9)] {
            let mut options = Options::parse(url).expect("a URL");
            options.be_patient();
            let one = each_host(&options.config).pop().expect("a host");
            assert_eq!(one.get_tcp_user_timeout(), Some(&Duration::from_secs(expected)), "{url}");
        }
    }

    #[test]
    fn wrong_urls_are_told_without_the_password() {
        for url in [
            "postgres://u:s3cret@h:x/shop",
            "postgres://u:s3cret@h/shop?sslmode=maybe",
            "postgres://u:s3cret@h/shop?prepare=perhaps",
            "postgres://u:s3cret@h/shop?sslmode=require&sslrootcert=/ca.pem",
            "postgres://u:s3cret@h/shop?nonsense=1",
            "postgres:///shop",
            "postgres://u:pa@s3cret@h/shop",
            "postgres://u:pa@h/s3cret@h/shop",
            "postgres://u:pa@h?s3cret=@h/shop",
            "postgres://u@s3cret h/shop",
        ] {
            let error = Options::parse(url).expect_err(url).to_string();
            assert!(!error.contains("s3cret") && !error.contains('\n'), "{url}: {error}");
        }
    }

    #[test]
    fn special_characters_must_be_encoded() {
        for url in ["postgres://u:pa@ss@h/shop", "postgres://u:p@a b/shop", "postgres://u:p@h!/shop"] {
            let error = Options::parse(url).expect_err(url).to_string();
            assert!(error.contains("@ is %40"), "{url}: {error}");
        }
        let options = Options::parse("postgres://u:pa%40s%2Fs@[fe80::1%25eth0]:5433,h-1.example/shop").expect("a URL");
        assert_eq!(options.config.get_password(), Some(&b"pa@s/s"[..]));
        let options = Options::parse("postgres://u@%2Frun%2Fpostgresql/shop").expect("a URL");
        assert!(matches!(options.config.get_hosts(), [Host::Unix(_)]));
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let verified = |path: &str| tls_config(&Tls::Verified { root_cert: Some(path.to_owned()) });
        assert!(verified("/nonexistent.pem").is_err());
        assert!(verified("/dev/null").is_err());
    }
}
