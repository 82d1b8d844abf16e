//! Who may do what: every operation of the document, for each kind of caller

use serde_json::json;

use crate::support::{Client, NO_ID, Operation, Reply, Shop};

const AREAS: [&str; 4] = ["catalogue", "orders", "customers", "settings"];

fn admin_operations(shop: &Shop) -> Vec<Operation> {
    let operations = shop.contract().operations();
    let admin: Vec<_> = operations.into_iter().filter(|operation| operation.path.starts_with("/v1/admin/")).collect();
    assert!(admin.len() >= 20, "only {} operations", admin.len());
    admin
}

/// The permission that an operation needs.
fn area(operation: &Operation) -> &'static str {
    match operation.path.split('/').nth(3).unwrap_or_default() {
        "exports" if operation.path.ends_with("/orders") => "orders",
        "products" | "variants" | "categories" | "attributes" | "pictures" | "reviews" | "collections" | "exports"
        | "imports" | "jobs" => "catalogue",
        "orders" => "orders",
        "accounts" | "mails" => "customers",
        "settings" | "audit-log" => "settings",
        other => panic!("which permission is {other} about?"),
    }
}

/// Asks for something that is not there, so that nothing changes whoever may ask.
fn ask(client: &Client, operation: &Operation) -> Reply {
    let request = client.request(&operation.method, &operation.path_with(NO_ID));
    if operation.request_schema().is_some() { request.json(&json!({})).send() } else { request.send() }
}

#[test]
fn each_permission_opens_its_area_and_no_other() {
    let shop = Shop::shared();
    for granted in AREAS {
        let staff = shop.staff(&[granted]);
        assert_eq!(staff.account["permissions"], json!([granted]));
        for operation in admin_operations(&shop) {
            let reply = ask(&staff.client, &operation);
            if area(&operation) == granted {
                assert!(!matches!(reply.status, 401 | 403), "{granted}: {} gave {}", reply.asked, reply.status);
            } else {
                reply.refused(403, "forbidden");
            }
        }
    }
}

#[test]
fn staff_without_permissions_and_customers_may_do_nothing() {
    let shop = Shop::shared();
    for person in [shop.staff(&[]), shop.customer()] {
        for operation in admin_operations(&shop) {
            ask(&person.client, &operation).refused(403, "forbidden");
        }
    }
}

#[test]
fn the_owner_may_do_everything() {
    let shop = Shop::shared();
    for operation in admin_operations(&shop) {
        let reply = ask(shop.owner(), &operation);
        assert!(!matches!(reply.status, 401 | 403), "{} gave {}", reply.asked, reply.status);
    }
}

#[test]
fn a_change_of_permissions_counts_at_once() {
    let shop = Shop::shared();
    let staff = shop.staff(&["catalogue"]);
    staff.client.get("/v1/admin/products").send().expect(200);
    shop.set_access(&staff, json!({"permissions": ["orders"]})).expect(200);
    staff.client.get("/v1/admin/products").send().refused(401, "not_authenticated");
    let again = shop.login(&staff.email);
    again.client.get("/v1/admin/products").send().refused(403, "forbidden");
    again.client.get("/v1/admin/orders").send().expect(200);
    shop.set_access(&staff, json!({"role": "customer"})).expect(200);
    let customer = shop.login(&staff.email);
    assert_eq!(customer.account["permissions"], json!([]));
    customer.client.get("/v1/admin/orders").send().refused(403, "forbidden");
}
