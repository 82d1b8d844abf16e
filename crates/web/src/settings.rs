//! What the operator sets about the HTTP side.

use std::time::Duration;

use commerce::catalogue::SoldIn;
use ipnet::IpNet;
use model::{Currency, Language};

/// Whether a new customer proves the address first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpMode {
    /// The address is proven with a code before anybody is signed in. Sign-up answers the same for new and known
    /// addresses.
    #[default]
    Verify,
    /// Signed in at once. Sign-up then tells whether an address is known.
    Immediate,
}

impl SignUpMode {
    /// As the settings and `GET /v1/shop` say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Immediate => "immediate",
        }
    }
}

/// What becomes of a new review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewMode {
    /// It waits until the staff have looked at it.
    #[default]
    Moderated,
    /// Everybody sees it at once.
    Immediate,
    /// There are no new ones.
    Off,
}

impl ReviewMode {
    /// As the settings and `GET /v1/shop` say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moderated => "moderated",
            Self::Immediate => "immediate",
            Self::Off => "off",
        }
    }
}

/// The origins (RFC 6454) whose pages may call the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// All. Nothing is opened by it that any program could not reach: the API knows tokens and no cookies.
    Any,
    /// These, as browsers write them: `https://shop.example.com`.
    These(Vec<String>),
}

impl Default for AllowedOrigins {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

/// The settings of the HTTP side.
#[derive(Clone)]
pub struct Settings {
    /// What the shop is called, unless it was given a name in its settings.
    pub shop_name: String,
    /// The folder of the pictures under `/pictures/`, if there is one.
    pub pictures: Option<std::path::PathBuf>,
    /// Whether mails stay in the mailbox page, because no server is configured to take them.
    pub mail_goes_nowhere: bool,
    /// Where shoppers reach the shop, without a slash at the end: `https://shop.example.com`.
    pub public_url: String,
    /// The shop's currency, unless another was chosen in its settings, and the others that there are prices in.
    pub sold_in: SoldIn,
    /// The languages of the catalogue's texts; the first is the one that the texts themselves are in, the others are
    /// translations.
    pub languages: Vec<Language>,
    /// How customers sign up.
    pub sign_up: SignUpMode,
    /// What becomes of a new review.
    pub reviews: ReviewMode,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins whose pages may call the API, beside our own.
    pub allowed_origins: AllowedOrigins,
    /// What reading the metrics takes; without it they are for this machine alone.
    pub metrics_token: Option<String>,
    /// Whether this is a demonstration on loopback: the mailbox page needs no sign-in then.
    pub demo: bool,
    /// How much of everything is allowed.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shop_name: "Cartwright".to_owned(),
            pictures: None,
            mail_goes_nowhere: false,
            public_url: "http://127.0.0.1:8080".to_owned(),
            sold_in: SoldIn { own: Currency::EUR, others: Vec::new() },
            languages: vec![Language::english()],
            sign_up: SignUpMode::Verify,
            reviews: ReviewMode::Moderated,
            trusted_proxies: Vec::new(),
            allowed_origins: AllowedOrigins::default(),
            metrics_token: None,
            demo: false,
            limits: Limits::default(),
        }
    }
}

/// How much of everything is allowed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue until one closes.
    pub connections: usize,
    /// How long a client may take to send the head of a request.
    pub head_timeout: Duration,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
    /// How long a client may leave lying what there is for it, or take next to nothing of it.
    pub send_timeout: Duration,
    /// How long a client may take to send a body, of any kind; a second longer for each 64 KiB, within `request_timeout`.
    pub body_timeout: Duration,
    /// The largest body of a request in bytes.
    pub body_bytes: usize,
    /// How long a request may take to be answered.
    pub request_timeout: Duration,
    /// How long requests are still taken when the server was told to stop, and says so on `/readyz`.
    pub stop_delay: Duration,
    /// How long in-flight requests may take to finish when the server stops.
    pub stop_timeout: Duration,
    /// From when a request is slow enough to be logged as a warning.
    pub slow: Duration,
    /// The memory for cached replies, in bytes.
    pub cache_bytes: u64,
    /// Sign-ups from one address in a burst; one a second comes back.
    pub sign_ups_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            send_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            body_bytes: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            stop_delay: Duration::ZERO,
            stop_timeout: Duration::from_secs(30),
            slow: Duration::from_secs(1),
            cache_bytes: 16 * 1024 * 1024,
            sign_ups_per_address: 2_000,
        }
    }
}
