//! Requests that are hardly HTTP

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use crate::support::Shop;

/// Sends bytes, says that no more will come, and reads whatever is answered.
fn say_all(shop: &Shop, bytes: &[u8]) -> String {
    talk(shop, bytes, true)
}

fn talk(shop: &Shop, bytes: &[u8], is_all: bool) -> String {
    let mut stream = TcpStream::connect(shop.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(15))).expect("a timeout");
    // The server may hang up before it has read everything.
    let _ = stream.write_all(bytes);
    if is_all {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    String::from_utf8_lossy(&received).into_owned()
}

#[test]
fn nonsense_is_a_400_or_the_end_of_the_connection() {
    let shop = Shop::shared();
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let many_headers: String = (0..300).map(|n| format!("X-{n}: y\r\n")).collect();
    let cases = [
        "\r\n\r\n\r\n".to_owned(),
        "garbage\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /v1/products\r\n\r\n".to_owned(),
        "GET /v1/products HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(),
        "GET v1/products HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /v1/pro ducts HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /v1/products HTTP/1.1\r\nHo st: x\r\n\r\n".to_owned(),
        "GET /v1/products HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1_000_000)),
        format!("GET /v1/products HTTP/1.1\r\nHost: x\r\n{many_headers}\r\n"),
        format!("GET /v1/products HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(1_000_000)),
        format!("{head}Content-Length: -1\r\n\r\n{{}}"),
        format!("{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
        format!("{head}Content-Length: 99999999999999999999\r\n\r\n{{}}"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: gzip\r\n\r\n{{}}"),
        format!("{head}Content-Length: 100\r\n\r\n{{\"email\":"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"em"),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}".to_owned(),
    ];
    for case in cases {
        let answer = say_all(&shop, case.as_bytes());
        let shown: String = case.chars().take(120).collect();
        let is_refusal = answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4") || answer.is_empty();
        // HTTP/9.9 may be refused as a version.
        assert!(is_refusal || answer.starts_with("HTTP/1.1 505"), "{shown:?} gave {answer:?}");
        shop.stranger().get("/healthz").send().expect(200);
    }
}

#[test]
fn a_request_cannot_be_smuggled_behind_another() {
    let shop = Shop::shared();
    let smuggled = "GET /v1/account HTTP/1.1\r\nHost: x\r\n\r\n";
    let body = format!("0\r\n\r\n{smuggled}");
    let request = format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{body}",
        body.len(),
    );
    let answer = say_all(&shop, request.as_bytes());
    let statuses: Vec<&str> = answer.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
    // RFC 9112, 6.1: either both headers together are refused, or the connection closes after the first request.
    assert!(statuses.len() <= 1, "{statuses:?}");
}

#[test]
fn requests_on_one_connection_are_answered_in_order() {
    let shop = Shop::shared();
    let paths = ["/healthz", "/v1/account", "/v1/products?limit=0", "/v1/categories", "/nowhere"];
    let requests: String = paths.iter().map(|path| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).collect();
    let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = talk(&shop, format!("{requests}{last}").as_bytes(), false);
    let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).filter_map(|reply| reply.get(..3)).collect();
    assert_eq!(statuses, ["200", "401", "400", "200", "404", "200"]);
}

/// A body that nobody expects, of a reply that is kept: who sends it slowly is answered, and so is the next request.
#[test]
fn a_body_that_nobody_expects_takes_no_request_with_it() {
    let shop = Shop::shared();
    shop.stranger().get("/v1/products").send().expect(200);
    let mut stream = TcpStream::connect(shop.address()).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    stream.write_all(b"GET /v1/products HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n").expect("sent");
    thread::sleep(Duration::from_millis(200));
    stream.write_all(b"hello").expect("sent");
    thread::sleep(Duration::from_millis(200));
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("both replies");
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
}
