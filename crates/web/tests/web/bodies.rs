//! Bodies that are wrong in every way, to every operation that takes one: the right 4xx, never a 5xx.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Reply, Shop};

/// Each operation with a JSON body: method, path, and whether the body may be left out.
fn operations_with_body() -> Vec<(String, String, bool)> {
    let document = serde_json::to_value(web::openapi()).expect("the document");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let body = &operation["requestBody"];
            if body["content"].get("application/json").is_some() {
                operations.push((method.to_uppercase(), path.clone(), body["required"] != Value::Bool(true)));
            }
        }
    }
    assert!(operations.len() > 10, "{operations:?}");
    operations
}

struct Case<'a> {
    shop: &'a Shop,
    method: &'a str,
    path: String,
}

impl Case<'_> {
    async fn send(&self, content_type: &str, body: impl Into<bytes::Bytes>) -> Reply {
        let request = self.shop.request(self.method, &self.path).bearer(&self.shop.owner.token);
        request.header("content-type", content_type).header("idempotency-key", "a key").raw(body).send().await
    }

    #[track_caller]
    fn expect(&self, reply: &Reply, what: &str, status: u16, code: &str) {
        assert_eq!(reply.status.as_u16(), status, "{} {}: {what}: {reply:?}", self.method, self.path);
        reply.is_problem(status, code);
    }
}

#[tokio::test]
async fn every_operation_refuses_bodies_that_are_not_what_it_takes() {
    let shop = Shop::open().await;
    for (method, path, is_optional) in operations_with_body() {
        let case = Case { shop: &shop, method: &method, path: super::strangers::filled(&path) };
        case.expect(&case.send("text/plain", "{}").await, "not JSON by its type", 415, "unsupported_media_type");
        case.expect(&case.send("application/json", "{").await, "broken off", 400, "malformed_json");
        case.expect(&case.send("application/json", b"\xff\xfe".as_slice()).await, "not UTF-8", 400, "malformed_json");
        let packed = shop.request(&method, &case.path).bearer(&shop.owner.token).header("content-encoding", "gzip");
        let packed = packed.header("content-type", "application/json").header("idempotency-key", "a key");
        case.expect(&packed.raw("{}").send().await, "packed", 415, "unsupported_media_type");
        if !is_optional {
            case.expect(&case.send("application/json", "").await, "nothing", 400, "malformed_json");
        }
        let unknown = case.send("application/json", r#"{"no_such_field":1}"#).await;
        case.expect(&unknown, "an unknown field", 422, "invalid_input");
        assert_eq!(unknown.json()["errors"][0]["pointer"], "/no_such_field", "{method} {path}");
        for wrong in ["[]", "null", "1", "\"text\"", "true"] {
            case.expect(&case.send("application/json", wrong).await, wrong, 422, "invalid_input");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(50_000));
        let reply = case.send("application/json", deep).await;
        assert!(reply.status.is_client_error(), "{method} {path}: {reply:?}");
    }
    // Where a value of any kind is taken, it is read as deep as it may be.
    let case = Case { shop: &shop, method: "POST", path: "/v1/admin/products".to_owned() };
    let deep = format!("{{\"attributes\":{{\"a\":{}", "[".repeat(50_000));
    case.expect(&case.send("application/json", deep).await, "deep", 400, "too_deep");
    // And as long as it may be: nothing after it is looked at, not even that it never ends.
    let keys: String = (0..1_001).map(|number| format!("\"a{number}\":1,")).collect();
    let many = case.send("application/json", format!("{{\"attributes\":{{{keys}")).await;
    case.expect(&many, "many keys", 422, "invalid_input");
    let pointer = many.json()["errors"][0]["pointer"].as_str().expect("a pointer").to_owned();
    assert!(pointer.starts_with("/attributes"), "{many:?}");
}

/// Settings of a shop where bodies must arrive at once.
fn impatient() -> web::Settings {
    let mut settings = web::Settings::default();
    settings.limits.body_timeout = Duration::from_millis(200);
    settings
}

#[tokio::test]
async fn bodies_are_limited_in_size_and_time() {
    let mut settings = impatient();
    settings.limits.body_bytes = 10_000;
    let shop = Shop::open_with(settings).await;
    for (method, path, _) in operations_with_body() {
        let case = Case { shop: &shop, method: &method, path: super::strangers::filled(&path) };
        let large = format!("{{\"x\":\"{}\"}}", "x".repeat(10_000));
        case.expect(&case.send("application/json", large).await, "too large", 413, "body_too_large");
    }
    let head =
        "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let begin = Instant::now();
    let reply = crate::connections::raw(shop.address, head).await;
    assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
    assert!(begin.elapsed() < Duration::from_millis(900), "it was waited for longer than it may take");
    assert!(reply.contains("request_timeout"), "{reply}");
    // A client that sends all of a body that nobody wants still gets the reply, not a reset connection.
    let head = "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let body = "x".repeat(12_000_000);
    let reply =
        crate::connections::raw(shop.address, &format!("{head}content-length: {}\r\n\r\n{body}", body.len())).await;
    assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");
    // Without a length, what has arrived is counted.
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let head = "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n";
    let reply = crate::connections::raw(shop.address, &format!("{head}{}", chunk.repeat(20))).await;
    assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");
}

/// Forms, files and pictures have the same time as JSON has, of strangers and of staff.
#[tokio::test]
async fn bodies_of_every_kind_must_arrive_in_time() {
    let shop = Shop::open_with(impatient()).await;
    let token = &shop.owner.token;
    let form = "application/x-www-form-urlencoded";
    for (path, content_type, begins) in [
        ("/staff/sign-in", form, "csrf=a"),
        ("/staff/second-factor", form, "csrf=a"),
        ("/staff/forgotten", form, "csrf=a"),
        ("/reset-password", form, "csrf=a"),
        ("/v1/admin/pictures", "multipart/form-data; boundary=line", "--line\r\n"),
        ("/v1/admin/imports/products", "text/csv", "Handle,Title"),
        ("/v1/admin/imports/catalogue", "application/x-ndjson", "{"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: {content_type}\r\ncontent-length: 1000\r\n\r\n{begins}"
        );
        let begin = Instant::now();
        let reply = crate::connections::raw(shop.address, &head).await;
        assert!(reply.starts_with("HTTP/1.1 408") && reply.contains("request_timeout"), "{path}: {reply}");
        assert!(reply.to_lowercase().contains("\r\nconnection: close"), "{path}: {reply}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{path}: {:?}", begin.elapsed());
    }
}

/// A second more for each 64 KiB: who sends a file over a slow line is no attacker.
#[tokio::test]
async fn a_large_body_may_take_longer() {
    let shop = Shop::open_with(impatient()).await;
    let token = &shop.owner.token;
    let file = format!("Handle,Title\n{}", "mug,Mug\n".repeat(16_000));
    let mut stream = TcpStream::connect(shop.address).await.expect("connected");
    let head = format!(
        "POST /v1/admin/imports/products HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: text/csv\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        file.len()
    );
    let (most, rest) = file.split_at(file.len() - 100);
    stream.write_all((head + most).as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(900)).await;
    stream.write_all(rest.as_bytes()).await.expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    assert!(reply.starts_with("HTTP/1.1 202"), "{reply}");
}

#[tokio::test]
async fn one_key_gives_one_order_and_the_same_reply() {
    let shop = Shop::open().await;
    let ann = shop.customer("ann@example.com").await;
    let mug = shop.product("Mug", 1250, 10).await;
    let order = |quantity: i64| {
        json!({
            "lines": [{"variant_id": mug.variants[0].id, "quantity": quantity}],
            "ship_to": {"name": "Ann", "line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
        })
    };
    let place = async |key: Option<&str>, quantity: i64| {
        let mut request = shop.request("POST", "/v1/orders").bearer(&ann.token).json(&order(quantity));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.send().await
    };
    place(None, 1).await.is_problem(400, "idempotency_key_required");
    place(Some(""), 1).await.is_problem(400, "invalid_header");
    let first = place(Some("one"), 2).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert!(first.header("location").starts_with("/v1/orders/"), "{first:?}");
    assert!(first.header("idempotent-replayed").is_empty());
    let again = place(Some("one"), 2).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    for name in ["location", "etag", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(again.header("idempotent-replayed"), "true");
    place(Some("one"), 3).await.is_problem(422, "idempotency_key_reused");
    let short = place(Some("two"), 9).await;
    short.is_problem(409, "out_of_stock");
    assert_eq!(short.json()["short_lines"][0]["available"], 8, "{short:?}");
    let bob = shop.customer("bob@example.com").await;
    let stolen = shop.get(first.header("location")).await;
    stolen.is_problem(401, "not_authenticated");
    let stolen = shop.request("GET", first.header("location")).bearer(&bob.token).send().await;
    stolen.is_problem(404, "not_found");
}

/// A parser for structures takes lists for them, field by field; the API must not.
#[tokio::test]
async fn lists_are_not_taken_for_objects_inside_either() {
    let shop = Shop::open().await;
    let document = serde_json::to_value(web::openapi()).expect("the document");
    let mut tried = 0;
    for (method, path, _) in operations_with_body() {
        let body = &document["paths"][&path][method.to_lowercase()]["requestBody"]["content"]["application/json"];
        let case = Case { shop: &shop, method: &method, path: super::strangers::filled(&path) };
        for (pointer, wrong) in with_a_list_for_an_object(&example(&document, body)) {
            let reply = case.send("application/json", wrong.to_string()).await;
            case.expect(&reply, &pointer, 422, "invalid_input");
            assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{method} {path}: {reply:?}");
            tried += 1;
        }
    }
    assert!(tried > 5, "{tried}");
}

/// The example of a body, which stands in it or in the schema that it names.
fn example(document: &Value, body: &Value) -> Value {
    if let Some(example) = body.get("example") {
        return example.clone();
    }
    let reference = body["schema"]["$ref"].as_str().unwrap_or_default();
    document.pointer(reference.trim_start_matches('#')).map(|schema| schema["example"].clone()).unwrap_or_default()
}

/// The body once for each object inside it, with the list of its values in its place.
fn with_a_list_for_an_object(body: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    collect_objects(body, String::new(), &mut pointers);
    let replaced = |pointer: String| {
        let mut body = body.clone();
        let inner = body.pointer_mut(&pointer).expect("it is there");
        *inner = inner.as_object().expect("an object").values().cloned().collect();
        (pointer, body)
    };
    pointers.into_iter().map(replaced).collect()
}

fn collect_objects(value: &Value, at: String, pointers: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, value)| (format!("{at}/{n}"), value)).collect(),
        _ => return,
    };
    for (at, child) in children {
        if child.is_object() {
            pointers.push(at.clone());
        }
        collect_objects(child, at, pointers);
    }
}
