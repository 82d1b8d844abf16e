//! Every operation is proven to refuse strangers

use serde_json::json;

use crate::support::{NO_ID, Shop};

/// What anybody may ask for. This list may only become shorter.
const OPEN: [&str; 19] = [
    "GET /v1/attributes",
    "GET /v1/categories",
    "GET /v1/categories/{category}",
    "GET /v1/collections",
    "GET /v1/collections/{collection}",
    "GET /v1/products",
    "GET /v1/products/{product}",
    "GET /v1/products/{product}/related",
    "GET /v1/products/{product}/reviews",
    "GET /v1/search",
    "GET /v1/shop",
    // The token in the path is what opens it.
    "GET /v1/wishlists/{token}",
    "POST /v1/auth/login",
    "POST /v1/auth/password/forgot",
    "POST /v1/auth/password/reset",
    "POST /v1/auth/refresh",
    "POST /v1/auth/signup",
    "POST /v1/auth/verify-email",
    "POST /v1/auth/verify-email/resend",
];

#[test]
fn strangers_are_refused_everywhere_else() {
    let shop = Shop::shared();
    let mut open = Vec::new();
    let mut answers = Vec::new();
    for operation in shop.contract().operations() {
        if !operation.path.starts_with("/v1/") {
            continue;
        }
        let name = format!("{} {}", operation.method, operation.path);
        // Whether what they ask for is well formed makes no difference.
        for id in [NO_ID, "garbage", "%00"] {
            let request = shop.stranger().request(&operation.method, &operation.path_with(id));
            let request = request.header("if-match", "not a tag").header("idempotency-key", "");
            let reply =
                if operation.request_schema().is_some() { request.json(&json!([1])).send() } else { request.send() };
            if reply.status == 401 && reply.json()["code"] == "not_authenticated" {
                answers.push(reply.json());
            } else if !open.contains(&name) {
                open.push(name.clone());
            }
        }
    }
    open.sort();
    assert_eq!(open, OPEN, "what strangers may ask for");
    assert!(answers.len() >= 60, "{} refusals", answers.len());
    assert!(answers.iter().all(|answer| *answer == answers[0]), "every refusal is the same");
}

#[test]
fn the_document_says_who_needs_to_sign_in() {
    let shop = Shop::shared();
    for operation in shop.contract().operations() {
        let name = format!("{} {}", operation.method, operation.path);
        let is_open = OPEN.contains(&name.as_str()) || !operation.path.starts_with("/v1/");
        let security = operation.documented["security"].as_array().cloned().unwrap_or_default();
        let needs = security.iter().any(|scheme| scheme.get("bearer").is_some());
        assert_eq!(needs, !is_open, "{name}: {security:?}");
    }
}
