//! Who may do what: every operation of the API, asked for by everybody, compared with the table in `docs/authority.md`.
//!
//! The requests are malformed wherever a request has a body or a condition, so that those who are let in change nothing: what they are
//! told is what is wrong with the request, and that is how one sees that they were let in.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use serde_json::{Value, json};

use super::ground::Ground;
use crate::{
    harness::{
        client::Client,
        load::{Fate, order},
        shop::{OWNER, PASSWORD, Shop, text},
    },
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// Nothing has this id.
const NO_ID: &str = "01890000-0000-7000-8000-00000000dead";
const PERMISSIONS: [&str; 4] = ["catalogue", "orders", "customers", "settings"];
/// From where everybody asks, through a proxy on this machine of which the shop was not told: what is for this machine alone is then for
/// nobody.
const FROM: &str = "203.0.113.7";
/// Whose the things are that are asked for: they come last, since what they do away with is there for nobody any more.
const CUSTOMER: usize = 1;
/// The columns of the table.
const PEOPLE: [&str; 13] = [
    "stranger",
    "customer",
    "other",
    "staff",
    "catalogue",
    "orders",
    "customers",
    "settings",
    "owner",
    "key: catalogue",
    "key: orders",
    "key: customers",
    "key: settings",
];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "authority",
    injects: "every route and method as everybody",
    holds: "as docs/authority.md says; a route that is not in it fails",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 1,
    run: |run| compare(run, None),
    control: Control {
        without: "asking for the permission",
        finds: &["as customer: in, and the table says"],
        on_one_engine: true,
        run: |run| compare(run, Some("guard.permission=return")),
    },
};

const ADDRESS: &str =
    r#"{"name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"}"#;

type Table = BTreeMap<String, Vec<String>>;

fn compare(run: &Run, lifted: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let found = ask_all(run, lifted, &mut outcome);
    let path = document();
    if lifted.is_none() && std::env::var_os("CARTWRIGHT_PROOF_WRITE").is_some() {
        fs::write(&path, render(&found)).expect("the document can be written");
    }
    let mut promised = parse(&fs::read_to_string(&path).expect("docs/authority.md"));
    for (operation, answers) in &found {
        let Some(expected) = promised.remove(operation) else {
            outcome.violate(format!("{operation} is not in the table"));
            continue;
        };
        if expected.len() != PEOPLE.len() {
            outcome.violate(format!("{operation} has {} answers in the table", expected.len()));
        }
        for ((who, answer), expected) in PEOPLE.iter().zip(answers).zip(&expected) {
            if answer != expected {
                outcome.violate(format!("{operation} as {who}: {answer}, and the table says {expected}"));
            }
        }
    }
    for operation in promised.keys() {
        outcome.violate(format!("{operation} is in the table and not in the API"));
    }
    outcome.injected = format!("{} operations, {} people", found.len(), PEOPLE.len());
    outcome.runs = (found.len() * PEOPLE.len()) as u64;
    outcome
}

/// The document in the repository.
fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/authority.md")
}

/// Somebody: an address to sign in with, or a key.
struct Person {
    email: String,
    token: String,
    is_key: bool,
}

fn ask_all(run: &Run, lifted: Option<&str>, outcome: &mut Outcome) -> Table {
    let ground = Ground::new(run, &[]);
    let mut ground = staff().fold(ground, |ground, (email, _)| ground.with_owner(&email));
    ground.launch.set_faults(lifted.map(str::to_owned));
    let launch = &ground.launch;
    let server = launch.start();
    let shop = Shop::fill(launch.address, 2);
    let client = Client::new(shop.address);
    let mut people = people(&client, &shop);
    prove_nobody_raises(&client, &people, outcome);
    let near = client.get("/metrics").expect("a reply").status;
    if near != 200 {
        outcome.violate(format!("GET /metrics from this machine: {near}"));
    }
    let mut belongings = belongings(&client, &shop);
    let document = client.get("/openapi.json").expect("a reply").expect(200);
    let mut table = Table::new();
    // What takes something away comes later, and leaving for good last.
    for turn in 0..3 {
        for (path, method, operation) in operations(&document) {
            if turn != u8::from(method == "delete") + u8::from(method == "delete" && path == "/v1/account") {
                continue;
            }
            let is_last = turn == 2;
            // What was asked before may have ended the session, and a review that was changed is looked at again.
            if path.contains("/sessions/{") {
                belongings.insert("sessions", other_session(&client));
            }
            if path.ends_with("/report") {
                approve(&client, &belongings["reviews"]);
            }
            let target = fill(path, &belongings);
            let mut answers = vec![String::new(); people.len()];
            for at in (0..people.len()).filter(|at| *at != CUSTOMER).chain([CUSTOMER]) {
                let begin = Instant::now();
                answers[at] = ask(&client, &people[at], &method.to_uppercase(), &target, operation);
                outcome.waited(begin.elapsed());
                if !is_last {
                    people[at].come_back(&client);
                }
            }
            let is_of_customer = target != path && !target.contains(NO_ID);
            if is_of_customer && answers[CUSTOMER] != "in" {
                outcome
                    .violate(format!("{path}: not even its owner is let in, so that nothing is known of the others"));
            }
            table.insert(format!("{} {path}", method.to_uppercase()), answers);
        }
    }
    server.stop();
    table
}

/// Every operation of the document: its path, its method in small letters, and itself.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.filter(|(_, method, _)| ["get", "post", "put", "patch", "delete"].contains(method)).collect()
}

/// `in` for whoever is let in, whatever they are then told; otherwise the status that turned them away.
fn ask(client: &Client, person: &Person, method: &str, target: &str, operation: &Value) -> String {
    let bearer = format!("Bearer {}", person.token);
    // Conditions and bodies that nothing can be done with.
    let mut headers = vec![("if-match", "\"0\""), ("idempotency-key", ""), ("x-forwarded-for", FROM)];
    if !person.token.is_empty() {
        headers.push(("authorization", bearer.as_str()));
    }
    let body: &[u8] = if operation.get("requestBody").is_some() {
        headers.push(("content-type", "application/json"));
        match operation["operationId"].as_str() {
            // Whose it is must be asked before what is in it matters, so these are well formed.
            Some("cancel_order") => b"{}",
            Some("update_address") => ADDRESS.as_bytes(),
            Some("update_review") => br#"{"rating": 3}"#,
            _ => b"[1]",
        }
    } else {
        b""
    };
    let reply = client.call(method, target, &headers, body).expect("a reply");
    match reply.status {
        status @ (401 | 403) => {
            let problem = reply.json();
            match problem["code"].as_str() {
                Some("not_authenticated" | "forbidden") => status.to_string(),
                _ => "in".to_owned(),
            }
        }
        404 => "404".to_owned(),
        status if status >= 500 => format!("{status}!"),
        _ => "in".to_owned(),
    }
}

/// The path with what belongs to the first customer, or with an id that is nobody's.
fn fill(path: &str, belongings: &HashMap<&str, String>) -> String {
    let mut target = String::new();
    for part in path.split('/').skip(1) {
        target.push('/');
        if part.starts_with('{') {
            let before = target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let is_own = !path.starts_with("/v1/admin");
            let id = belongings.get(before).filter(|_| is_own);
            target.push_str(id.map_or(NO_ID, String::as_str));
        } else {
            target.push_str(part);
        }
    }
    target
}

/// One of the staff with no permission, and one with each: their addresses, and what they may.
fn staff() -> impl Iterator<Item = (String, &'static [&'static str])> {
    let each = [&[] as &[&str]].into_iter().chain(PERMISSIONS.chunks(1));
    each.map(|may| (format!("staff-{}@example.com", may.first().unwrap_or(&"none")), may))
}

/// Nobody but an owner makes somebody an owner or gives permissions, and an owner gives the password for it: what the table does not
/// tell, since the operation locks customers too.
fn prove_nobody_raises(client: &Client, people: &[Person], outcome: &mut Outcome) {
    let own = client.get_as(&people[CUSTOMER].token, "/v1/account").expect("a reply").expect(200);
    let path = format!("/v1/admin/accounts/{}", text(&own["id"]));
    for (person, who) in people.iter().zip(PEOPLE) {
        let password = if who == "owner" { "not the password" } else { PASSWORD };
        for mut raise in [json!({"role": "owner"}), json!({"permissions": ["orders"]})] {
            raise["current_password"] = password.into();
            let status = client.patch(&person.token, &path, &raise).expect("a reply").status;
            if !matches!(status, 401 | 403) {
                outcome.violate(format!("{who} raised a customer: {status}"));
            }
        }
    }
    // Whoever is raised is signed out.
    let after = client.get_as(&people[CUSTOMER].token, "/v1/account").expect("a reply");
    if after.status != 200 || after.json() != own {
        outcome.violate(format!("a customer was raised: {after:?}"));
    }
}

fn people(client: &Client, shop: &Shop) -> Vec<Person> {
    let mut people = vec![Person { email: String::new(), token: String::new(), is_key: false }];
    for number in 0..2 {
        people.push(Person::signed_in(client, &format!("buyer-{number}@example.com")));
    }
    for (email, permissions) in staff() {
        let token = shop.demote(&email, permissions);
        people.push(Person { email, token, is_key: false });
    }
    people.push(Person::signed_in(client, OWNER));
    for permission in PERMISSIONS {
        people.push(Person { email: String::new(), token: make_key(client, permission), is_key: true });
    }
    assert_eq!(people.len(), PEOPLE.len());
    people
}

impl Person {
    fn signed_in(client: &Client, email: &str) -> Self {
        let body = json!({"email": email, "password": PASSWORD});
        let session = client.post("", "/v1/auth/login", "", &body).expect("a reply").expect(200);
        Self { email: email.to_owned(), token: text(&session["access_token"]), is_key: false }
    }

    /// Signs in again after something that ended the session.
    fn come_back(&mut self, client: &Client) {
        if self.is_key || self.email.is_empty() {
            return;
        }
        let status = client.get_as(&self.token, "/v1/account").expect("a reply").status;
        if status != 200 {
            *self = Self::signed_in(client, &self.email);
        }
    }
}

/// An API key, made on its page as the owner makes it.
fn make_key(client: &Client, permission: &str) -> String {
    let mut cookies: Vec<String> = Vec::new();
    let mut go = |method: &str, path: &str, form: &[(&str, &str)]| {
        let jar = cookies.join("; ");
        let headers =
            [("accept", "text/html"), ("cookie", jar.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let reply = client.call(method, path, &headers, body.as_bytes()).expect("a reply");
        for cookie in reply.cookies() {
            let name = cookie.split('=').next().unwrap_or_default().to_owned();
            cookies.retain(|kept| !kept.starts_with(&format!("{name}=")));
            cookies.push(cookie.to_owned());
        }
        String::from_utf8_lossy(&reply.body).into_owned()
    };
    let csrf = |page: &str| {
        let rest = page.split_once("name=\"csrf\" value=\"").expect("a form").1;
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let page = go("GET", "/staff/sign-in", &[]);
    go(
        "POST",
        "/staff/sign-in",
        &[("csrf", &csrf(&page)), ("email", OWNER), ("password", PASSWORD), ("next", "/admin")],
    );
    let page = go("GET", "/admin/keys", &[]);
    let made = [
        ("csrf", csrf(&page)),
        ("name", permission.to_owned()),
        ("permission", permission.to_owned()),
        ("days", "30".to_owned()),
        ("password", PASSWORD.to_owned()),
    ];
    let made = made.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = go("POST", "/admin/keys", &made);
    let start = page.find("cwk_").expect("the key is shown");
    page[start..].chars().take_while(|c| c.is_alphanumeric() || "_-".contains(*c)).collect()
}

/// Ids of what belongs to the first customer, by the word before them in a path.
fn belongings(client: &Client, shop: &Shop) -> HashMap<&'static str, String> {
    let sent = order(client, shop, "owned".to_owned(), 0, shop.order("owned", 0));
    let Fate::Acknowledged(placed) = sent.fate else { panic!("an order: {:?}", sent.fate) };
    let address = serde_json::from_str(ADDRESS).expect("JSON");
    let address = client.post(&shop.buyers[0], "/v1/account/addresses", "", &address).expect("a reply").expect(201);
    let path = format!("/v1/products/{}/reviews", shop.product_id());
    let review = client.post(&shop.buyers[0], &path, "", &json!({"rating": 4})).expect("a reply").expect(201);
    HashMap::from([("orders", placed.id), ("addresses", text(&address["id"])), ("reviews", text(&review["id"]))])
}

/// Has everybody see a review: only then it can be reported.
fn approve(client: &Client, review: &str) {
    let owner = Person::signed_in(client, OWNER).token;
    let path = format!("/v1/admin/reviews/{review}");
    client.patch(&owner, &path, &json!({"status": "approved"})).expect("a reply").expect(200);
}

/// The id of another session of the first customer than the one that asks.
fn other_session(client: &Client) -> String {
    let session = Person::signed_in(client, "buyer-0@example.com");
    let sessions = client.get_as(&session.token, "/v1/account/sessions").expect("a reply").expect(200);
    let own = sessions["items"].as_array().into_iter().flatten().find(|session| session["current"] == true);
    text(&own.expect("the session that asks")["id"])
}

/// The document: a table that people can read.
fn render(table: &Table) -> String {
    let mut out = String::from(
        "# Who may do what\n\nEvery operation of the API, asked for by everybody. `in`: whoever asks is let in, and told what comes of it; \
         `401`: who are you; `403`: not you; `404`: there is no such thing, as far as you can know. The customer owns the order, the \
         address, the session and the review that are asked for, the others do not. Staff have the permission that their column names, `staff` has none; \
         each key has the one that its column names, and acts for the owner. Everybody asks from another machine, through a proxy on the \
         shop's own of which it was not told. Operations on things that do not exist show `404` for those who are let in.\n\n\
         `cartwright-proof run authority` compares this table with the program; it fails for an operation that is not here.\n\n",
    );
    let _ = writeln!(out, "| operation | {} |", PEOPLE.join(" | "));
    let _ = writeln!(out, "|---|{}", "---|".repeat(PEOPLE.len()));
    for (operation, answers) in table {
        let _ = writeln!(out, "| {operation} | {} |", answers.join(" | "));
    }
    out
}

/// The rows of the document.
fn parse(document: &str) -> Table {
    let rows = document.lines().filter(|line| line.starts_with("| ") && line.contains(" /"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    cells.filter_map(|mut cells| (!cells.is_empty()).then(|| (cells.remove(0), cells))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_read_as_it_is_written() {
        let answers = PEOPLE.iter().map(|who| format!("of {who}")).collect::<Vec<_>>();
        let table = Table::from([("GET /v1/orders".to_owned(), answers)]);
        assert_eq!(parse(&render(&table)), table);
    }

    #[test]
    fn a_path_is_filled_with_what_belongs_to_somebody_or_nobody() {
        let own = HashMap::from([("orders", "7".to_owned())]);
        assert_eq!(fill("/v1/orders/{id}/cancel", &own), "/v1/orders/7/cancel");
        assert_eq!(fill("/v1/admin/orders/{id}", &own), format!("/v1/admin/orders/{NO_ID}"));
    }
}
