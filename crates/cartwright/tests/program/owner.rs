//! `owner create`

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
