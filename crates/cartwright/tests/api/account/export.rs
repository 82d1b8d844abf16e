//! `GET /v1/account/export`

use serde_json::{Value, json};

use crate::support::{PASSWORD, Pages, Person, Shop, address, line, new_key, pick, text, unique_email};

const EXPORT: &str = "/v1/account/export";

fn export(person: &Person) -> Value {
    let reply = person.client.get(EXPORT).send();
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.expect(200)
}

#[test]
fn one_reads_all_that_the_shop_keeps_about_one() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    let (product, variant) = shop.product(700, 5);
    let order = shop.order(&ann, &[line(&variant, 1)]);
    shop.order(&bob, &[line(&variant, 1)]);
    let (product_id, (_, sold_out)) = (text(&product["id"]), shop.product(700, 0));
    let (ann_here, by_ann) = (&ann.client, json!({"rating": 4, "text": "Does what it should."}));
    ann_here.post("/v1/account/addresses", &address()).key(&new_key()).send().expect(201);
    ann_here.request("PUT", &format!("/v1/account/wishlist/items/{product_id}")).send().expect(200);
    let shared = ann_here.request("PUT", "/v1/account/wishlist/share").send().expect(200);
    ann_here.request("PUT", &format!("/v1/account/stock-alerts/{sold_out}")).send().expect(200);
    let review = ann_here.post(&format!("/v1/products/{product_id}/reviews"), &by_ann).send().expect(201);

    let all = export(&ann);
    assert_eq!((&all["account"]["email"], &all["account"]["id"]), (&json!(ann.email), &ann.account["id"]));
    assert_eq!(all["addresses"][0]["line1"], address()["line1"]);
    assert_eq!(pick(&all["orders"], "id"), [&order["id"]]);
    assert_eq!(all["orders"][0]["ship_to"]["name"], order["ship_to"]["name"]);
    assert_eq!(pick(&all["reviews"], "id"), [&review["id"]]);
    assert_eq!(pick(&all["wishlist"], "product_id"), [&json!(product_id)]);
    assert!(shared["share_token"].is_string() && all["wishlist_share_token"] == shared["share_token"], "{all}");
    assert_eq!(pick(&all["stock_alerts"], "variant_id"), [&json!(sold_out)]);
    assert_eq!(pick(&all["sessions"], "current"), [&json!(true)]);
    let mails = pick(&all["mails"], "template");
    assert!(mails.contains(&&json!("verify_email")) && mails.contains(&&json!("order_placed")), "{all}");

    let none = export(&bob);
    for empty in ["addresses", "wishlist", "stock_alerts", "reviews"] {
        assert_eq!(none[empty], json!([]), "{empty}");
    }
    assert_eq!(none.get("wishlist_share_token"), Some(&Value::Null));
    shop.stranger().get(EXPORT).send().refused(401, "not_authenticated");
}

#[test]
fn what_the_staff_see_alone_is_not_in_it() {
    let shop = Shop::shared();
    let (ann, staff) = (shop.customer(), shop.staff(&["customers", "orders"]));
    let (_, variant) = shop.product(700, 5);
    let order = shop.order(&ann, &[line(&variant, 1)]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let of_order = format!("/admin/orders/{}", text(&order["id"]));
    assert_eq!(pages.post(&of_order, &format!("{of_order}/note"), &[("text", "rang twice")]).status, 303);
    let of_ann = format!("/admin/customers/{}", ann.id());
    assert_eq!(pages.post(&of_ann, &of_ann, &[("act", "note"), ("text", "rang twice")]).status, 303);
    shop.advance(&order, "confirmed");
    let all = export(&ann);
    let told = all.to_string();
    for hidden in ["rang twice", "notes", "reported_by", "last_error", "disabled", &staff.id(), &staff.email] {
        assert!(!told.contains(hidden), "{hidden}: {all}");
    }
    assert_eq!(all["orders"][0]["timeline"][1]["actor"], "staff");
}

/// A code for a new address is mailed where nobody has it, and not where somebody does: that must not be read here.
#[test]
fn it_does_not_tell_whose_address_is_known() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    for email in [unique_email("free"), bob.email.clone()] {
        ann.client.post("/v1/account/email", &json!({"new_email": email, "password": PASSWORD})).send().expect(202);
        let all = export(&ann);
        let told = pick(&all["mails"], "template");
        assert!(!told.contains(&&json!("confirm_email_change")), "{email}: {all}");
        assert!(!all.to_string().contains(&email), "{all}");
    }
}

#[test]
fn nobody_keeps_the_shop_busy_with_it() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    let slowed = (0..20).map(|_| ann.client.get(EXPORT).send()).find(|reply| reply.status == 429);
    let slowed = slowed.expect("it is slowed down");
    slowed.refused(429, "too_many_requests");
    slowed.header("retry-after");
    export(&bob);
}
