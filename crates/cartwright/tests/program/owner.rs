//! `owner create` and `owner forget-factor`

use serde_json::json;

use crate::support::{PASSWORD, Place};

fn create<'a>(email: &'a str, name: &'a str) -> Vec<&'a str> {
    vec!["owner", "create", "--email", email, "--name", name, "--password-stdin", "--bcrypt-cost", "10"]
}

#[test]
fn an_owner_can_sign_in_with_the_password_that_was_given() {
    let place = Place::new();
    let done =
        place.run_with_input(&create("Olive@Example.com", "Olive"), format!("{PASSWORD}\n").as_bytes()).expect(0);
    assert!(!done.stdout.contains(PASSWORD) && !done.stderr.contains(PASSWORD));
    assert!(done.stdout.contains("new shop") && done.stdout.contains("cartwright-data/shop.db"), "{done:?}");
    let second = place.run_with_input(&create("oscar@example.com", "Oscar"), PASSWORD.as_bytes()).expect(0);
    assert!(second.stdout.contains("owner of the shop in cartwright-data/shop.db."), "{second:?}");
    let server = place.start(&["serve"]);
    let login = |password: &str| {
        let body = serde_json::json!({"email": "olive@example.com", "password": password}).to_string();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(server.url("/v1/auth/login")).content_type("application/json");
        request.send(body).expect("an answer").status().as_u16()
    };
    assert_eq!(login(PASSWORD), 200, "the line break does not belong to it");
    assert_eq!(login("seven lamps over a red harbour"), 401);
    server.stop();
}

#[test]
fn what_cannot_be_an_owner_is_refused() {
    let place = Place::new();
    place.create_owner("olive@example.com");
    let again = place.run_with_input(&create("OLIVE@example.com", "Olive"), PASSWORD.as_bytes());
    again.fails(1, &["another account"]);
    for (password, words) in [("password1", "too easy"), ("short", "at least 8"), ("", "at least 8")] {
        let done = place.run_with_input(&create("b@example.com", "B"), password.as_bytes());
        done.fails(1, &["the password", words]);
    }
    place.run_with_input(&create("b@example.com", "B"), b"several lines\nof text").fails(2, &["several lines"]);
    place.run_with_input(&create("b@example.com", "B"), b"\xff\xfe not a text").fails(2, &["UTF-8"]);
    place.run_with_input(&create("nobody", "B"), PASSWORD.as_bytes()).fails(2, &["--email"]);
    place.run_with_input(&create("b@example.com", "B\nC"), PASSWORD.as_bytes()).fails(2, &["--name"]);
    place.run(&["owner", "create", "--email", "b@example.com", "--name", "B"]).fails(2, &["--password-stdin"]);
}

/// Gives the only account a second factor that was set up under other keys than those of the shop, with this recovery code.
fn add_factor(place: &Place, recovery: &str) {
    let conn = rusqlite::Connection::open(place.path("cartwright-data/shop.db")).expect("opened");
    let sealed = format!("nonce~0123456789abcdef.{}", "A".repeat(32));
    let body = json!({"sealed": sealed, "recovery": [identity::recovery_hash(recovery)], "last_step": 0}).to_string();
    let id: String = conn.query_row("SELECT lower(hex(id)) FROM accounts", [], |row| row.get(0)).expect("an id");
    let name = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
    let insert = "INSERT INTO documents (kind, id, name, version, body) \
        SELECT 'second_factor', id, ?1, 1, ?2 FROM accounts";
    assert_eq!(conn.execute(insert, [&name, &body]).expect("put in"), 1);
}

#[test]
fn a_second_factor_of_lost_keys_is_told_of_and_can_be_taken_away() {
    let place = Place::new();
    place.create_owner("olive@example.com");
    add_factor(&place, "abcd-efgh-ijkm-nopq");
    let server = place.start(&["serve"]);
    let login = |code: Option<&str>| {
        let body = json!({"email": "olive@example.com", "password": PASSWORD, "code": code}).to_string();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(server.url("/v1/auth/login")).content_type("application/json");
        request.send(body).expect("an answer").status().as_u16()
    };
    assert_eq!(login(Some("123456")), 401);
    assert_eq!(login(Some("abcd-efgh-ijkm-nopq")), 200, "a recovery code needs no keys");
    assert_eq!(login(None), 401);
    let forget = ["owner", "forget-factor", "--email", "olive@example.com"];
    place.run(&["owner", "forget-factor", "--email", "nobody@example.com"]).fails(1, &["nobody@example.com"]);
    place.run(&forget).expect(0);
    assert_eq!(login(None), 200);
    place.run(&forget).fails(1, &["no second factor"]);
    let (_, log) = server.stop();
    let is_told =
        |line: &String| line.contains("ERROR") && line.contains("keys.json") && line.contains("forget-factor");
    assert!(log.iter().any(is_told), "{log:#?}");
    place.run(&["check"]).expect(0);

    let nowhere = Place::new();
    nowhere.run(&forget).fails(1, &["no database"]);
    assert!(!nowhere.path("cartwright-data").exists());
}
