//! Shops that sign customers in at once: `--signup immediate`

use serde_json::json;

use crate::support::{OWNER, PASSWORD, Pages, Shop, line, unique_email};

#[test]
fn sign_up_signs_in_at_once_and_tells_whether_an_address_is_known() {
    let shop = Shop::start(&["--signup", "immediate"]);
    let email = unique_email("hasty");
    let body = json!({"email": email, "password": PASSWORD, "name": "Hanna Hasty"});
    let signed_in = shop.stranger().post("/v1/auth/signup", &body).send().expect(201);
    assert_eq!(signed_in["account"]["email_verified"], false);
    let hanna = shop.person(&signed_in);
    let (_, variant) = shop.product(500, 3);
    shop.order(&hanna, &[line(&variant, 1)]);
    shop.login(&email);

    let again = json!({"email": email.to_uppercase(), "password": PASSWORD, "name": "Eve Else"});
    shop.stranger().post("/v1/auth/signup", &again).send().refused(409, "email_taken");
    let weak = json!({"email": unique_email("weak"), "password": "password", "name": "Wilma Weak"});
    shop.stranger().post("/v1/auth/signup", &weak).send().invalid("/password");

    // The address can still be proven.
    let code = shop.mail(&email, "Your code").code();
    let verified = shop
        .stranger()
        .post("/v1/auth/verify-email", &json!({"email": email, "password": PASSWORD, "code": code}))
        .send()
        .expect(200);
    assert_eq!(verified["account"]["email_verified"], true);
}

#[test]
fn who_has_not_proven_the_address_does_not_become_staff() {
    let shop = Shop::start(&["--signup", "immediate"]);
    let stranger = shop.customer();
    shop.set_access(&stranger, json!({"role": "staff"})).invalid("/role");
    stranger.client.get("/v1/admin/orders").send().refused(403, "forbidden");
    // Invited in the dashboard, it is nobody's until the link in the mail was followed.
    let owner = Pages::new(shop.address());
    assert_eq!(owner.sign_in(OWNER, PASSWORD).status, 303);
    let fields =
        [("email", stranger.email.as_str()), ("name", "New"), ("permission", "orders"), ("password", PASSWORD)];
    assert_eq!(owner.post("/admin/staff", "/admin/staff", &fields).status, 303);
    stranger.client.get("/v1/account").send().refused(401, "not_authenticated");
    let body = json!({"email": stranger.email, "password": PASSWORD});
    shop.stranger().post("/v1/auth/login", &body).send().refused(401, "wrong_credentials");
    let code = shop.mail(&stranger.email, "Your code").code();
    let body = json!({"email": stranger.email, "password": PASSWORD, "code": code});
    shop.stranger().post("/v1/auth/verify-email", &body).send().refused(401, "invalid_code");
}

#[test]
fn the_documentation_says_that_such_shops_tell() {
    let shop = Shop::shared();
    let description = shop.contract().document()["paths"]["/v1/auth/signup"]["post"]["description"].to_string();
    assert!(description.contains("immediate") && description.contains("known"), "{description}");
}
