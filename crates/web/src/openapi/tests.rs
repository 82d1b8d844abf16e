//! What every operation must say about itself.

use serde_json::Value;

use super::openapi;

fn document() -> Value {
    serde_json::to_value(openapi()).expect("the document can be serialised")
}

/// Each operation with its name in messages.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            operations.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    assert!(operations.len() > 5, "the document is nearly empty");
    operations
}

#[test]
fn the_document_is_openapi_3_1() {
    assert!(document()["openapi"].as_str().expect("a version").starts_with("3.1"));
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_and_a_tag_that_exists() {
    let document = document();
    let tags: Vec<&Value> = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    let mut ids = Vec::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && !ids.contains(&id), "{name}: operationId {id:?}");
        ids.push(id);
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}: summary");
        assert!(tags.contains(&&operation["tags"][0]), "{name}: tag {}", operation["tags"][0]);
    }
}

#[test]
fn every_operation_lists_its_errors_as_problems() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}: no success");
        let errors: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])).collect();
        assert!(!errors.is_empty(), "{name}: no errors");
        if name.contains("/v1/") {
            assert!(errors.iter().any(|(status, _)| status.starts_with('4')), "{name}: no 4xx");
        }
        for (status, response) in errors {
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
        }
    }
}

#[test]
fn every_request_body_has_an_example() {
    let document = document();
    for (name, operation) in operations(&document) {
        // A file has none.
        let is_json = |body: &&Value| body["content"].get("application/json").is_some();
        let Some(body) = operation.get("requestBody").filter(is_json) else { continue };
        let content = &body["content"]["application/json"];
        let reference = content["schema"]["$ref"].as_str().unwrap_or_default();
        let schema = &document["components"]["schemas"][reference.rsplit('/').next().unwrap_or_default()];
        let has_example = ["example", "examples"].iter().any(|key| content.get(key).or(schema.get(key)).is_some());
        assert!(has_example, "{name}: its body {reference} has no example");
    }
}

#[test]
fn every_reference_resolves() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("within the document");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                }
                members.values().for_each(|value| check(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}

#[test]
fn what_some_codes_add_to_problems_is_documented_and_optional() {
    let problem = document()["components"]["schemas"]["Problem"].clone();
    let required = problem["required"].as_array().expect("a list").clone();
    for name in ["short_lines", "from", "to", "allowed", "on_hand", "detail", "errors"] {
        assert!(problem["properties"][name].is_object(), "{name}");
        assert!(!required.contains(&Value::from(name)), "{name}");
    }
    assert_eq!(problem["properties"]["short_lines"]["items"]["$ref"], "#/components/schemas/ShortLine");
    assert!(required.contains(&Value::from("code")));
}

#[test]
fn replies_say_which_headers_they_bring() {
    let document = document();
    let has = |path: &str, method: &str, status: &str, name: &str| {
        document["paths"][path][method]["responses"][status]["headers"][name].is_object()
    };
    for name in ["Location", "Idempotent-Replayed"] {
        assert!(has("/v1/orders", "post", "201", name), "{name}");
    }
    assert!(has("/v1/orders", "post", "503", "Retry-After"));
    assert!(has("/v1/auth/login", "post", "429", "Retry-After"));
    assert!(has("/v1/products/{product}", "get", "200", "ETag"));
    assert!(has("/v1/reviews/{id}", "patch", "200", "ETag"));
    assert!(!has("/v1/account/wishlist", "get", "200", "ETag"));
}

#[test]
fn what_staff_do_needs_a_token() {
    let document = document();
    for (name, operation) in operations(&document) {
        if name.contains("/v1/admin/") || name.contains("/v1/account") || name.contains("/v1/orders") {
            assert!(operation["security"][0].get("bearer").is_some(), "{name}: security");
        }
    }
}
