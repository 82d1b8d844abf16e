//! What holds for all routes: bad input, strangers, methods, paths, and the pages of the operator

mod bodies;
mod cookies;
mod dashboard;
mod forms;
mod methods;
mod pages;
mod paths;
mod queries;
mod refused_forms;
mod shelves;
mod slow_bodies;
mod strangers;
mod tokens;
mod wire;

use crate::support::{Client, Operation, Reply, Shop, exchange, request};

/// Sends a request byte for byte, as somebody who is signed in, and compares the reply with the contract.
#[track_caller]
fn send_raw(shop: &Shop, client: &Client, method: &str, target: &str, content_type: &str, body: &[u8]) -> Reply {
    let token = format!("Bearer {}", client.token());
    let mut headers = vec![("Idempotency-Key", "a key for what cannot be done")];
    if !client.token().is_empty() {
        headers.push(("Authorization", &token));
    }
    if !content_type.is_empty() {
        headers.push(("Content-Type", content_type));
    }
    let reply = exchange(shop.address(), &request(method, target, &headers, body));
    reply.check_always();
    shop.contract().check(method, target, None, &reply);
    reply
}

/// Everything under `/v1` that takes a body.
fn operations_with_body(shop: &Shop) -> Vec<Operation> {
    let operations = shop.contract().operations().into_iter();
    let found: Vec<_> = operations.filter(|operation| operation.request_schema().is_some()).collect();
    assert!(found.len() >= 20, "only {} operations take a body", found.len());
    found
}
