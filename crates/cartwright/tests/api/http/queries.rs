//! Query parameters of every list

use serde_json::json;

use super::send_raw;
use crate::support::{Operation, Shop, address, line, new_key};

/// Lists that are there for the owner: those without an id in their path.
fn lists(shop: &Shop) -> Vec<Operation> {
    let operations = shop.contract().operations().into_iter();
    let is_list = |operation: &Operation| {
        operation.query_parameters().contains(&"cursor".to_owned()) && !operation.path.contains('{')
    };
    let found: Vec<_> = operations.filter(is_list).collect();
    assert!(found.len() >= 5, "{found:?}");
    found
}

#[test]
fn every_list_checks_its_limit_and_cursor() {
    let shop = Shop::shared();
    for list in lists(&shop) {
        assert!(list.query_parameters().contains(&"limit".to_owned()), "{}", list.path);
        let ask = |query: &str| shop.owner().get(&format!("{}?{query}", list.path)).send();
        for limit in ["0", "101", "-1", "x", "", "1.0", "4294967297"] {
            ask(&format!("limit={limit}")).wrong_parameter("limit");
        }
        for cursor in ["x", "AAAA", "e30", "%00", "%27"] {
            ask(&format!("cursor={cursor}")).wrong_parameter("cursor");
        }
        for limit in ["1", "100"] {
            assert!(ask(&format!("limit={limit}")).expect(200)["items"].is_array(), "{}", list.path);
        }
        ask("surely_unknown=1").wrong_parameter("surely_unknown");
        ask("limit=1&limit=2").wrong_parameter("limit");
    }
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    let shop = Shop::shared();
    let (_, variant) = shop.product(100, 10);
    shop.product(100, 10);
    let buyer = shop.customer();
    for _ in 0..2 {
        let order = json!({"lines": [line(&variant, 1)], "ship_to": address()});
        buyer.client.post("/v1/orders", &order).key(&new_key()).send().expect(201);
    }
    let lists = lists(&shop);
    let mut cursors = Vec::new();
    for list in &lists {
        let client = if list.path == "/v1/orders" { &buyer.client } else { shop.owner() };
        let page = client.get(&format!("{}?limit=1", list.path)).send().expect(200);
        cursors.extend(page["next_cursor"].as_str().map(|cursor| (list.path.as_str(), cursor.to_owned())));
    }
    for path in ["/v1/orders", "/v1/admin/orders", "/v1/products", "/v1/admin/products", "/v1/search"] {
        assert!(cursors.iter().any(|(of, _)| *of == path), "{path} has no second page");
    }
    for (of, cursor) in &cursors {
        for list in &lists {
            let reply = shop.owner().get(&format!("{}?cursor={cursor}", list.path)).send();
            if list.path == *of {
                reply.expect(200);
            } else {
                let problem = reply.refused(400, "invalid_query");
                let error = &problem["errors"][0];
                assert_eq!([&error["parameter"], &error["code"]], ["cursor", "invalid_cursor"], "of {of}: {problem}");
            }
        }
    }
}

#[test]
fn a_word_that_there_is_not_is_answered_with_those_that_there_are() {
    let shop = Shop::shared();
    for (path, name) in [("/v1/orders", "status"), ("/v1/products", "sort"), ("/v1/search", "sort")] {
        let problem = shop.owner().get(&format!("{path}?{name}=paid")).send().refused(400, "invalid_query");
        let error = &problem["errors"][0];
        assert_eq!([&error["parameter"], &error["code"]], [name, "unknown_value"], "{problem}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("must be one of ") && !message.contains('`'), "{message}");
    }
}

#[test]
fn garbage_in_any_parameter_is_a_page_or_a_refusal() {
    let shop = Shop::shared();
    let long = "x".repeat(5_000);
    let garbage =
        ["", "%00", "%ff", "%", "%27--", "%0d%0aX:%20y", "%F0%9F%98%80", "[]", "null", "9223372036854775808", &long];
    for list in lists(&shop) {
        for name in list.query_parameters() {
            for value in garbage {
                let target = format!("{}?{name}={value}", list.path);
                let reply = send_raw(&shop, shop.owner(), "GET", &target, "", b"");
                assert!(matches!(reply.status, 200 | 400), "{} gave {}", reply.asked, reply.status);
            }
        }
        for query in ["&&&", "=", "=1", "limit", "a[b]=c", "%ff=%ff", ";", "limit=1;cursor=x"] {
            let reply = send_raw(&shop, shop.owner(), "GET", &format!("{}?{query}", list.path), "", b"");
            assert!(matches!(reply.status, 200 | 400), "{} gave {}", reply.asked, reply.status);
        }
    }
}
