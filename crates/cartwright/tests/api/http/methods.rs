//! Methods that a resource does not have

use crate::support::{NO_ID, Shop, exchange, request};

#[test]
fn other_methods_are_405_and_the_right_ones_named() {
    let shop = Shop::shared();
    let operations = shop.contract().operations();
    let mut paths: Vec<&str> = operations.iter().map(|operation| operation.path.as_str()).collect();
    paths.dedup();
    let bearer = format!("Bearer {}", shop.owner().token());
    for path in paths {
        let of_path = || operations.iter().filter(|operation| operation.path == path);
        let target = of_path().next().expect("an operation").path_with(NO_ID);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"] {
            if of_path().any(|operation| operation.method == method) {
                continue;
            }
            let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
            let reply = exchange(shop.address(), &request(method, &target, &headers, b""));
            reply.check_always();
            reply.refused(405, "method_not_allowed");
            let allowed = reply.header("allow");
            let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
            for operation in of_path() {
                assert!(allowed.contains(&operation.method.as_str()), "{method} {target}: {allowed:?}");
            }
            assert!(!allowed.contains(&method), "{method} {target}: {allowed:?}");
        }
    }
}

#[test]
fn head_is_get_without_the_body() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1, 1);
    let path = format!("/v1/products/{}", product["slug"].as_str().expect("a slug"));
    let bearer = format!("Bearer {}", shop.owner().token());
    for target in [path.as_str(), "/v1/products", "/v1/account", "/healthz", "/openapi.json"] {
        let ask = |method| exchange(shop.address(), &request(method, target, &[("Authorization", &bearer)], b""));
        // Once more, for what is answered from memory.
        for _ in 0..2 {
            let (get, head) = (ask("GET"), ask("HEAD"));
            assert_eq!((head.status, head.body.len()), (200, 0), "{target}");
            assert_eq!(head.find_header("content-type"), get.find_header("content-type"), "{target}");
        }
    }
}
