//! Paths that lead nowhere

use serde_json::json;

use super::send_raw;
use crate::support::Shop;

const GARBAGE: [&str; 16] = [
    "garbage",
    "0",
    "-1",
    "%00",
    "a%00b",
    "%ff%fe",
    "..",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "%27%20OR%201=1%20--",
    "%0d%0aSet-Cookie:%20a=b",
    "%F0%9F%98%80",
    "0198c2a4-5b6e-7c3d-9f00",
    "0198c2a4-5b6e-7c3d-9f00-00000000dead-0",
    "%",
    "%zz",
];

#[test]
fn ids_that_are_none_are_not_found() {
    let shop = Shop::shared();
    let long = "x".repeat(6_000);
    for operation in shop.contract().operations() {
        if !operation.path.contains('{') {
            continue;
        }
        for id in GARBAGE.into_iter().chain([long.as_str()]) {
            let body: &[u8] = if operation.request_schema().is_some() { b"{}" } else { b"" };
            let target = operation.path_with(id);
            let reply = send_raw(&shop, shop.owner(), &operation.method, &target, "application/json", body);
            // A percent sign that begins nothing may be a malformed request as well.
            assert!(matches!(reply.status, 400 | 404), "{} gave {}: {}", reply.asked, reply.status, reply.text());
            assert!(!reply.text().contains("passwd"), "what was asked for is not echoed: {}", reply.text());
        }
    }
}

#[test]
fn unknown_paths_are_not_found() {
    let shop = Shop::shared();
    let long = format!("/v1/{}", "y/".repeat(3_000));
    let paths =
        ["/v1", "/v1/", "/v2/products", "/v1/products/", "/v1//products", "/V1/products", "/v1/admin", "/v1/admin/"];
    let strange =
        ["/.env", "/.git/config", "/index.php", "/%00", "/v1/%ff", "/v1/../../etc/passwd", "/v1/orders/x/y/z", &long];
    for path in paths.into_iter().chain(strange) {
        for client in [shop.stranger(), shop.owner()] {
            for method in ["GET", "POST", "DELETE"] {
                send_raw(&shop, client, method, path, "application/json", b"").refused(404, "not_found");
            }
        }
    }
}

#[test]
fn ids_may_be_written_in_capitals() {
    let shop = Shop::shared();
    let (product, _) = shop.product(1, 1);
    let id = product["id"].as_str().expect("an id").to_uppercase();
    assert_eq!(shop.stranger().get(&format!("/v1/products/{id}")).send().expect(200)["id"], product["id"]);
    assert_eq!(shop.owner().get(&format!("/v1/admin/products/{id}")).send().expect(200)["id"], product["id"]);
}

#[test]
fn no_body_is_needed_to_learn_that_nothing_is_there() {
    let shop = Shop::shared();
    let customer = shop.customer();
    let garbage = customer.client.post("/v1/orders/garbage/cancel", &json!({})).send();
    garbage.refused(404, "not_found");
}
