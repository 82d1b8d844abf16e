//! The URL of an SMTP server.

use std::{net::IpAddr, path::PathBuf};

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

/// What a transport's URL may be.
const ALLOWED: &str = "allowed are smtp://user:password@host:587 (STARTTLS; ?tls=required, opportunistic or none), \
                       smtps://user:password@host:465 (TLS), both with ?ca=/path/to/file.pem to trust more \
                       certificates, folder:/path/to/folder (a file a mail), and mailbox: (the built-in mailbox)";

/// A transport's URL that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key}: {what}; {ALLOWED}")]
pub struct TransportUrlError {
    key: String,
    what: String,
}

impl TransportUrlError {
    pub(super) fn new(key: &str, what: &str) -> Self {
        Self { key: key.to_owned(), what: what.to_owned() }
    }
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// STARTTLS if the server offers it.
    StartTlsIfOffered,
    /// None.
    Plain,
}

/// What an SMTP URL says.
pub(super) struct SmtpSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    /// A file of certificates to trust beside the public ones.
    pub(super) ca: Option<PathBuf>,
}

/// Reads an SMTP URL. The error says what is wrong and shows nothing of the URL that could be the password.
pub(super) fn parse(text: &str) -> Result<SmtpSettings, String> {
    let url = Url::parse(text.trim()).map_err(|e| {
        format!("is not a URL ({e}); special characters in user and password must be percent-encoded (@ is %40)")
    })?;
    let is_implicit = match url.scheme() {
        "smtps" => true,
        "smtp" => false,
        _ => return Err("starts with an unknown scheme".to_owned()),
    };
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']).to_owned();
    if host.is_empty() {
        return Err("has no host".to_owned());
    }
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("has something behind the host; `/`, `#` and `?` in the password must be percent-encoded \
                    (%2F, %23, %3F)"
            .to_owned());
    }
    let (tls, ca) = options(&url)?;
    let security = security(is_implicit, tls.as_deref(), &host)?;
    let port = url.port().unwrap_or(match security {
        Security::Tls => 465,
        Security::StartTls | Security::StartTlsIfOffered => 587,
        Security::Plain => 25,
    });
    Ok(SmtpSettings { host, port, security, credentials: credentials(&url)?, ca })
}

fn options(url: &Url) -> Result<(Option<String>, Option<PathBuf>), String> {
    let (mut tls, mut ca) = (None, None);
    for (name, value) in url.query_pairs() {
        match &*name {
            "tls" => tls = Some(value.into_owned()),
            "ca" => ca = Some(PathBuf::from(value.into_owned())),
            _ => return Err("has an unknown option behind the `?`".to_owned()),
        }
    }
    Ok((tls, ca))
}

fn security(is_implicit: bool, tls: Option<&str>, host: &str) -> Result<Security, String> {
    match (is_implicit, tls) {
        (true, None) => Ok(Security::Tls),
        (true, Some(_)) => Err("has a tls option, which smtps:// does not take".to_owned()),
        (false, Some("required")) => Ok(Security::StartTls),
        (false, Some("opportunistic")) => Ok(Security::StartTlsIfOffered),
        (false, Some("none")) => Ok(Security::Plain),
        (false, Some(_)) => Err("has an unknown tls option".to_owned()),
        // What does not leave the machine needs no certificate, and seldom has a good one.
        (false, None) if is_loopback(host) => Ok(Security::Plain),
        (false, None) => Ok(Security::StartTls),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, String> {
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| "has a user or password that is not UTF-8".to_owned())
    };
    match (decode(url.username())?, url.password()) {
        (user, Some(password)) if !user.is_empty() => Ok(Some(Credentials::new(user, decode(password)?))),
        (user, None) if user.is_empty() => Ok(None),
        (user, _) if user.is_empty() => Err("has a password but no user".to_owned()),
        _ => Err("has a user but no password".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> (String, u16, Security, bool) {
        let settings = parse(url).unwrap_or_else(|e| panic!("{url}: {e}"));
        (settings.host, settings.port, settings.security, settings.credentials.is_some())
    }

    #[test]
    fn urls_mean_what_people_expect() {
        let host = "mail.example.com".to_owned();
        assert_eq!(read("smtp://mail.example.com"), (host.clone(), 587, Security::StartTls, false));
        assert_eq!(read("smtp://u:p@mail.example.com:2525"), (host.clone(), 2525, Security::StartTls, true));
        assert_eq!(read("smtps://u:p@mail.example.com/"), (host.clone(), 465, Security::Tls, true));
        assert_eq!(read("smtp://mail.example.com?tls=none"), (host.clone(), 25, Security::Plain, false));
        assert_eq!(read("smtp://mail.example.com?tls=opportunistic"), (host, 587, Security::StartTlsIfOffered, false));
        assert_eq!(read("smtp://localhost:1025"), ("localhost".into(), 1025, Security::Plain, false));
        assert_eq!(read("smtp://127.0.0.1"), ("127.0.0.1".into(), 25, Security::Plain, false));
        assert_eq!(read("smtp://[::1]:25"), ("::1".into(), 25, Security::Plain, false));
        assert_eq!(read("smtp://localhost?tls=required"), ("localhost".into(), 587, Security::StartTls, false));
    }

    #[test]
    fn credentials_are_percent_decoded() {
        let settings = parse("smtp://shop%40example.com:p%40ss%2Fw%C3%B6rd%25@mail.example.com").expect("valid");
        let expected = Credentials::new("shop@example.com".into(), "p@ss/wörd%".into());
        assert!(settings.credentials == Some(expected));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for bad in [
            "",
            "mail.example.com",
            "http://u:hunter2@mail.example.com",
            "smtp://u:hunter2@",
            "smtp://u:hun#ter2@mail.example.com",
            "smtp://u:hunter2@mail.example.com:70000",
            "smtp://u:hunter2@mail.example.com/path",
            "smtp://u:hunter2@mail.example.com?tls=maybe",
            "smtp://u:hunter2@mail.example.com?hunter2=1",
            "smtps://u:hunter2@mail.example.com?tls=none",
            "smtp://:hunter2@mail.example.com",
            "smtp://hunter2@mail.example.com",
            "smtp://u:hunter2%FF@mail.example.com",
        ] {
            let what = parse(bad).err().unwrap_or_else(|| panic!("{bad} was taken"));
            let error = TransportUrlError::new("smtp-url", &what).to_string();
            assert!(error.starts_with("smtp-url: ") && error.contains("smtps://"), "{error}");
            assert!(!error.contains("hunter2") && !error.contains("ter2"), "{error}");
        }
    }
}
