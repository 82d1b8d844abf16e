//! Every operation refuses strangers, but for a short list that may only shrink.

use std::sync::Arc;

use serde_json::Value;

use crate::support::{FakeEngine, Server};

/// What anybody may do, each with its reason. A new route does not belong here unless a shop cannot do without.
const OPEN: [&str; 20] = [
    // The catalogue is the shop window.
    "GET /v1/products",
    "GET /v1/products/{product}",
    "GET /v1/products/{product}/related",
    "GET /v1/products/{product}/reviews",
    "GET /v1/categories",
    "GET /v1/categories/{category}",
    "GET /v1/attributes",
    "GET /v1/collections",
    "GET /v1/collections/{collection}",
    "GET /v1/search",
    "GET /v1/shop",
    // Nobody is signed in before they have signed up or in.
    "POST /v1/auth/signup",
    "POST /v1/auth/verify-email",
    "POST /v1/auth/verify-email/resend",
    "POST /v1/auth/login",
    // These carry a secret of their own, in the path or the body.
    "GET /v1/wishlists/{token}",
    "POST /v1/auth/refresh",
    "POST /v1/auth/password/forgot",
    "POST /v1/auth/password/reset",
    // The one-time set-up link makes the first owner.
    "POST /v1/auth/setup",
];

/// Method and path of each documented operation under /v1.
pub(crate) fn documented() -> Vec<(String, String)> {
    let document = serde_json::to_value(web::openapi()).expect("the document");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        if path.starts_with("/v1/") {
            let methods = item.as_object().expect("an item").keys();
            operations.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
    }
    operations
}

/// The path with something in place of its parameters.
pub(crate) fn filled(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| if segment.starts_with('{') { "0197b3f0-0000-7000-8000-000000000000" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn strangers_are_refused_before_anything_is_looked_at() {
    let server = Server::start(Arc::new(FakeEngine::new(vec![]))).await;
    for (method, path) in documented() {
        let name = format!("{method} {path}");
        if OPEN.contains(&name.as_str()) {
            continue;
        }
        let tokens = [None, Some("Bearer nonsense"), Some("Bearer a.b.c"), Some("Basic YTpi"), Some("Bearer")];
        let bodies = ["", "{}", "{", "[[[["];
        for token in tokens {
            for body in bodies {
                let mut request = server.request(&method, &filled(&path)).raw(body);
                if let Some(token) = token {
                    request = request.header("authorization", token);
                }
                let reply = request.send().await;
                assert_eq!(reply.status, 401, "{name} with {token:?} and {body:?}: {reply:?}");
                reply.is_problem(401, "not_authenticated");
                // RFC 6750, 3.1: whoever sent a token is told that it is none.
                let is_sent = token.is_some_and(|token| token.starts_with("Bearer "));
                let challenge = if is_sent { "Bearer error=\"invalid_token\"" } else { "Bearer" };
                assert_eq!(reply.header("www-authenticate"), challenge, "{name} with {token:?}");
                assert_eq!(reply.json().get("detail"), None::<&Value>, "{name}: no hint at which check failed");
            }
        }
    }
}

#[tokio::test]
async fn every_documented_operation_is_there_and_open_ones_do_not_ask_for_a_token() {
    let server = Server::start(Arc::new(FakeEngine::new(vec![]))).await;
    for (method, path) in documented() {
        let name = format!("{method} {path}");
        let reply = server.request(&method, &filled(&path)).send().await;
        assert_ne!(reply.status, 405, "{name} is documented and not there");
        if OPEN.contains(&name.as_str()) && method == "GET" {
            assert!(reply.status == 200 || reply.status == 404, "{name}: {reply:?}");
        }
    }
}
