//! The values that settings take, where the standard ones do not do.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
};

use clap::ValueEnum;
use ipnet::{IpNet, Ipv4Net};
use model::{Currency, Language, text};
use tracing_subscriber::EnvFilter;
use url::Url;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    /// The embedded engine, on this file.
    Sqlite(PathBuf),
    /// PostgreSQL, at this URL, which was not read yet.
    Postgres(String),
}

impl FromStr for Database {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            // Read where it is used: an error from here would be told with the whole value, and that holds a password.
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite:").ok_or(
            "must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, for example sqlite:/srv/shop/shop.db",
        )?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('?') || path == ":memory:" {
            return Err("must name a file: sqlite:PATH, for example sqlite:/srv/shop/shop.db".to_owned());
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

/// An address that others reach, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(pub(crate) String);

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = "must be http:// or https:// and a host, without a path, for example https://shop.example.com";
        let url = Url::parse(text).map_err(|_| allowed.to_owned())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if is_plain { Ok(Self(url.origin().ascii_serialization())) } else { Err(allowed.to_owned()) }
    }
}

/// Currencies, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CurrencyList(pub(crate) Vec<Currency>);

impl FromStr for CurrencyList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mut currencies: Vec<Currency> = Vec::new();
        for currency in entries.map(str::parse::<Currency>) {
            let currency = currency?;
            if currencies.contains(&currency) {
                return Err(format!("`{currency}` is there twice"));
            }
            currencies.push(currency);
        }
        Ok(Self(currencies))
    }
}

/// Languages, at least one, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LanguageList(pub(crate) Vec<Language>);

impl FromStr for LanguageList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mut languages: Vec<Language> = Vec::new();
        for language in entries.map(str::parse::<Language>) {
            let language = language?;
            if languages.contains(&language) {
                return Err(format!("`{language}` is there twice"));
            }
            languages.push(language);
        }
        if languages.is_empty() {
            Err("must name at least one language, such as en".to_owned())
        } else {
            Ok(Self(languages))
        }
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProxyList(pub(crate) Vec<IpNet>);

impl FromStr for ProxyList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| {
            let address = entry.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| entry.parse::<IpNet>()).map(canonical).map_err(|_| {
                format!("`{entry}` is neither an address nor a network; allowed are entries such as 10.0.0.0/8 and ::1")
            })
        };
        entries.map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// IPv4 as such, also where it was written as IPv6 (`::ffff:10.0.0.1`): peers are compared as such.
fn canonical(network: IpNet) -> IpNet {
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(six), IpAddr::V4(four)) if six.prefix_len() >= 96 => {
            Ipv4Net::new(four, six.prefix_len() - 96).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

/// The origins whose pages may call the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OriginList(pub(crate) web::AllowedOrigins);

impl FromStr for OriginList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries: Vec<_> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries == ["*"] {
            return Ok(Self(web::AllowedOrigins::Any));
        }
        let origin = |entry: &&str| {
            let url = entry.parse::<PublicUrl>();
            url.map(|url| url.0).map_err(|_| {
                format!("`{entry}` is no origin; allowed are entries such as https://shop.example.com, or * alone")
            })
        };
        entries.iter().map(origin).collect::<Result<_, _>>().map(web::AllowedOrigins::These).map(Self)
    }
}

/// What reading the metrics takes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MetricsToken(pub(crate) String);

impl FromStr for MetricsToken {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_sound = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_sound {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 16 or more printable ASCII characters".to_owned())
        }
    }
}

/// Without the secret.
impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken(..)")
    }
}

/// How customers sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignUp {
    /// With a code that proves the address; sign-up tells nobody whether an address is known
    Verify,
    /// Signed in at once; sign-up then tells whether an address is known
    Immediate,
}

/// What becomes of new reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reviews {
    /// They wait until the staff have looked at them
    Moderated,
    /// Everybody sees them at once
    Immediate,
    /// There are no new ones
    Off,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON otherwise
    Auto,
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

/// What is logged, in the syntax of `tracing_subscriber`'s filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// The filter.
    pub(crate) fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A lone word that is no level would be taken for a part of the program, and silence everything.
        let words = text.split(',').map(str::trim);
        let is_level = |word: &str| ["error", "warn", "info", "debug", "trace", "off"].contains(&word);
        let is_sound = words.clone().all(|word| is_level(&word.to_lowercase()) || word.contains('='));
        match EnvFilter::try_new(text) {
            Ok(_) if is_sound => Ok(Self(text.to_owned())),
            _ => Err("must be a level (error, warn, info, debug, trace, off), or several entries such as \
                      info,cartwright_web=debug"
                .to_owned()),
        }
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole number within these bounds.
pub(super) fn whole<N>(allowed: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: FromStr + PartialOrd + fmt::Display + Clone + Send + Sync + 'static,
{
    move |text: &str| {
        let (least, most) = (allowed.start(), allowed.end());
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<N>() {
            Ok(number) if allowed.contains(&number) => Ok(number),
            _ if is_number => Err(format!("{text} is not in {least}..={most}")),
            _ => Err(format!("must be a whole number in {least}..={most}")),
        }
    }
}

/// Where to listen.
pub(super) fn listen(address: &str) -> Result<SocketAddr, String> {
    address.parse().map_err(|_| "must be an IP address and a port, for example 127.0.0.1:8080 or [::]:8080".to_owned())
}

/// Where pictures are kept: a folder, or a bucket that has a name.
pub(super) fn media(place: &str) -> Result<String, String> {
    let bucket = match place.strip_prefix("s3:") {
        Some(bucket) => bucket.strip_prefix("//").and_then(|path| path.split('/').next()),
        // A folder of that name would be made, and nobody would notice.
        None if place.contains("://") => None,
        None => return Ok(place.to_owned()),
    };
    match bucket {
        Some(bucket) if !bucket.trim().is_empty() => Ok(place.to_owned()),
        _ => Err("must be a folder, or s3://BUCKET/PREFIX, for example s3://shop/pictures".to_owned()),
    }
}

/// What the shop is called.
pub(super) fn shop_name(name: &str) -> Result<String, String> {
    text::line("", name, 80).map_err(|wrong| wrong.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_files_or_servers() {
        let sqlite = |path: &str| Ok(Database::Sqlite(PathBuf::from(path)));
        assert_eq!("sqlite:shop.db".parse::<Database>(), sqlite("shop.db"));
        assert_eq!("sqlite:///srv/shop.db".parse::<Database>(), sqlite("/srv/shop.db"));
        assert_eq!("sqlite:/srv/shop.db".parse::<Database>(), sqlite("/srv/shop.db"));
        for wrong in ["", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a?mode=ro", "mysql://x", "/srv/shop.db"] {
            assert!(wrong.parse::<Database>().is_err(), "{wrong}");
        }
        let url = "postgres://u:p@a:5432,b:5432/shop?sslmode=require";
        assert_eq!(url.parse::<Database>(), Ok(Database::Postgres(url.to_owned())));
    }

    #[test]
    fn public_urls_have_no_path() {
        let good = [("https://shop.example.com/", "https://shop.example.com"), ("http://[::1]:80", "http://[::1]")];
        for (text, url) in good {
            assert_eq!(text.parse::<PublicUrl>(), Ok(PublicUrl(url.to_owned())));
        }
        for wrong in ["", "shop.example.com", "ftp://a", "https://a/b", "https://a?b", "https://u:p@a", "mailto:a@b"] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn buckets_have_a_name() {
        for place in ["", "media", "/srv/shop/media", "s3://shop", "s3://shop/", "s3://shop/pictures/new"] {
            assert_eq!(media(place), Ok(place.to_owned()));
        }
        for wrong in [
            "s3:",
            "s3:shop",
            "s3:/shop",
            "s3://",
            "s3:///pictures",
            "s3:// /pictures",
            "gs://shop",
            "file:///srv/media",
        ] {
            assert!(media(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_whole_and_within_their_bounds() {
        let workers = whole::<u16>(1..=1024);
        assert_eq!((workers("1"), workers("1024")), (Ok(1), Ok(1024)));
        for wrong in ["0", "1025", "99999999"] {
            assert_eq!(workers(wrong), Err(format!("{wrong} is not in 1..=1024")));
        }
        for wrong in ["four", "1.5", "-1", ""] {
            assert_eq!(workers(wrong), Err("must be a whole number in 1..=1024".to_owned()));
        }
    }

    #[test]
    fn currencies_are_there_once() {
        let list: CurrencyList = "USD, EUR,".parse().expect("sound");
        assert_eq!(list.0.iter().map(ToString::to_string).collect::<Vec<_>>(), ["USD", "EUR"]);
        assert_eq!("".parse::<CurrencyList>(), Ok(CurrencyList::default()));
        assert_eq!("USD,EUR,USD".parse::<CurrencyList>(), Err("`USD` is there twice".to_owned()));
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let list: ProxyList = "10.0.0.0/8, 192.0.2.1,::1".parse().expect("sound");
        let shown: Vec<_> = list.0.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]);
        let list: ProxyList = "::ffff:127.0.0.1, ::ffff:10.0.0.0/104, 2001:db8::/32".parse().expect("sound");
        let shown: Vec<_> = list.0.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]);
        assert_eq!("".parse::<ProxyList>(), Ok(ProxyList::default()));
        assert!("10.0.0.0/33".parse::<ProxyList>().is_err());
        assert!("proxy.example.com".parse::<ProxyList>().is_err());
    }

    #[test]
    fn filters_that_would_silence_everything_are_refused() {
        for good in ["info", "WARN", "info,cartwright_web=debug", "cartwright_web=trace", "off"] {
            assert!(good.parse::<LogFilter>().is_ok(), "{good}");
        }
        for wrong in ["loud", "web", "info,web", "web=loud", ""] {
            assert!(wrong.parse::<LogFilter>().is_err(), "{wrong}");
        }
    }
}
