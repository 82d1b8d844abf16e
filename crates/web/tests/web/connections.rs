//! Slow, broken and numerous connections, and stopping.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::support::{FakeEngine, Mood, Server, pause, product};
use model::ProductStatus;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use web::Settings;

/// What the server answers to these bytes, until it closes the connection.
pub(crate) async fn raw(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes.as_bytes()).await.expect("sent");
    until_closed(&mut stream).await
}

fn engine() -> Arc<FakeEngine> {
    Arc::new(FakeEngine::new(vec![product(1, "mug", ProductStatus::Active)]))
}

fn impatient() -> Settings {
    let mut settings = Settings::default();
    settings.limits.head_timeout = Duration::from_millis(100);
    settings.limits.idle_timeout = Duration::from_secs(30);
    settings.limits.request_timeout = Duration::from_millis(200);
    settings.limits.stop_timeout = Duration::from_millis(1_500);
    settings
}

/// What the server sends until it closes the connection.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    // A reset is as good as a close here.
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received)).await.expect("closed");
    String::from_utf8_lossy(&received).into_owned()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_and_idle_connections_stay() {
    let server = Server::start_with(engine(), impatient()).await;
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut slow = TcpStream::connect(server.address).await.expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.expect("sent");
    let started = Instant::now();
    until_closed(&mut slow).await;
    // At the limit, not when somebody happens to look.
    assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
    let mut buffer = vec![0; 4096];
    let length = idle.read(&mut buffer).await.expect("a reply");
    assert!(String::from_utf8_lossy(&buffer[..length]).starts_with("HTTP/1.1 200"));
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("still open");
    assert!(until_closed(&mut idle).await.starts_with("HTTP/1.1 200"));
}

/// Somebody who asks for far more than fits into any buffer, and begins to read when that is sent.
async fn reader(address: SocketAddr) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("a connection");
    stream.write_all("GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20).as_bytes()).await.expect("sent");
    stream
}

#[tokio::test]
async fn whoever_leaves_a_reply_lying_is_cut_off_and_whoever_takes_it_slowly_is_not() {
    let mut settings = Settings::default();
    settings.limits.send_timeout = Duration::from_millis(500);
    let server = Server::start_with(engine(), settings).await;
    let mut lazy = reader(server.address).await;
    let mut slow = reader(server.address).await;
    let (begin, mut taken, mut piece) = (Instant::now(), 0, vec![0; 65_536]);
    while begin.elapsed() < Duration::from_secs(3) {
        taken += slow.read(&mut piece).await.expect("it goes on");
        pause(20).await;
    }
    assert!(taken > 100_000, "{taken}");
    let mut left = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), lazy.read_to_end(&mut left)).await.expect("cut off");
    // Not only closed: what the system still had for it is thrown away.
    assert!(ended.is_err(), "it got {} bytes and an end", left.len());
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_does_no_harm() {
    let server = Server::start(engine()).await;
    let too_many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    let too_long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000));
    for garbage in ["\r\n\r\n\r\nnonsense\r\n\r\n", "\u{16}\u{3}\u{1} TLS?\r\n\r\n", &too_many, &too_long] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        let _ = stream.write_all(garbage.as_bytes()).await;
        let reply = until_closed(&mut stream).await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{reply}");
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let engine = engine();
    let server = Server::start_with(Arc::clone(&engine) as Arc<dyn store::Engine>, impatient()).await;
    engine.set_mood(Mood::Hanging);
    let reply = server.get("/v1/products").await;
    reply.is_problem(503, "unavailable");
    assert_eq!(reply.header("retry-after"), "1");
    let login = serde_json::json!({"email": "ann@example.com", "password": "not the right one"});
    server.request("POST", "/v1/auth/login").json(&login).send().await.is_problem(503, "outcome_unknown");
}

/// A body without a length, in two pieces, of which the first was read before the second came.
#[tokio::test]
async fn whose_body_was_all_there_is_not_told_that_nothing_was_done() {
    let engine = engine();
    let server = Server::start_with(Arc::clone(&engine) as Arc<dyn store::Engine>, impatient()).await;
    engine.set_mood(Mood::Hanging);
    let head = "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let first = r#"{"email":"ann@example.com","#;
    let second = r#""password":"not the right one"}"#;
    for (end, status, code) in [("0\r\n\r\n", "503", "outcome_unknown"), ("", "408", "request_timeout")] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(format!("{head}{:x}\r\n{first}\r\n", first.len()).as_bytes()).await.expect("sent");
        pause(50).await;
        stream.write_all(format!("{:x}\r\n{second}\r\n{end}", second.len()).as_bytes()).await.expect("sent");
        let reply = until_closed(&mut stream).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")) && reply.contains(code), "{reply}");
    }
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_a_place() {
    let mut settings = Settings::default();
    settings.limits.connections = 2;
    let server = Server::start_with(engine(), settings).await;
    let first = TcpStream::connect(server.address).await.expect("a connection");
    let _second = TcpStream::connect(server.address).await.expect("a connection");
    pause(50).await;
    let request = server.request("GET", "/healthz");
    let waiting = tokio::spawn(request.send());
    pause(200).await;
    assert!(!waiting.is_finished(), "there is no place yet");
    drop(first);
    assert_eq!(waiting.await.expect("no panic").status, 200);
}

#[tokio::test]
async fn stopping_lets_requests_finish_and_closes_idle_connections() {
    let engine = engine();
    let mut settings = impatient();
    settings.limits.request_timeout = Duration::from_millis(600);
    let server = Server::start_with(Arc::clone(&engine) as Arc<dyn store::Engine>, settings).await;
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    pause(50).await;
    engine.set_mood(Mood::Hanging);
    let in_flight = tokio::spawn(server.request("GET", "/v1/products").send());
    pause(100).await;
    let address = server.address;
    let stopping = tokio::spawn(server.stop());
    assert!(until_closed(&mut idle).await.starts_with("HTTP/1.1 200"));
    assert!(TcpStream::connect(address).await.is_err(), "nothing new is accepted");
    in_flight.await.expect("no panic").is_problem(503, "unavailable");
    stopping.await.expect("no panic").expect("everything finished in time");
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let engine = engine();
    let mut settings = impatient();
    settings.limits.request_timeout = Duration::from_secs(60);
    settings.limits.stop_timeout = Duration::from_millis(100);
    let server = Server::start_with(Arc::clone(&engine) as Arc<dyn store::Engine>, settings).await;
    engine.set_mood(Mood::Hanging);
    let request = server.request("GET", "/v1/products");
    let in_flight = tokio::spawn(request.try_send());
    pause(100).await;
    assert!(server.stop().await.is_err(), "the request was cut off");
    in_flight.abort();
}
