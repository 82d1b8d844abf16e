//! `POST /v1/auth/verify-email` and `/resend`

use serde_json::json;

use crate::support::{PASSWORD, Reply, Shop, unique_email};

/// Signs up; gives the address and the code that was mailed to it.
fn sign_up(shop: &Shop) -> (String, String) {
    let email = unique_email("code");
    let body = json!({"email": email, "password": PASSWORD, "name": "Cora Code"});
    shop.stranger().post("/v1/auth/signup", &body).send().expect(202);
    let code = shop.mail(&email, "Your code").code();
    (email, code)
}

fn verify(shop: &Shop, email: &str, code: &str) -> Reply {
    shop.stranger().post("/v1/auth/verify-email", &json!({"email": email, "password": PASSWORD, "code": code})).send()
}

fn resend(shop: &Shop, email: &str) -> Reply {
    shop.stranger().post("/v1/auth/verify-email/resend", &json!({"email": email})).send()
}

/// Another code than this one.
fn other(code: &str, n: u32) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1 + n) % 1_000_000)
}

#[test]
fn the_code_signs_in_and_is_good_once() {
    let shop = Shop::shared();
    let (email, code) = sign_up(&shop);
    let signed_in = verify(&shop, &email, &code).expect(200);
    assert_eq!(signed_in["account"]["email_verified"], true);
    assert_eq!((&signed_in["token_type"], &signed_in["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(signed_in["refresh_expires_in"], 30 * 24 * 3600);
    let account = shop.person(&signed_in).client.get("/v1/account").send().expect(200);
    assert_eq!(account["email"], email.as_str());
    verify(&shop, &email, &code).refused(401, "invalid_code");
}

#[test]
fn a_code_belongs_to_one_account() {
    let shop = Shop::shared();
    let (ann, code_of_ann) = sign_up(&shop);
    let (bob, code_of_bob) = sign_up(&shop);
    if code_of_ann != code_of_bob {
        verify(&shop, &ann, &code_of_bob).refused(401, "invalid_code");
    }
    verify(&shop, &bob, &code_of_bob).expect(200);
    verify(&shop, &ann, &code_of_ann).expect(200);
}

#[test]
fn after_five_wrong_tries_only_a_new_code_helps() {
    let shop = Shop::shared();
    let (email, code) = sign_up(&shop);
    for n in 0..5 {
        verify(&shop, &email, &other(&code, n)).refused(401, "invalid_code");
    }
    verify(&shop, &email, &code).refused(401, "invalid_code");
    resend(&shop, &email).expect(202);
    let new = shop.nth_mail(&email, "Your code", 2).code();
    verify(&shop, &email, &new).expect(200);
}

#[test]
fn four_wrong_tries_leave_one() {
    let shop = Shop::shared();
    let (email, code) = sign_up(&shop);
    for n in 0..4 {
        verify(&shop, &email, &other(&code, n)).refused(401, "invalid_code");
    }
    verify(&shop, &email, &code).expect(200);
}

#[test]
fn a_new_code_replaces_the_old_one() {
    let shop = Shop::shared();
    let (email, first) = sign_up(&shop);
    resend(&shop, &email).expect(202);
    let second = shop.nth_mail(&email, "Your code", 2).code();
    if first != second {
        verify(&shop, &email, &first).refused(401, "invalid_code");
    }
    verify(&shop, &email, &second).expect(200);
}

#[test]
fn resending_tells_nobody_whether_there_is_an_account() {
    let shop = Shop::shared();
    let (waiting, _) = sign_up(&shop);
    let verified = shop.customer().email;
    let unknown = unique_email("nobody");
    let replies = [&waiting, &verified, &unknown].map(|email| resend(&shop, email).expect(202));
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0], replies[2]);
    assert_eq!(shop.templates_to(&waiting).len(), 2);
    assert_eq!(shop.templates_to(&verified), ["verify_email"]);
    assert!(shop.templates_to(&unknown).is_empty());
}

#[test]
fn codes_are_mailed_five_times_an_hour_at_most() {
    let shop = Shop::shared();
    let (email, _) = sign_up(&shop);
    for _ in 0..12 {
        resend(&shop, &email).expect(202);
    }
    assert_eq!(shop.templates_to(&email).len(), 5);
}

#[test]
fn what_is_no_code_is_refused_and_unknown_addresses_alike() {
    let shop = Shop::shared();
    let (email, code) = sign_up(&shop);
    let unknown = verify(&shop, &unique_email("nobody"), &code).refused(401, "invalid_code");
    let wrong = verify(&shop, &email, &other(&code, 0)).refused(401, "invalid_code");
    assert_eq!(unknown, wrong);
    for garbage in ["", "12345", "abcdef", "１２３４５６", "' OR 1=1 --"] {
        let status = verify(&shop, &unique_email("nobody"), garbage).status;
        assert!(matches!(status, 401 | 422), "{garbage:?} gave {status}");
    }
}
