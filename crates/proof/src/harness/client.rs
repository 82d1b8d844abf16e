//! A client that takes no reply for what it is: a reply or the lack of one.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use ureq::{Agent, http};

/// Somebody who talks to a server, over connections that are kept.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    address: SocketAddr,
}

/// A whole reply.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default()
    }

    /// `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.header("retry-after")?.parse().ok()
    }

    /// Whether it was given before, for the same idempotency key.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.headers.contains_key("idempotent-replayed")
    }

    /// The `name=value` of each cookie that was set.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        let cookies = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        cookies.filter_map(|cookie| cookie.split(';').next())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let shown = || String::from_utf8_lossy(&self.body).into_owned();
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", shown()))
    }

    /// The JSON of a reply with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Checks that it is this refusal, told as RFC 9457 says.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        let problem = self.expect(status);
        assert_eq!(self.content_type(), "application/problem+json", "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
    }
}

impl Client {
    /// A client without connections yet.
    pub fn new(address: SocketAddr) -> Self {
        Self::with_patience(address, Duration::from_secs(30))
    }

    /// One that hangs up when there is no reply after `patience`.
    pub fn with_patience(address: SocketAddr, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(patience))
            .build();
        Self { agent: config.into(), address }
    }

    /// Reads as a stranger.
    pub fn get(&self, path: &str) -> Result<Reply, ureq::Error> {
        self.get_as("", path)
    }

    /// Reads with this access token.
    pub fn get_as(&self, token: &str, path: &str) -> Result<Reply, ureq::Error> {
        self.send(self.request("GET", path, token).body(()).expect("a request"))
    }

    /// Posts JSON with this access token and, unless it is empty, this idempotency key.
    pub fn post(&self, token: &str, path: &str, key: &str, body: &Value) -> Result<Reply, ureq::Error> {
        let mut request = self.request("POST", path, token).header("content-type", "application/json");
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        self.send(request.body(body.to_string()).expect("a request"))
    }

    /// Changes something with this access token.
    pub fn patch(&self, token: &str, path: &str, body: &Value) -> Result<Reply, ureq::Error> {
        let request = self.request("PATCH", path, token).header("content-type", "application/json");
        self.send(request.body(body.to_string()).expect("a request"))
    }

    /// Posts a file with this access token.
    pub fn post_file(&self, token: &str, path: &str, media_type: &str, file: Vec<u8>) -> Result<Reply, ureq::Error> {
        let request = self.request("POST", path, token).header("content-type", media_type);
        self.send(request.body(file).expect("a request"))
    }

    /// Sends any request with these headers.
    ///
    /// # Errors
    /// No reply came.
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, ureq::Error> {
        let mut request = http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_empty() { self.send(request.body(())?) } else { self.send(request.body(body.to_vec())?) }
    }

    fn request(&self, method: &str, path: &str, token: &str) -> http::request::Builder {
        let request = http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) }
    }

    fn send(&self, request: http::Request<impl ureq::AsSendBody>) -> Result<Reply, ureq::Error> {
        let mut response = self.agent.run(request)?;
        let body = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec()?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Reply { status: response.status().as_u16(), headers, body })
    }
}
