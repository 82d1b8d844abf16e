//! Bad bodies, on every operation that takes one

use serde_json::{Value, json};

use super::{operations_with_body, send_raw};
use crate::support::{NO_ID, Operation, Reply, Shop};

const JSON: &str = "application/json";

/// Sends a body as the owner, about something that is not there.
#[track_caller]
fn send(shop: &Shop, operation: &Operation, content_type: &str, body: &[u8]) -> Reply {
    send_raw(shop, shop.owner(), &operation.method, &operation.path_with(NO_ID), content_type, body)
}

#[track_caller]
fn on_every_operation(check: impl Fn(&Shop, &Operation)) {
    let shop = Shop::shared();
    for operation in operations_with_body(&shop) {
        check(&shop, &operation);
    }
}

#[test]
fn what_is_not_json_is_400_with_the_place() {
    on_every_operation(|shop, operation| {
        for body in [
            &b"{\"a\":"[..],
            b"{",
            b"{'a':1}",
            b"\xff\xfe",
            b"nul",
            b"{} trailing",
            b"\xef\xbb\xbf{}",
            b"{\"\\ud800\":1}",
        ] {
            let reply = send(shop, operation, JSON, body);
            // A name that is unknown is met before what is wrong behind it.
            if reply.status != 422 {
                let problem = reply.refused(400, "malformed_json");
                assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with("Line ")), "{problem}");
            } else {
                reply.refused(422, "invalid_input");
            }
        }
        send(shop, operation, JSON, b"{\"").refused(400, "malformed_json");
    });
}

#[test]
fn an_empty_body_is_refused_where_one_is_needed() {
    on_every_operation(|shop, operation| {
        let reply = send(shop, operation, JSON, b"");
        match operation.documented["requestBody"]["required"].as_bool() {
            Some(true) => reply.refused(400, "malformed_json"),
            // Nothing has this id.
            _ => reply.refused(404, "not_found"),
        };
    });
}

/// A client that forgot the body has sent none of another type.
#[test]
fn no_body_at_all_is_called_missing() {
    on_every_operation(|shop, operation| {
        let reply = send(shop, operation, "", b"");
        if operation.documented["requestBody"]["required"] == true {
            let problem = reply.refused(400, "malformed_json");
            assert_eq!(problem["detail"], "This takes a body of JSON, and none was sent.");
            assert_eq!(problem["errors"][0]["code"], "required");
        } else {
            reply.refused(404, "not_found");
        }
    });
}

#[test]
fn what_is_no_object_is_422() {
    on_every_operation(|shop, operation| {
        for body in ["\"text\"", "17", "1e999", "true", "null", "[]", "[[]]", "[\"a\",\"b\",\"c\",\"d\",\"e\"]"] {
            let reply = send(shop, operation, JSON, body.as_bytes());
            if body == "1e999" && reply.status == 400 {
                reply.refused(400, "malformed_json");
            } else {
                reply.refused(422, "invalid_input");
            }
        }
    });
}

#[test]
fn each_field_of_a_wrong_type_is_named() {
    on_every_operation(|shop, operation| {
        let schema = operation.request_schema().expect("a body");
        let schema = without_null(shop, schema);
        let properties = shop.contract().properties(&schema);
        assert!(!properties.is_empty(), "{} {}: {schema}", operation.method, operation.path);
        for (name, property) in properties {
            let wrong = wrong_value(&without_null(shop, &property));
            let body = json!({ name.as_str(): wrong }).to_string();
            let problem = send(shop, operation, JSON, body.as_bytes()).refused(422, "invalid_input");
            let pointer = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
            assert!(
                pointer.starts_with(&format!("/{name}")),
                "{} {}: {body}: {problem}",
                operation.method,
                operation.path
            );
        }
    });
}

/// The schema of what is there when something is.
fn without_null(shop: &Shop, schema: &Value) -> Value {
    let schema = shop.contract().resolve(schema);
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let choice = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
    choice.map_or_else(|| schema.clone(), |choice| without_null(shop, choice))
}

/// A value of another type than the schema says.
fn wrong_value(schema: &Value) -> Value {
    let is = |name: &str| {
        let types = &schema["type"];
        *types == name || types.as_array().is_some_and(|types| types.iter().any(|found| found == name))
    };
    if is("object") || is("array") || is("boolean") { json!(17) } else { json!({"wrong": {}}) }
}

#[test]
fn unknown_fields_are_named() {
    on_every_operation(|shop, operation| {
        for name in ["surely_unknown", "a/b~c", "", "__proto__", "字"] {
            let body = json!({ name: 1 }).to_string();
            let problem = send(shop, operation, JSON, body.as_bytes()).refused(422, "invalid_input");
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            assert_eq!(problem["errors"][0]["pointer"], pointer.as_str(), "{problem}");
            assert_eq!(problem["errors"][0]["code"], "unknown_field", "{problem}");
        }
    });
}

#[test]
fn too_large_a_body_is_413() {
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    on_every_operation(|shop, operation| {
        send(shop, operation, JSON, large.as_bytes()).refused(413, "body_too_large");
    });
}

#[test]
fn too_deep_a_body_is_refused_and_kills_nothing() {
    let lists = "[".repeat(100_000);
    let objects = "{\"a\":".repeat(100_000);
    on_every_operation(|shop, operation| {
        for body in [&lists, &objects] {
            let reply = send(shop, operation, JSON, body.as_bytes());
            match reply.status {
                400 => {
                    assert!(["too_deep", "malformed_json"].contains(&reply.json()["code"].as_str().unwrap_or_default()))
                }
                _ => {
                    reply.refused(422, "invalid_input");
                }
            }
        }
        // Where a field is expected, too.
        for name in shop.contract().properties(&without_null(shop, operation.request_schema().expect("a body"))).keys()
        {
            let body = format!("{{\"{name}\":{lists}");
            let status = send(shop, operation, JSON, body.as_bytes()).status;
            assert!(matches!(status, 400 | 422), "{name} gave {status}");
        }
    });
}

#[test]
fn another_content_type_is_415() {
    on_every_operation(|shop, operation| {
        let types =
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"];
        for content_type in types.into_iter().chain(["", "garbage", "application/json-patch+json", "text/json"]) {
            let reply = send(shop, operation, content_type, b"{\"surely_unknown\":1}");
            let detail = reply.refused(415, "unsupported_media_type")["detail"].to_string();
            let sent = content_type.split(';').next().unwrap_or_default();
            assert!(detail.contains(sent) && detail.contains("`Content-Type: application/json`"), "{detail}");
        }
        for content_type in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;a=b"] {
            send(shop, operation, content_type, b"{\"surely_unknown\":1}").refused(422, "invalid_input");
        }
    });
}

#[test]
fn fields_cannot_be_given_twice() {
    let shop = Shop::shared();
    let body = b"{\"email\":\"a@example.com\",\"email\":\"b@example.com\",\"password\":\"x\"}";
    send_raw(&shop, shop.stranger(), "POST", "/v1/auth/login", JSON, body).refused(422, "invalid_input");
}
