//! `PUT /v1/account/password`

use serde_json::json;

use crate::support::{PASSWORD, Person, Reply, Shop};

const NEW_PASSWORD: &str = "a loud street in November";

fn change(person: &Person, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    person.client.put("/v1/account/password", &body).send()
}

#[test]
fn a_change_ends_the_other_sessions_and_keeps_this_one() {
    let shop = Shop::shared();
    let here = shop.customer();
    let there = shop.login(&here.email);
    change(&here, PASSWORD, NEW_PASSWORD).expect(204);
    there.client.get("/v1/account").send().refused(401, "not_authenticated");
    let body = json!({"refresh_token": there.refresh_token});
    shop.stranger().post("/v1/auth/refresh", &body).send().refused(401, "invalid_code");
    here.client.get("/v1/account").send().expect(200);
    let body = json!({"refresh_token": here.refresh_token});
    shop.stranger().post("/v1/auth/refresh", &body).send().expect(200);

    let login = |password: &str| {
        shop.stranger().post("/v1/auth/login", &json!({"email": here.email, "password": password})).send()
    };
    login(PASSWORD).refused(401, "wrong_credentials");
    login(NEW_PASSWORD).expect(200);
    shop.mail(&here.email, "Your password was changed");
}

#[test]
fn the_current_password_is_needed() {
    let shop = Shop::shared();
    let ann = shop.customer();
    change(&ann, "not the password", NEW_PASSWORD).refused(401, "wrong_credentials");
    change(&ann, "", NEW_PASSWORD).refused(401, "wrong_credentials");
    ann.client.get("/v1/account").send().expect(200);
    shop.login(&ann.email);
}

#[test]
fn weak_passwords_are_refused() {
    let shop = Shop::shared();
    let ann = shop.customer();
    for weak in ["kZ7!qw2", "password1", &"x".repeat(129)] {
        change(&ann, PASSWORD, weak).invalid("/new_password");
    }
    shop.login(&ann.email);
}

#[test]
fn a_new_password_is_another_one() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let there = shop.login(&ann.email);
    let told = change(&ann, PASSWORD, PASSWORD).invalid("/new_password");
    assert_eq!(told["errors"][0]["code"], "unchanged", "{told}");
    // What is told is about the two that were sent: a wrong one that comes twice is told the same.
    assert_eq!(change(&ann, NEW_PASSWORD, NEW_PASSWORD).invalid("/new_password")["errors"], told["errors"]);
    there.client.get("/v1/account").send().expect(200);
    assert!(shop.mails_about(&ann.email, "Your password was changed").is_empty());
}

#[test]
fn the_current_password_cannot_be_guessed_with_a_stolen_access_token() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let mut guesses = (0..40).map(|guess| change(&ann, &format!("guess {guess}"), NEW_PASSWORD));
    let slowed = guesses.find(|reply| reply.status == 429).expect("guessing is slowed down");
    slowed.header("retry-after");
    let body = json!({"new_email": "elsewhere@example.com", "password": "another guess"});
    ann.client.post("/v1/account/email", &body).send().refused(429, "too_many_requests");
}
