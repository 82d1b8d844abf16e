//! Query parameters of every list

use super::send_raw;
use crate::support::{Operation, Shop};

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
