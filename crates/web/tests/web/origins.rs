//! Storefronts on hosts of their own.

use std::sync::Arc;

use model::ProductStatus;
use web::{AllowedOrigins, Settings};

use crate::support::{FakeEngine, Server, product};

const SHOP: &str = "https://shop.example.com";

fn engine() -> Arc<FakeEngine> {
    Arc::new(FakeEngine::new(vec![product(1, "mug", ProductStatus::Active)]))
}

async fn server(allowed_origins: AllowedOrigins) -> Server {
    Server::start_with(engine(), Settings { allowed_origins, ..Settings::default() }).await
}

fn these() -> AllowedOrigins {
    AllowedOrigins::These(vec![SHOP.to_owned(), "http://localhost:5173".to_owned()])
}

#[tokio::test]
async fn an_allowed_origin_may_read_replies_errors_and_cached_ones_included() {
    let server = server(these()).await;
    // Pictures as well: a page that draws one, or reads it, needs the permission.
    for path in
        ["/v1/products", "/v1/products", "/v1/products/none", "/v1/account", "/openapi.json", "/media/none.webp"]
    {
        let reply = server.request("GET", path).header("origin", SHOP).send().await;
        assert_eq!(reply.header("access-control-allow-origin"), SHOP, "{path}");
        assert!(reply.header("access-control-expose-headers").contains("etag"), "{path}");
        assert!(reply.header("vary").contains("origin"), "{path}");
        assert!(!reply.headers.contains_key("access-control-allow-credentials"), "{path}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_requests_may_have() {
    let server = server(these()).await;
    let ask = |origin| {
        let request = server.request("OPTIONS", "/v1/orders").header("origin", origin);
        request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "idempotency-key")
    };
    let reply = ask("http://localhost:5173").send().await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), "http://localhost:5173");
    assert!(reply.header("access-control-allow-methods").contains("POST"));
    for name in ["idempotency-key", "traceparent", "x-requested-with"] {
        assert!(reply.header("access-control-allow-headers").contains(name), "{name}");
    }
    // One that may not call is told so, also where nobody may.
    let closed = Server::start_with(engine(), Settings::default()).await;
    let evil = "https://evil.example.com";
    let ask_closed = closed.request("OPTIONS", "/v1/orders").header("origin", evil);
    for refused in [ask(evil), ask_closed.header("access-control-request-method", "POST")] {
        let refused = refused.send().await;
        let problem = refused.is_problem(403, "origin_not_allowed").json();
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(evil) && detail.contains("--allowed-origins"), "{detail}");
        assert!(refused.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{refused:?}");
        assert_eq!((refused.header("vary"), refused.header("cache-control")), ("origin", "no-store"));
    }
    // Without the question it is a method like any other that there is not.
    server.request("OPTIONS", "/v1/orders").header("origin", evil).send().await.is_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn the_answer_to_a_browser_that_asks_first_is_secured_as_any_other() {
    let settings = |public_url: &str| Settings {
        allowed_origins: these(),
        public_url: public_url.to_owned(),
        ..Settings::default()
    };
    for (public_url, is_strict) in [("https://api.example.com", true), ("http://127.0.0.1:8080", false)] {
        let server = Server::start_with(engine(), settings(public_url)).await;
        let ask = server.request("OPTIONS", "/v1/orders").header("origin", SHOP);
        let reply = ask.header("access-control-request-method", "POST").send().await;
        assert_eq!(reply.status, 204);
        assert_eq!(reply.headers.contains_key("strict-transport-security"), is_strict, "{public_url}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
}

/// It would be read as the connection's next request.
#[tokio::test]
async fn a_question_with_a_body_is_the_last_one_on_its_connection() {
    let server = server(these()).await;
    let head = format!(
        "OPTIONS /v1/orders HTTP/1.1\r\nhost: x\r\norigin: {SHOP}\r\n\
         access-control-request-method: POST\r\ncontent-length: 5\r\n\r\n"
    );
    let reply = crate::connections::raw(server.address, &head).await;
    assert!(reply.starts_with("HTTP/1.1 204") && reply.contains("connection: close"), "{reply}");
}

#[tokio::test]
async fn other_origins_and_pages_get_no_permission() {
    let server = server(these()).await;
    for origin in ["https://evil.example.com", "https://shop.example.com.evil.com", "http://shop.example.com", "null"] {
        let reply = server.request("GET", "/v1/products").header("origin", origin).send().await;
        assert!(!reply.headers.contains_key("access-control-allow-origin"), "{origin}");
        // A cache between must not give this reply to the shop.
        assert!(reply.header("vary").contains("origin"), "{origin}");
    }
    let page = server.request("GET", "/mailbox").header("origin", SHOP).send().await;
    assert!(!page.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn nobody_is_allowed_by_default_and_all_by_a_star() {
    let closed = server(AllowedOrigins::default()).await;
    let reply = closed.request("GET", "/v1/products").header("origin", SHOP).send().await;
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
    let open = server(AllowedOrigins::Any).await;
    let reply = open.request("GET", "/v1/products").header("origin", "https://any.example.com").send().await;
    assert_eq!(reply.header("access-control-allow-origin"), "https://any.example.com");
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_those_who_have_the_token() {
    let local = server(AllowedOrigins::default()).await;
    assert_eq!(local.get("/metrics").await.status, 200);
    let passed_on = local.request("GET", "/metrics").header("x-forwarded-for", "203.0.113.9").send().await;
    assert_eq!(passed_on.status, 404);
    // A proxy on this machine that adds no header gives itself away by the name of the shop, or was named.
    assert_eq!(local.request("GET", "/metrics").host("shop.example.com").send().await.status, 404);
    let trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    let behind = Server::start_with(engine(), Settings { trusted_proxies, ..Settings::default() }).await;
    assert_eq!(behind.get("/metrics").await.status, 404);

    let settings = Settings { metrics_token: Some("a-token-of-the-shop".to_owned()), ..Settings::default() };
    let closed = Server::start_with(engine(), settings).await;
    assert_eq!(closed.get("/metrics").await.status, 401);
    for (token, status) in [("a-token-of-the-shop", 200), ("a-token-of-the-shoq", 401), ("a-token", 401), ("", 401)] {
        let reply =
            closed.request("GET", "/metrics").bearer(token).header("x-forwarded-for", "203.0.113.9").send().await;
        assert_eq!(reply.status, status, "{token}");
    }
}
