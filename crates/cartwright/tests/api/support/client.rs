//! Requests as a client library would send them. Every reply is compared with the contract.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::{Value, json};
use ureq::{Agent, http};

use super::{contract::Contract, reply::Reply, shop::PASSWORD};

/// Somebody who talks to a shop.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    address: SocketAddr,
    contract: Arc<Contract>,
    token: Option<String>,
}

impl Client {
    /// A stranger at the server that listens there.
    pub(crate) fn new(address: SocketAddr, contract: Arc<Contract>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_idle_connections_per_host(128)
            .max_idle_connections(128)
            .build();
        Self { agent: config.into(), address, contract, token: None }
    }

    /// The same, signed in with this access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub(crate) fn get(&self, path: &str) -> Request<'_> {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Request<'_> {
        self.request("POST", path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Request<'_> {
        self.request("PUT", path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Request<'_> {
        self.request("PATCH", path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Request<'_> {
        self.request("DELETE", path)
    }

    /// Deletes the account of whoever is signed in.
    pub(crate) fn delete_account(&self) -> Request<'_> {
        self.delete("/v1/account").json(&json!({"current_password": PASSWORD}))
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request<'_> {
        let request = Request {
            client: self,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: vec![],
            body: None,
            other_body: None,
        };
        match &self.token {
            Some(token) => request.header("authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    /// Posts without a body.
    #[track_caller]
    pub(crate) fn post_empty(&self, path: &str) -> Reply {
        self.request("POST", path).send()
    }
}

/// A request in the making.
#[must_use = "a request does nothing until it is sent"]
pub(crate) struct Request<'a> {
    client: &'a Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
    /// A body that is no JSON, with its media type.
    other_body: Option<(String, Vec<u8>)>,
}

impl Request<'_> {
    /// Sends this body instead of JSON.
    pub(crate) fn bytes(mut self, media_type: &str, body: Vec<u8>) -> Self {
        self.other_body = Some((media_type.to_owned(), body));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends an idempotency key along.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.clone());
        self
    }

    /// Sends the request, and checks the reply against the contract.
    #[track_caller]
    pub(crate) fn send(self) -> Reply {
        let reply = self.transmit();
        reply.check_always();
        self.client.contract.check(&self.method, &self.path, self.body.as_ref(), &reply);
        reply
    }

    /// Sends a request for what is no part of the API: pages, metrics.
    #[track_caller]
    pub(crate) fn send_outside_the_contract(self) -> Reply {
        self.transmit()
    }

    #[track_caller]
    fn transmit(&self) -> Reply {
        let asked = format!("{} {}", self.method, self.path);
        let url = format!("http://{}{}", self.client.address, self.path);
        let mut builder = http::Request::builder().method(self.method.as_str()).uri(url);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if let Some((media_type, _)) = &self.other_body {
            builder = builder.header("content-type", media_type);
        } else if self.body.is_some() {
            builder = builder.header("content-type", "application/json");
        }
        let body = self.body.as_ref().map(|body| serde_json::to_vec(body).expect("JSON"));
        let body = self.other_body.as_ref().map(|(_, body)| body.clone()).or(body);
        let needs_body = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        let result = match body {
            None if !needs_body => self.client.agent.run(builder.body(()).expect("a request")),
            body => self.client.agent.run(builder.body(body.unwrap_or_default()).expect("a request")),
        };
        let response = result.unwrap_or_else(|e| panic!("{asked}: {e}"));
        let (parts, mut body) = response.into_parts();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let (status, headers) = (parts.status.as_u16(), headers.collect());
        let body = body.with_config().limit(64 * 1024 * 1024).read_to_vec();
        Reply { status, headers, body: body.unwrap_or_else(|e| panic!("{asked}: {e}")), asked }
    }
}
