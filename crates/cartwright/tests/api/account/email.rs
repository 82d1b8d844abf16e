//! `POST /v1/account/email` and `/confirm`

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{PASSWORD, Person, Reply, Shop, unique_email};

const CODE_MAIL: &str = "Your code to change your e-mail address";

fn change(person: &Person, new_email: &str, password: &str) -> Reply {
    person.client.post("/v1/account/email", &json!({"new_email": new_email, "password": password})).send()
}

fn confirm(person: &Person, code: &str) -> Reply {
    person.client.post("/v1/account/email/confirm", &json!({"code": code})).send()
}

fn other(code: &str, n: u32) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1 + n) % 1_000_000)
}

#[test]
fn a_new_address_is_proven_and_the_old_one_told() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let new = unique_email("moved");
    change(&ann, &new.to_uppercase(), PASSWORD).expect(202);
    let code = shop.mail(&new, CODE_MAIL).code();
    // Nothing has changed before the code comes back.
    assert_eq!(ann.client.get("/v1/account").send().expect(200)["email"], ann.email.as_str());
    shop.login(&ann.email);

    let moved = confirm(&ann, &code).expect(200);
    assert_eq!((&moved["email"], &moved["email_verified"]), (&json!(new), &json!(true)));
    shop.login(&new);
    let body = json!({"email": ann.email, "password": PASSWORD});
    shop.stranger().post("/v1/auth/login", &body).send().refused(401, "wrong_credentials");
    let told = shop.mail(&ann.email, "The e-mail address of your account was changed");
    assert!(!told.text.contains(&new), "the new address is not for whoever reads the old mailbox: {}", told.text);
    confirm(&ann, &code).refused(401, "invalid_code");
}

#[test]
fn the_password_is_needed() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let new = unique_email("moved");
    change(&ann, &new, "not the password").refused(401, "wrong_credentials");
    change(&ann, "no address", PASSWORD).invalid("/new_email");
    assert!(shop.templates_to(&new).is_empty());
}

#[test]
fn the_code_is_good_for_five_tries_and_for_its_account_alone() {
    let shop = Shop::shared();
    let (ann, eve) = (shop.customer(), shop.customer());
    let new = unique_email("moved");
    change(&ann, &new, PASSWORD).expect(202);
    let code = shop.mail(&new, CODE_MAIL).code();
    confirm(&eve, &code).refused(401, "invalid_code");
    for n in 0..5 {
        confirm(&ann, &other(&code, n)).refused(401, "invalid_code");
    }
    confirm(&ann, &code).refused(401, "invalid_code");
    change(&ann, &new, PASSWORD).expect(202);
    confirm(&ann, &shop.nth_mail(&new, CODE_MAIL, 2).code()).expect(200);
}

#[test]
fn nobody_learns_that_an_address_is_taken_and_its_owner_is_told() {
    let shop = Shop::shared();
    let (ann, bob) = (shop.customer(), shop.customer());
    let ask = |new: &str| {
        let begin = Instant::now();
        let told = change(&ann, new, PASSWORD).expect(202);
        // More is written for an address that is somebody's, so both are answered after the same time.
        assert!(begin.elapsed() >= Duration::from_millis(80), "{new} was answered after {:?}", begin.elapsed());
        told
    };
    assert_eq!(ask(&unique_email("free")), ask(&bob.email));
    assert_eq!(shop.templates_to(&bob.email), ["verify_email", "account_exists"]);
    assert_eq!(ann.client.get("/v1/account").send().expect(200)["email"], ann.email.as_str());
}

#[test]
fn a_mailbox_gets_ten_mails_however_many_people_ask_for_it() {
    let shop = Shop::shared();
    let new = unique_email("wanted");
    for _ in 0..3 {
        let person = shop.customer();
        // Each of them alone may ask five times an hour.
        for _ in 0..4 {
            change(&person, &new, PASSWORD).expect(202);
        }
    }
    assert_eq!(shop.templates_to(&new), ["confirm_email_change"; 10]);
}

#[test]
fn an_address_that_was_taken_in_between_is_a_conflict() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let new = unique_email("race");
    change(&ann, &new, PASSWORD).expect(202);
    let code = shop.mail(&new, CODE_MAIL).code();
    let body = json!({"email": new, "password": PASSWORD, "name": "Rita Race"});
    shop.stranger().post("/v1/auth/signup", &body).send().expect(202);
    let rita = shop.mail(&new, "Your code for").code();
    shop.stranger()
        .post("/v1/auth/verify-email", &json!({"email": new, "password": PASSWORD, "code": rita}))
        .send()
        .expect(200);
    confirm(&ann, &code).refused(409, "email_taken");
    shop.login(&ann.email);
}
