//! Pictures in a bucket, and pictures that come with an import.

use std::{
    io::{BufRead, BufReader, Cursor, Read, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, Server};

fn png(shade: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(300, 200, image::Rgb([shade, 90, 200]));
    let mut bytes = Cursor::new(Vec::new());
    image::DynamicImage::from(picture).write_to(&mut bytes, image::ImageFormat::Png).expect("written");
    bytes.into_inner()
}

/// A server that speaks S3.
struct Bucket {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    endpoint: String,
}

impl Bucket {
    fn start() -> Self {
        let python = std::env::var("CARTWRIGHT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/s3_server.py");
        let child = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{python}: {error}"));
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut endpoint = String::new();
        output.read_line(&mut endpoint).expect("UTF-8");
        let endpoint = endpoint.trim().to_owned();
        assert!(
            endpoint.starts_with("http"),
            "this test needs Python with moto: run `{python} -m pip install 'moto[server,s3]'`, or set CARTWRIGHT_TEST_PYTHON"
        );
        Self { child, output, endpoint }
    }

    /// What is in it: how many files, the first part of a name, and their media types.
    fn contents(&mut self) -> String {
        writeln!(self.child.stdin.as_mut().expect("piped"), "list").expect("it listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("UTF-8");
        line.trim().to_owned()
    }

    fn stop(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends");
    }
}

struct Owner<'s> {
    server: &'s Server,
    agent: ureq::Agent,
    token: String,
}

impl<'s> Owner<'s> {
    fn of(server: &'s Server) -> Self {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let body = json!({"email": "olive@example.com", "password": PASSWORD}).to_string();
        let mut reply =
            agent.post(server.url("/v1/auth/login")).content_type("application/json").send(body).expect("an answer");
        let reply: Value = serde_json::from_str(&reply.body_mut().read_to_string().expect("text")).expect("JSON");
        let token = reply["access_token"].as_str().expect("signed in").to_owned();
        Self { server, agent, token }
    }

    fn upload(&self, content: &[u8]) -> (u16, Value) {
        let head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let body = [head.as_bytes(), content, b"\r\n--x--\r\n"].concat();
        let request =
            self.agent.post(self.server.url("/v1/admin/pictures")).content_type("multipart/form-data; boundary=x");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let mut reply = request.send(&body[..]).expect("an answer");
        let text = reply.body_mut().read_to_string().expect("text");
        (reply.status().as_u16(), serde_json::from_str(&text).expect("JSON"))
    }

    fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut reply = self.agent.get(self.server.url(path)).call().expect("an answer");
        (reply.status().as_u16(), reply.body_mut().read_to_vec().expect("bytes"))
    }
}

#[test]
fn pictures_are_kept_in_a_bucket() {
    let mut bucket = Bucket::start();
    let endpoint = bucket.endpoint.clone();
    let environment = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
    ];
    let place = Place::new();
    place.create_owner("olive@example.com");
    let server = place.start_with(&["serve", "--media", "s3://shop/pictures"], &environment);
    let owner = Owner::of(&server);
    let (status, picture) = owner.upload(&png(1));
    assert_eq!(status, 201, "{picture}");
    assert_eq!(bucket.contents(), "4 pictures image/webp", "four sizes, below the prefix, with their media type");
    let small = picture["thumbnails"]["small"].as_str().expect("a URL");
    let (status, content) = owner.get(small);
    assert_eq!((status, &content[8..12]), (200, &b"WEBP"[..]));
    assert_eq!(owner.get("/media/00000000000000000000000000000000.webp").0, 404);
    // When it is gone, that is said, and everything else goes on.
    bucket.stop();
    let (status, problem) = owner.upload(&png(2));
    assert_eq!((status, problem["code"].as_str()), (503, Some("unavailable")), "{problem}");
    assert_eq!(owner.get(small).0, 503);
    assert_eq!(owner.get("/v1/products").0, 200);
    drop(owner);
    server.stop();
}

#[test]
fn a_bucket_that_is_not_there_is_told_of_at_the_start() {
    let bucket = Bucket::start();
    let endpoint = bucket.endpoint.clone();
    let keys = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];
    let place = Place::new();
    let log = |name: &str, more: &[(&str, &str)]| {
        let server = place.start_with(&["serve", "--media", name], &[&keys[..], more].concat());
        thread::sleep(Duration::from_secs(2));
        server.stop().1.concat()
    };
    let plain = [("AWS_ENDPOINT", endpoint.as_str()), ("AWS_ALLOW_HTTP", "true")];
    let told = log("s3://nowhere", &plain);
    assert!(told.contains("the bucket s3://nowhere cannot be used"), "{told}");
    let told = log("s3://shop", &plain);
    assert!(!told.contains("cannot be used") && !told.contains("AWS_ALLOW_HTTP"), "{told}");
    assert!(log("s3://shop", &plain[..1]).contains("set AWS_ALLOW_HTTP=true"));
    bucket.stop();
}

/// A server with one picture at `/good.png`, trouble at first at `/late.png`, and nothing else; counts what it is asked.
fn elsewhere() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    thread::spawn(move || {
        let mut has_failed = false;
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 2048];
            let length = stream.read(&mut request).unwrap_or(0);
            counter.fetch_add(1, Ordering::SeqCst);
            let path = String::from_utf8_lossy(&request[..length]).split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match path.as_str() {
                "/good.png" => ("200 OK", png(3)),
                "/late.png" if !has_failed => {
                    has_failed = true;
                    ("503 Busy", Vec::new())
                }
                "/late.png" => ("200 OK", png(4)),
                "/text.png" => ("200 OK", b"<html>".to_vec()),
                _ => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    (address, asked)
}

#[test]
fn an_import_brings_its_pictures_along() {
    let (host, asked) = elsewhere();
    let place = Place::new();
    let row = |handle: &str, image: &str| format!("{handle},{handle},{handle}-1,12.50,http://{host}/{image}\n");
    let csv = format!(
        "Handle,Title,Variant SKU,Variant Price,Image Src\n{}{}{}{}{}",
        row("mug", "good.png"),
        row("cup", "good.png"),
        row("pot", "late.png"),
        row("jar", "gone.png"),
        row("tin", "text.png")
    );
    let file = place.write("shop.csv", &csv);
    let import = ["import", "products", file.to_str().expect("UTF-8"), "--with-images", "--picture-hosts", &host];
    let done = place
        .run(&import)
        .fails(1, &["gone.png: the server answered 404", "text.png", "2 pictures could not be fetched"]);
    assert!(done.stdout.contains(": 5 added") && done.stderr.contains("4 of 4 pictures"), "{done:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 5, "each picture once, and the late one again");
    let again = place.run(&import).expect(1);
    assert!(again.stdout.contains(": 0 added, 0 changed, 5 unchanged"), "{again:?}");
    let server = place.start(&["serve"]);
    let image = |handle: &str| server.get(&format!("/v1/products/{handle}"))["images"][0].clone();
    assert_eq!(image("mug")["url"], image("cup")["url"]);
    let url = image("pot")["thumbnails"]["medium"].as_str().expect("a URL").to_owned();
    let bytes = ureq::get(server.url(&url)).call().expect("an answer").body_mut().read_to_vec().expect("bytes");
    assert_eq!(&bytes[8..12], b"WEBP");
    assert_eq!(image("jar")["url"], format!("http://{host}/gone.png"), "what could not be fetched keeps its address");
    server.stop();
}
