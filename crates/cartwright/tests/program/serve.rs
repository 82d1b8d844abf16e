//! `serve`: its start, its log, its end.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Place};

fn setup_link(stdout: &str) -> Option<&str> {
    stdout.lines().find(|line| line.contains("/setup/"))
}

#[test]
fn a_shop_without_an_owner_prints_a_set_up_link_until_it_has_one() {
    let place = Place::new();
    let (first, log) = place.start(&["serve"]).stop();
    let mut server = place.start(&["serve"]);
    let status = |url: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        agent.get(url).call().expect("an answer").status().as_u16()
    };
    let link = server.line();
    let page = link[link.find("/setup/").expect("a link")..].trim();
    assert_eq!(status(&server.url(page)), 200);
    let (second, _) = server.stop();
    let second = link + &second;
    let (first, second) = (setup_link(&first).expect("a link"), setup_link(&second).expect("a link"));
    assert_ne!(first, second);
    let token = first.split("/setup/").nth(1).expect("a token");
    assert_eq!(token.len(), 43);
    assert!(log.iter().all(|line| !line.contains(token)), "the log is no place for it");
    place.create_owner("olive@example.com");
    let (third, _) = place.start(&["serve"]).stop();
    assert_eq!(setup_link(&third), None);
}

#[test]
fn the_log_is_json_and_says_loudly_that_no_mail_leaves() {
    let place = Place::new();
    let (_, log) = place.start(&["serve"]).stop();
    for line in &log {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(entry["level"].is_string() && entry["message"].is_string() && entry["timestamp"].is_string());
    }
    assert!(log.iter().any(|line| line.contains("NO MAIL LEAVES")));
    let (_, log) = place.start(&["serve", "--mail-dir", "mails"]).stop();
    assert!(log.iter().all(|line| !line.contains("NO MAIL LEAVES")));
}

/// Neither mails nor orders wait for whoever reads the log.
#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let place = Place::new();
    let arguments = ["serve", "--log", "debug", "--mail-dir", "mails", "--mail-from", "Shop <shop@example.com>"];
    let server = place.start_unheard(&arguments);
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}).to_string();
    let request = ureq::post(server.url("/v1/auth/signup")).content_type("application/json");
    assert_eq!(request.send(body).expect("an answer").status().as_u16(), 202);
    let begin = Instant::now();
    while fs::read_dir(place.path("mails")).map_or(0, Iterator::count) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "no mail arrived");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.get("/v1/products")["items"].as_array().map(Vec::len), Some(0));
    server.stop();
}

#[test]
fn a_log_that_cannot_be_written_does_not_keep_the_shop_closed() {
    let place = Place::new();
    let port = test_postgres::free_address().port();
    let address = format!("127.0.0.1:{port}");
    let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
    let mut command = place.command(&["serve", "--listen", &address]);
    let mut child = command.stderr(full.try_clone().expect("once more")).stdout(full).spawn().expect("it starts");
    let begin = Instant::now();
    while TcpStream::connect(&address).is_err() && begin.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = kill_process(Pid::from_child(&child), Signal::TERM);
    assert_eq!(child.wait().expect("a child of ours").code(), Some(0));
}

#[test]
fn another_currency_than_that_of_the_products_is_told() {
    let place = Place::new();
    let csv = "Handle,Title,Variant Price\nmug,Mug,12.50\n";
    let file = place.write("shop.csv", csv);
    place.run(&["import", "products", file.to_str().expect("UTF-8"), "--currency", "USD"]).expect(0);
    let is_told =
        |log: &[String]| log.iter().any(|line| line.contains("PRICED IN USD") && line.contains("--currency USD"));
    let (_, log) = place.start(&["serve"]).stop();
    assert!(is_told(&log), "{log:?}");
    let (_, log) = place.start(&["serve", "--currency", "USD"]).stop();
    assert!(!is_told(&log));
}

#[test]
fn a_request_in_flight_is_answered_before_the_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let server = place.start(&["serve"]);
        let mut stream = TcpStream::connect(server.address).expect("connected");
        let body = r#"{"email":"ann@example.com","password":"nobody's secret at all"}"#;
        let head = format!(
            "POST /v1/auth/login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (half, rest) = body.split_at(20);
        stream.write_all(format!("{head}{half}").as_bytes()).expect("sent");
        // The server must have begun with it.
        thread::sleep(Duration::from_millis(200));
        server.signal(signal);
        thread::sleep(Duration::from_millis(300));
        assert!(TcpStream::connect(server.address).is_err(), "new connections are refused");
        stream.write_all(rest.as_bytes()).expect("sent");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("answered");
        assert!(reply.starts_with("HTTP/1.1 401 "), "{reply}");
        server.wait();
    }
}

#[test]
fn a_signal_told_twice_at_once_is_one_wish() {
    let place = Place::new();
    let server = place.start(&["serve"]);
    server.signal(Signal::TERM);
    server.signal(Signal::TERM);
    let (_, log) = server.wait();
    assert!(log.iter().any(|line| line.contains("\"stopped\"")), "{log:#?}");
}

#[test]
fn a_port_that_is_taken_is_told_in_a_line_and_nothing_is_touched() {
    let place = Place::new();
    let server = place.start(&["serve"]);
    let address = server.address.to_string();
    let other = Place::new();
    let done = other.run(&["serve", "--listen", &address]).fails(1, &[&address, "--listen"]);
    assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    assert!(!other.path("cartwright-data/shop.db").exists());
    server.stop();
}

#[test]
fn a_folder_that_cannot_be_made_and_a_file_that_is_no_database_are_told_in_a_line() {
    let place = Place::new();
    place.write("file", "in the way");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data"];
    let blocked = place.run(&[&serve[..], &["file/data"]].concat()).fails(1, &["file/data"]);
    assert_eq!(blocked.stderr.lines().count(), 1, "{blocked:?}");
    place.write("data/shop.db", &"not a database ".repeat(1000));
    let foreign = place.run(&[&serve[..], &["data"]].concat()).fails(1, &["not a Cartwright database"]);
    assert_eq!(foreign.stderr.lines().filter(|line| !line.starts_with('{')).count(), 1, "{foreign:?}");
}

/// Programs that turn logs over send such signals, and a terminal that is closed one that is a wish to stop.
#[test]
fn signals_that_are_no_wish_to_stop_end_nothing() {
    let place = Place::new();
    let server = place.start(&["serve"]);
    for signal in [Signal::USR1, Signal::USR2, Signal::XFSZ] {
        server.signal(signal);
    }
    thread::sleep(Duration::from_millis(200));
    assert_eq!(server.get("/v1/products")["items"].as_array().map(Vec::len), Some(0));
    // Whoever runs the tests with `nohup` has it ignored in all that they start.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| mask.trim().chars().last());
    let is_ignored = ignored.and_then(|digit| digit.to_digit(16)).is_some_and(|mask| mask & 1 != 0);
    server.signal(if is_ignored { Signal::TERM } else { Signal::HUP });
    let (_, log) = server.wait();
    assert!(log.iter().any(|line| line.contains("stopping")), "{log:#?}");
}
