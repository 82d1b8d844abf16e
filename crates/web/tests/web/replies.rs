//! What every reply has, and how wrong requests are answered.

use std::sync::Arc;

use crate::support::{FakeEngine, Mood, Server, product};
use model::ProductStatus;
use store::StoreError;

fn engine() -> Arc<FakeEngine> {
    let products = vec![product(1, "mug", ProductStatus::Active), product(2, "draft", ProductStatus::Draft)];
    Arc::new(FakeEngine::new(products))
}

#[tokio::test]
async fn every_reply_has_an_id_and_security_headers() {
    let server = Server::start(engine()).await;
    let mut ids = Vec::new();
    for path in [
        "/healthz",
        "/v1/products",
        "/v1/products",
        "/v1/products/mug",
        "/v1/shop",
        "/v1/shop",
        "/openapi.json",
        "/nothing",
        "/docs/problems",
        "/metrics",
        "/v1/account",
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        let is_everybodys = ["/v1/products", "/v1/shop", "/openapi.json"].iter().any(|start| path.starts_with(start));
        let expected = if is_everybodys { "public, no-cache" } else { "no-store" };
        assert_eq!(reply.header("cache-control"), expected, "{path}");
        assert!(!ids.contains(&reply.header("x-request-id").to_owned()), "{path}");
        assert_eq!(reply.header("x-request-id").len(), 36, "{path}");
        ids.push(reply.header("x-request-id").to_owned());
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let server = Server::start(engine()).await;
    for path in
        ["/v1", "/v1/nothing", "/v1/products/none", "/v1/products/draft", "/v1/products/%ff", "/docs/nothing.js"]
    {
        server.get(path).await.is_problem(404, "not_found");
    }
    let reply = server.request("DELETE", "/v1/products").send().await;
    reply.is_problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let server = Server::start(engine()).await;
    for _ in 0..2 {
        let (get, head) =
            (server.get("/v1/products/mug").await, server.request("HEAD", "/v1/products/mug").send().await);
        assert_eq!((head.status, head.header("etag")), (get.status, get.header("etag")));
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-length"), get.body.len().to_string());
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let server = Server::start(engine()).await;
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
        ("category=none", "category"),
        ("sort=colour", "sort"),
        ("colour=red", "colour"),
        ("price_min=1.5", "price_min"),
        ("price_max=99999999999999999999", "price_max"),
    ] {
        let reply = server.get(&format!("/v1/products?{query}")).await;
        assert_eq!(reply.is_problem(400, "invalid_query").json()["errors"][0]["parameter"], name, "{query}");
    }
}

#[tokio::test]
async fn a_product_reads_as_documented() {
    let server = Server::start(engine()).await;
    let reply = server.get("/v1/products/mug").await;
    let body = reply.json();
    assert_eq!(body["variants"][0]["price"], serde_json::json!({"amount": 1250, "currency": "EUR"}));
    assert_eq!(body["variants"][0]["stock"], 3);
    assert_eq!(body["status"], "active");
    assert_eq!(body["created_at"], "1970-01-01T00:00:00Z");
    let id = body["id"].as_str().expect("an id");
    assert_eq!(server.get(&format!("/v1/products/{id}")).await.json(), body);
    let tag = reply.header("etag");
    for _ in 0..2 {
        let again = server.request("GET", "/v1/products/mug").header("if-none-match", tag).send().await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (304, tag));
        assert!(again.body.is_empty() && again.header("content-type").is_empty());
    }
    let list = server.get("/v1/products?category=kitchen&q=mug&sort=-price&limit=100").await.json();
    assert_eq!(list["items"].as_array().expect("items").len(), 1);
    assert!(list["next_cursor"].is_null());
}

#[tokio::test]
async fn bad_days_say_when_to_come_back_and_nothing_of_the_inside() {
    let engine = engine();
    let server = Server::start(Arc::clone(&engine) as Arc<dyn store::Engine>).await;
    let secret = || "the password is 1234".to_owned();
    for (error, status, code, has_retry) in [
        (StoreError::Busy, 503, "busy", true),
        (StoreError::Unavailable(secret()), 503, "unavailable", true),
        (StoreError::Unknown(secret()), 503, "outcome_unknown", true),
        (StoreError::Full, 507, "disk_full", false),
        (StoreError::Internal(secret()), 500, "internal", false),
        (StoreError::Broken(secret()), 500, "internal", false),
    ] {
        engine.set_mood(Mood::Failing(error));
        for path in ["/readyz", "/v1/products", "/v1/categories"] {
            let reply = server.get(path).await;
            reply.is_problem(status, code);
            assert_eq!(reply.headers.contains_key("retry-after"), has_retry, "{code}");
            assert!(!String::from_utf8_lossy(&reply.body).contains("1234"), "{code}");
        }
    }
    assert_eq!(server.get("/healthz").await.status, 200, "the process is up all the same");
    assert!(String::from_utf8_lossy(&server.get("/metrics").await.body).contains("engine_up 0"));
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_server_lives_on() {
    let engine = engine();
    let server = Server::start(Arc::clone(&engine) as Arc<dyn store::Engine>).await;
    engine.set_mood(Mood::Panicking);
    let reply = server.get("/v1/products").await;
    reply.is_problem(500, "internal");
    assert!(!String::from_utf8_lossy(&reply.body).contains("secret"));
    engine.set_mood(Mood::Fine);
    assert_eq!(server.get("/v1/products").await.status, 200);
}

#[tokio::test]
async fn documents_are_served_from_here() {
    let server = Server::start(engine()).await;
    let document = server.get("/openapi.json").await;
    assert!(document.json()["paths"]["/v1/products"]["get"].is_object());
    assert_eq!(server.get("/docs").await.header("location"), "/docs/");
    let page = server.get("/docs/").await;
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let reply = server.get(&format!("/docs/{file}")).await;
        assert_eq!(reply.status, 200, "{file}");
        assert!(!reply.body.is_empty(), "{file}");
        assert!(!reply.body.starts_with(&[0x1f, 0x8b]), "{file} is packed for a client that did not ask for it");
    }
    let packed = server.request("GET", "/docs/swagger-ui.css").header("accept-encoding", "br, gzip;q=0.8").send().await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.starts_with(&[0x1f, 0x8b]));
    let initializer = server.get("/docs/swagger-initializer.js").await;
    assert!(String::from_utf8_lossy(&initializer.body).contains("/openapi.json"), "{initializer:?}");
    let problems = server.get("/docs/problems").await;
    assert!(String::from_utf8_lossy(&problems.body).contains("id=\"out_of_stock\""));
}

#[tokio::test]
async fn metrics_name_routes_not_paths() {
    let server = Server::start(engine()).await;
    for path in ["/v1/products/mug", "/v1/products/mug", "/v1/products/none", "/somebody@example.com"] {
        server.get(path).await;
    }
    let text = String::from_utf8(server.get("/metrics").await.body.to_vec()).expect("text");
    let product = r#"http_requests_total{route="/v1/products/{product}",method="GET",status="2xx"} 2"#;
    assert!(text.contains(product), "{text}");
    assert!(text.contains(r#"route="unknown",method="GET",status="4xx"} 1"#), "{text}");
    assert!(text.contains("http_request_seconds_bucket"), "{text}");
    assert!(text.contains("cache_hits_total 1"), "{text}");
    assert!(text.contains("\nmails_oldest_pending_seconds 0\n"), "{text}");
    assert!(!text.contains("mug") && !text.contains("example.com"), "{text}");
}
