//! `POST /v1/auth/signup`

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, Shop, pick, unique_email};

fn sign_up(client: &Client, email: &str, password: &str, name: &str) -> Reply {
    client.post("/v1/auth/signup", &json!({"email": email, "password": password, "name": name})).send()
}

fn verify(client: &Client, email: &str, password: &str, code: &str) -> Reply {
    client.post("/v1/auth/verify-email", &json!({"email": email, "password": password, "code": code})).send()
}

/// What somebody could compare: everything but what differs between any two replies.
fn comparable(reply: &Reply) -> (u16, Vec<(String, String)>, Value) {
    let mut headers = reply.headers.clone();
    headers.retain(|(name, _)| name != "x-request-id" && name != "date");
    (reply.status, headers, reply.json())
}

#[test]
fn the_reply_is_the_same_for_a_new_and_a_known_address_and_the_known_one_is_told() {
    let shop = Shop::shared();
    let known = shop.customer();
    let new = unique_email("new");
    let to_new = sign_up(shop.stranger(), &new, PASSWORD, "Nora New");
    let to_known = sign_up(shop.stranger(), &known.email, "another password of mine", "Eve Else");
    to_new.expect(202);
    assert_eq!(comparable(&to_new), comparable(&to_known));

    assert_eq!(shop.templates_to(&new), ["verify_email"]);
    assert_eq!(shop.templates_to(&known.email), ["verify_email", "account_exists"]);
    let told = shop.mail(&known.email, "You already have an account");
    assert!(told.text.contains("Ann Example") && !told.text.contains("Eve"), "{}", told.text);
    // Nothing has changed for the one who was there first.
    shop.login(&known.email);
    let body = json!({"email": known.email, "password": "another password of mine"});
    shop.stranger().post("/v1/auth/login", &body).send().refused(401, "wrong_credentials");
}

#[test]
fn a_mailbox_is_not_flooded_by_sign_ups() {
    let shop = Shop::shared();
    let known = shop.customer();
    for _ in 0..20 {
        sign_up(shop.stranger(), &known.email, PASSWORD, "Eve Else").expect(202);
    }
    let told = shop.templates_to(&known.email).iter().filter(|template| *template == "account_exists").count();
    assert!((1..=5).contains(&told), "{told} notices in a row");
}

#[test]
fn who_signs_up_again_before_verifying_has_the_newest_password_and_code() {
    let shop = Shop::shared();
    let email = unique_email("twice");
    sign_up(shop.stranger(), &email, "the first password here", "First").expect(202);
    let first = shop.mail(&email, "Your code").code();
    sign_up(shop.stranger(), &email, PASSWORD, "Second").expect(202);
    let second = shop.nth_mail(&email, "Your code", 2).code();
    if first != second {
        verify(shop.stranger(), &email, PASSWORD, &first).refused(401, "invalid_code");
    }
    let signed_in = verify(shop.stranger(), &email, PASSWORD, &second).expect(200);
    assert_eq!(signed_in["account"]["name"], "Second");
    shop.login(&email);
}

/// Somebody signs up with an address that is not theirs, and waits for its owner to prove it.
#[test]
fn a_stranger_s_password_is_not_proven_by_the_owner_of_the_mailbox() {
    let shop = Shop::shared();
    let email = unique_email("victim");
    let stranger_s = "the stranger knows this one";
    for _ in 0..6 {
        sign_up(shop.stranger(), &email, stranger_s, "Mallory").expect(202);
    }
    sign_up(shop.stranger(), &email, PASSWORD, "Vic").expect(202);
    let code = shop.nth_mail(&email, "Your code", 5).code();
    verify(shop.stranger(), &email, PASSWORD, &code).refused(401, "invalid_code");
    shop.stranger()
        .post("/v1/auth/login", &json!({"email": email, "password": stranger_s}))
        .send()
        .refused(403, "email_not_verified");
    // Whoever has the mailbox can choose a password, which ends what the stranger began.
    shop.stranger().post("/v1/auth/password/forgot", &json!({"email": email})).send().expect(202);
    let token = shop.mail(&email, "Set a new password").token();
    let reset = json!({"token": token, "password": PASSWORD});
    shop.stranger().post("/v1/auth/password/reset", &reset).send().expect(204);
    shop.login(&email);
    let stranger = json!({"email": email, "password": stranger_s});
    shop.stranger().post("/v1/auth/login", &stranger).send().refused(401, "wrong_credentials");
}

/// Wrong tries of strangers elsewhere must not keep out whoever has just signed up.
#[test]
fn nobody_keeps_somebody_new_from_coming_in() {
    let shop = Shop::start(&["--trusted-proxies", "127.0.0.1"]);
    let email = unique_email("fresh");
    sign_up(shop.stranger(), &email, PASSWORD, "Fred Fresh").expect(202);
    let code = shop.mail(&email, "Your code").code();
    let wrong = json!({"email": email, "password": "not the password of Fred"});
    for number in 0..12 {
        let from = format!("203.0.113.{number}");
        shop.stranger().post("/v1/auth/login", &wrong).header("x-forwarded-for", &from).send();
    }
    let body = json!({"email": email, "password": PASSWORD, "code": code});
    shop.stranger().post("/v1/auth/verify-email", &body).header("x-forwarded-for", "198.51.100.7").send().expect(200);
}

#[test]
fn addresses_are_compared_without_case() {
    let shop = Shop::shared();
    let email = unique_email("case");
    sign_up(shop.stranger(), &email.to_uppercase(), PASSWORD, "Carla Case").expect(202);
    let code = shop.mail(&email, "Your code").code();
    let signed_in = verify(shop.stranger(), &email.replacen('c', "C", 1), PASSWORD, &code).expect(200);
    assert_eq!(signed_in["account"]["email"], email.as_str());
    assert_eq!(signed_in["account"]["email_verified"], true);
    shop.login(&email.to_uppercase());
    sign_up(shop.stranger(), &email.to_uppercase(), PASSWORD, "Carla Case").expect(202);
    assert!(shop.templates_to(&email).contains(&"account_exists".to_owned()));
}

#[test]
fn wrong_input_is_named_all_at_once() {
    let shop = Shop::shared();
    let problem = sign_up(shop.stranger(), "no address", "short", " ").refused(422, "invalid_input");
    let mut pointers = pick(&problem["errors"], "pointer");
    pointers.sort_by_key(|pointer| pointer.to_string());
    assert_eq!(pointers, ["/email", "/name", "/password"]);
}

#[test]
fn what_is_no_address_is_refused() {
    let shop = Shop::shared();
    let long = format!("{}@example.com", "x".repeat(250));
    let addresses =
        ["", "ann", "ann@", "@example.com", "ann@example", "a b@example.com", "Ann <ann@example.com>", &long];
    for email in
        addresses.into_iter().chain(["ann@example.com\r\nBcc: eve@example.com", "ann@example.com,eve@example.com"])
    {
        sign_up(shop.stranger(), email, PASSWORD, "Ann").invalid("/email");
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let shop = Shop::shared();
    let long = "n".repeat(121);
    for name in ["", "  ", "Ann\r\nBcc: eve@example.com", "Ann\n", "A\u{0}nn", "\u{202E}nnA", &long] {
        let reply = sign_up(shop.stranger(), &unique_email("name"), PASSWORD, name);
        // A line break at the end is only space around the name.
        if name.trim() == "Ann" {
            reply.expect(202)
        } else {
            reply.invalid("/name")
        };
    }
    sign_up(shop.stranger(), &unique_email("name"), PASSWORD, &"n".repeat(120)).expect(202);
}

#[test]
fn passwords_have_8_to_128_characters_of_any_script() {
    let shop = Shop::shared();
    let refused = [("kZ7!qw2", "too_short"), ("пароль7", "too_short"), (&*"字".repeat(129), "too_long")];
    for (password, code) in refused {
        let problem = sign_up(shop.stranger(), &unique_email("pw"), password, "Ann").invalid("/password");
        assert_eq!(problem["errors"][0]["code"], code, "{password}");
    }
    let short = sign_up(shop.stranger(), &unique_email("pw"), "kZ7!qw2", "Ann").invalid("/password");
    let message = short["errors"][0]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("15"), "the recommendation is missing: {message}");
}

#[test]
fn common_passwords_are_refused() {
    let shop = Shop::shared();
    for password in ["password", "12345678", "123456789", "qwertyuiop", "iloveyou", "password1", "Passw0rd", "11111111"]
    {
        let problem = sign_up(shop.stranger(), &unique_email("pw"), password, "Ann").invalid("/password");
        let message = problem["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("15"), "the recommendation is missing: {message}");
    }
}

#[test]
fn long_passwords_count_to_their_last_character() {
    let shop = Shop::shared();
    let email = unique_email("long");
    // 128 characters of three bytes each: far beyond what bcrypt itself reads.
    let varied: String = (0..128_u32).filter_map(|n| char::from_u32(0x4E00 + n * 7)).collect();
    sign_up(shop.stranger(), &email, &varied, "Li Long").expect(202);
    verify(shop.stranger(), &email, &varied, &shop.mail(&email, "Your code").code()).expect(200);
    let mut other: String = varied.chars().take(127).collect();
    other.push('字');
    let login =
        |password: &str| shop.stranger().post("/v1/auth/login", &json!({"email": email, "password": password})).send();
    login(&other).refused(401, "wrong_credentials");
    login(&varied).expect(200);
}
