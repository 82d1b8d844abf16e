//! `GET` and `PATCH /v1/account`

use serde_json::json;

use crate::support::Shop;

#[test]
fn one_reads_and_changes_name_and_phone() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let reply = ann.client.get("/v1/account").send();
    let before = reply.expect(200);
    assert_eq!(
        (&before["name"], &before["phone"], &before["role"]),
        (&json!("Ann Example"), &json!(null), &json!("customer"))
    );
    assert_eq!(before["permissions"], json!([]));

    let change = json!({"name": " Ann O'Neil ", "phone": "+49 30 1234567"});
    let after = ann.client.patch("/v1/account", &change).send().expect(200);
    assert_eq!((&after["name"], &after["phone"]), (&json!("Ann O'Neil"), &json!("+49 30 1234567")));
    assert_eq!(after["version"], before["version"].as_i64().expect("a number") + 1);

    let kept = ann.client.patch("/v1/account", &json!({"name": "Ann"})).send().expect(200);
    assert_eq!(kept["phone"], "+49 30 1234567", "what is left out stays");
    let removed = ann.client.patch("/v1/account", &json!({"phone": null})).send().expect(200);
    assert_eq!((&removed["name"], &removed["phone"]), (&json!("Ann"), &json!(null)));
    assert_eq!(ann.client.get("/v1/account").send().expect(200), removed);
}

#[test]
fn changes_can_be_tied_to_a_version() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let tag = ann.client.get("/v1/account").send().header("etag");
    let not_modified = ann.client.get("/v1/account").header("if-none-match", &tag).send();
    not_modified.expect(304);
    assert_eq!(not_modified.header("etag"), tag);

    let change =
        |name: &str, tag: &str| ann.client.patch("/v1/account", &json!({"name": name})).header("if-match", tag).send();
    let changed = change("First", &tag);
    changed.expect(200);
    change("Second", &tag).refused(412, "version_mismatch");
    assert_eq!(ann.client.get("/v1/account").send().expect(200)["name"], "First");
    change("Third", &changed.header("etag")).expect(200);
    change("Fourth", "*").expect(200);
    change("Fifth", "\"some tag of another server\"").refused(412, "version_mismatch");
    change("Sixth", "not a tag").refused(400, "invalid_header");
}

#[test]
fn what_is_wrong_or_not_ones_own_to_change_is_refused() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let change = |body| ann.client.patch("/v1/account", &body).send();
    change(json!({"name": ""})).invalid("/name");
    change(json!({"name": "Ann\r\nBcc: eve@example.com"})).invalid("/name");
    change(json!({"phone": "call me"})).invalid("/phone");
    change(json!({"name": null})).invalid("/name");
    for field in ["role", "email", "permissions", "email_verified", "id", "version"] {
        let problem = change(json!({field: "owner"})).invalid(&format!("/{field}"));
        assert_eq!(problem["errors"][0]["code"], "unknown_field");
    }
    assert_eq!(ann.client.get("/v1/account").send().expect(200), ann.account);
}
