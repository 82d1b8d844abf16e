//! What can be set: by a flag, by `CARTWRIGHT_*`, or in a TOML file, all under one name.
//!
//! To add one: a field here (the help says what is allowed), its use, its row in `docs/configuration.md`.

mod values;
mod variables;

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use model::Currency;
use pictures::PrivateHosts;

pub(crate) use values::{
    CurrencyList, Database, LanguageList, LogFilter, LogFormat, MetricsToken, OriginList, ProxyList, PublicUrl,
    Reviews, SignUp,
};
pub(crate) use variables::{not_utf8, tell_of_unknown};

/// How the shop is set up.
#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    /// Read settings from this TOML file, whose keys are the names of the flags.
    ///
    /// Without it, `cartwright.toml` in the data folder is read if it is there.
    #[arg(long, env = "CARTWRIGHT_CONFIG", value_name = "FILE", global = true, help_heading = "Data")]
    pub(crate) config: Option<PathBuf>,

    /// The folder of everything that is kept: database, keys, templates. Made when it is not there.
    ///
    /// `cartwright-data` when it is not given, `cartwright-demo` for the demo.
    #[arg(long, env = "CARTWRIGHT_DATA", value_name = "DIR", global = true, help_heading = "Data")]
    pub(crate) data: Option<PathBuf>,

    /// The database: sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE.
    ///
    /// `sqlite:` and `shop.db` in the data folder when it is not given.
    #[arg(
        long,
        env = "CARTWRIGHT_DATABASE",
        value_name = "URL",
        hide_env_values = true,
        global = true,
        help_heading = "Data"
    )]
    pub(crate) database: Option<Database>,

    /// The most connections to a PostgreSQL server that this process holds.
    #[arg(long, env = "CARTWRIGHT_DATABASE_CONNECTIONS", value_name = "N", default_value_t = 16, global = true,
        value_parser = values::whole::<u16>(2..=1000), help_heading = "Data")]
    pub(crate) database_connections: u16,

    /// Where pictures are kept: a folder, or s3://BUCKET/PREFIX with the keys in the environment.
    ///
    /// `media` in the data folder when it is not given.
    #[arg(long, env = "CARTWRIGHT_MEDIA", value_name = "PLACE", global = true, value_parser = values::media,
        help_heading = "Data")]
    pub(crate) media: Option<String>,

    /// Hosts on private networks that pictures may be imported from, as HOST or HOST:PORT with commas between them.
    ///
    /// Pictures are fetched from the public internet alone otherwise.
    #[arg(
        long,
        env = "CARTWRIGHT_PICTURE_HOSTS",
        value_name = "LIST",
        default_value = "",
        global = true,
        hide_default_value = true,
        help_heading = "Data"
    )]
    pub(crate) picture_hosts: PrivateHosts,

    /// What the shop is called in its mails.
    #[arg(long, env = "CARTWRIGHT_SHOP_NAME", value_name = "NAME", default_value = "Cartwright", global = true,
        value_parser = values::shop_name, help_heading = "Shop")]
    pub(crate) shop_name: String,

    /// The shop's own currency: an ISO 4217 code in capitals, such as EUR.
    #[arg(
        long,
        env = "CARTWRIGHT_CURRENCY",
        value_name = "CODE",
        default_value = "EUR",
        global = true,
        help_heading = "Shop"
    )]
    pub(crate) currency: Currency,

    /// The other currencies that products can have prices in, with commas between them, such as USD,GBP.
    #[arg(
        long,
        env = "CARTWRIGHT_CURRENCIES",
        value_name = "LIST",
        default_value = "",
        global = true,
        hide_default_value = true,
        help_heading = "Shop"
    )]
    pub(crate) currencies: CurrencyList,

    /// The languages of the catalogue, with commas between them, such as en,de,pt-BR. Its texts are in the first one; the others
    /// are translations.
    #[arg(
        long,
        env = "CARTWRIGHT_LANGUAGES",
        value_name = "LIST",
        default_value = "en",
        global = true,
        help_heading = "Shop"
    )]
    pub(crate) languages: LanguageList,

    /// How customers sign up.
    #[arg(
        long,
        env = "CARTWRIGHT_SIGNUP",
        value_name = "HOW",
        default_value = "verify",
        global = true,
        help_heading = "Shop"
    )]
    pub(crate) signup: SignUp,

    /// What becomes of new reviews.
    #[arg(
        long,
        env = "CARTWRIGHT_REVIEWS",
        value_name = "HOW",
        default_value = "moderated",
        global = true,
        help_heading = "Shop"
    )]
    pub(crate) reviews: Reviews,

    /// What a password costs to hash, 10 to 15: one more is twice as slow, for the shop and for whoever guesses.
    #[arg(long, env = "CARTWRIGHT_BCRYPT_COST", value_name = "COST", default_value = "12", global = true,
        value_parser = values::whole::<u32>(identity::COST_MIN..=identity::COST_MAX),
        help_heading = "Shop")]
    pub(crate) bcrypt_cost: u32,

    /// Where to listen: an IP address and a port.
    #[arg(
        long,
        env = "CARTWRIGHT_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        global = true,
        value_parser = values::listen,
        help_heading = "HTTP"
    )]
    pub(crate) listen: SocketAddr,

    /// Where others reach this server: http:// or https://, a host, no path. In links, and in tokens as who issued them.
    ///
    /// The address that is listened on when it is not given.
    #[arg(long, env = "CARTWRIGHT_PUBLIC_URL", value_name = "URL", global = true, help_heading = "HTTP")]
    pub(crate) public_url: Option<PublicUrl>,

    /// Where the shop's pages are, when a storefront of its own stands before this server. Links in mails lead there.
    ///
    /// The public URL when it is not given.
    #[arg(long, env = "CARTWRIGHT_STOREFRONT_URL", value_name = "URL", global = true, help_heading = "HTTP")]
    pub(crate) storefront_url: Option<PublicUrl>,

    /// The proxies whose X-Forwarded-For is believed: addresses and networks with commas between them, such as
    /// 10.0.0.0/8,::1.
    #[arg(
        long,
        env = "CARTWRIGHT_TRUSTED_PROXIES",
        value_name = "LIST",
        default_value = "",
        global = true,
        hide_default_value = true,
        help_heading = "HTTP"
    )]
    pub(crate) trusted_proxies: ProxyList,

    /// The storefronts that call the API from browsers: their origins with commas between them, such as
    /// https://shop.example.com. `*` allows all.
    #[arg(
        long,
        env = "CARTWRIGHT_ALLOWED_ORIGINS",
        value_name = "LIST",
        default_value = "",
        global = true,
        hide_default_value = true,
        help_heading = "HTTP"
    )]
    pub(crate) allowed_origins: OriginList,

    /// What whoever reads /metrics must send as bearer token, at least 16 characters.
    ///
    /// Without it, /metrics answers only requests from this machine to localhost or a loopback address (127.0.0.1, [::1]) that came
    /// through no proxy.
    #[arg(
        long,
        env = "CARTWRIGHT_METRICS_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) metrics_token: Option<MetricsToken>,

    /// The most connections at a time; more wait.
    #[arg(long, env = "CARTWRIGHT_MAX_CONNECTIONS", value_name = "COUNT", default_value = "10000", global = true,
        value_parser = values::whole::<u32>(1..=1_000_000), help_heading = "HTTP")]
    pub(crate) max_connections: u32,

    /// The largest body of a request, in KiB.
    #[arg(long, env = "CARTWRIGHT_MAX_BODY_KIB", value_name = "KIB", default_value = "1024", global = true,
        value_parser = values::whole::<u32>(16..=65_536), help_heading = "HTTP")]
    pub(crate) max_body_kib: u32,

    /// How long a request may take, in seconds.
    #[arg(long, env = "CARTWRIGHT_REQUEST_TIMEOUT_SECS", value_name = "SECONDS", default_value = "30", global = true,
        value_parser = values::whole::<u32>(1..=600), help_heading = "HTTP")]
    pub(crate) request_timeout_secs: u32,

    /// For how long the program goes on when it was asked to stop, while /readyz says that it will, in seconds.
    ///
    /// More than the period in which a proxy asks, so that a rolling restart costs no request.
    #[arg(long, env = "CARTWRIGHT_STOP_DELAY_SECS", value_name = "SECONDS", default_value = "0", global = true,
        value_parser = values::whole::<u32>(0..=600), help_heading = "HTTP")]
    pub(crate) stop_delay_secs: u32,

    /// The threads that answer requests; as many as there are cores when it is not given.
    #[arg(long, env = "CARTWRIGHT_WORKERS", value_name = "COUNT", global = true,
        value_parser = values::whole::<u16>(1..=1024), help_heading = "HTTP")]
    pub(crate) workers: Option<u16>,

    /// The mail server: smtp://user:password@host:port or smtps://..., with the user and password percent-encoded.
    ///
    /// Better in the environment or in the file than as a flag, which every list of processes shows. Without it and
    /// without --mail-dir, mails go nowhere but to the built-in mailbox page.
    #[arg(
        long,
        env = "CARTWRIGHT_SMTP_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true,
        help_heading = "Mail"
    )]
    pub(crate) smtp_url: Option<String>,

    /// A folder that gets each mail as a file, in the place of a mail server.
    #[arg(long, env = "CARTWRIGHT_MAIL_DIR", value_name = "DIR", global = true, help_heading = "Mail")]
    pub(crate) mail_dir: Option<PathBuf>,

    /// The sender of all mails, such as `Shop <shop@example.com>`. Must be set when there is a mail server.
    #[arg(long, env = "CARTWRIGHT_MAIL_FROM", value_name = "SENDER", global = true, value_parser = mail::parse_from,
        help_heading = "Mail")]
    pub(crate) mail_from: Option<mail::Mailbox>,

    /// What is logged, by level (error, warn, info, debug, trace) and by part, such as
    /// info,cartwright_web=debug.
    #[arg(
        long,
        env = "CARTWRIGHT_LOG",
        value_name = "FILTER",
        default_value = "info",
        global = true,
        help_heading = "Log"
    )]
    pub(crate) log: LogFilter,

    /// How it is logged.
    #[arg(
        long,
        env = "CARTWRIGHT_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "auto",
        global = true,
        help_heading = "Log"
    )]
    pub(crate) log_format: LogFormat,
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;

    /// Every setting: a name that all three ways share, help, and its row in the documentation.
    #[test]
    fn every_setting_has_one_name_and_is_documented() {
        let page = include_str!("../../../docs/configuration.md");
        let command = Settings::augment_args(Command::new("settings"));
        let mut names = Vec::new();
        for arg in command.get_arguments() {
            let name = arg.get_long().expect("a long name");
            let env = format!("CARTWRIGHT_{}", name.replace('-', "_").to_uppercase());
            assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(env.as_str()));
            assert!(arg.get_help().is_some() && arg.is_global_set(), "{name}");
            let rows = page.lines().filter(|line| line.starts_with(&format!("| `{name}` |"))).count();
            assert_eq!(rows, 1, "docs/configuration.md has one row `{name}`");
            names.push(name);
        }
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let unknown: Vec<_> = rows.filter(|name| !names.contains(name)).collect();
        assert!(unknown.is_empty(), "docs/configuration.md lists what cannot be set: {unknown:?}");
    }

    #[test]
    fn the_page_tells_the_defaults() {
        let page = include_str!("../../../docs/configuration.md");
        let command = Settings::augment_args(Command::new("settings"));
        for arg in command.get_arguments() {
            let name = arg.get_long().expect("a long name");
            let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).expect("a row");
            for default in arg.get_default_values().iter().filter_map(|default| default.to_str()) {
                assert!(default.is_empty() || row.contains(&format!("`{default}`")), "{name}: {default}");
            }
        }
    }
}
