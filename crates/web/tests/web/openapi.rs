//! What every operation must say about itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use web::openapi;

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
    for name in ["short_lines", "total", "review_id", "from", "to", "allowed", "on_hand", "detail", "errors"] {
        assert!(problem["properties"][name].is_object(), "{name}");
        assert!(!required.contains(&Value::from(name)), "{name}");
    }
    assert_eq!(problem["properties"]["short_lines"]["items"]["$ref"], "#/components/schemas/ShortLine");
    assert!(required.contains(&Value::from("code")));
}

#[test]
fn what_can_be_chosen_is_listed() {
    let document = document();
    let code = &document["components"]["schemas"]["Problem"]["properties"]["code"];
    let codes = &code["anyOf"][0]["enum"];
    assert!(codes.as_array().is_some_and(|codes| codes.contains(&Value::from("out_of_stock"))), "{codes}");
    assert_eq!(code["anyOf"][1], json!({"type": "string"}), "there may be more of them");
    assert!(code["description"].is_string(), "{code}");
    let product = &document["components"]["schemas"]["Product"]["properties"]["status"];
    assert_eq!(product["$ref"], "#/components/schemas/ProductStatus");
    for (owner, member, name, values) in [
        ("Job", "kind", "JobKind", json!(["import_products", "set_prices", "import_catalogue"])),
        ("Job", "status", "JobStatus", json!(["queued", "running", "done", "failed", "cancelled"])),
        ("Shop", "reviews", "ReviewMode", json!(["moderated", "immediate", "off"])),
        ("Shop", "signup", "SignUpMode", json!(["verify", "immediate"])),
    ] {
        let schemas = &document["components"]["schemas"];
        let reference = format!("#/components/schemas/{name}");
        assert_eq!(schemas[owner]["properties"][member]["$ref"], reference, "{owner}.{member}");
        assert_eq!(schemas[name]["enum"], values, "{name}");
    }
    let parameter = |name: &str| {
        let all = document["paths"]["/v1/search"]["get"]["parameters"].as_array().expect("parameters");
        all.iter().find(|parameter| parameter["name"] == name).expect(name)["schema"].clone()
    };
    let orders = json!(["relevance", "newest", "price", "-price", "title", "rating"]);
    assert_eq!(parameter("sort")["enum"], orders);
    let several = json!([{"type": "string"}, {"type": "array", "items": {"type": "string"}}]);
    for name in ["option", "attribute"] {
        assert_eq!(parameter(name)["additionalProperties"]["oneOf"], several, "{name}");
    }
}

#[test]
fn what_may_be_null_is_described_where_generators_look() {
    fn check(value: &Value, place: &str) {
        if let Some(choices) = value["oneOf"].as_array()
            && value.get("description").is_none()
        {
            let mut references = choices.iter().filter(|choice| choice.get("$ref").is_some());
            assert!(references.all(|choice| choice.get("description").is_none()), "{place} is described too deep");
        }
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| check(value, &format!("{place}/{name}"))),
            Value::Array(items) => items.iter().for_each(|value| check(value, place)),
            _ => {}
        }
    }
    let document = document();
    check(&document, "#");
    let before = &document["components"]["schemas"]["Variant"]["properties"]["compare_at_price"];
    assert!(before["description"].as_str().is_some_and(|text| text.starts_with("What it cost before")), "{before}");
    assert!(is_nullable(before), "{before}");
}

#[test]
fn what_cannot_be_cleared_is_not_nullable() {
    let document = document();
    let patches: [(&str, &[&str], &[&str]); 9] = [
        ("ProductPatch", &["title", "slug", "status", "tags", "variants", "images", "seo"], &["vendor", "publish_at"]),
        ("VariantPatch", &["option_values", "price", "track_stock", "other_prices"], &["sku", "sale", "barcode"]),
        ("ChangedVariant", &["option_values", "price", "track_stock", "other_prices"], &["sku", "sale", "barcode"]),
        ("CategoryPatch", &["name", "slug", "position", "description", "seo"], &["parent_id"]),
        ("AccessPatchDto", &["disabled", "role", "permissions"], &[]),
        ("AttributePatch", &["label", "choices", "is_facet"], &["unit"]),
        ("CollectionPatch", &["title", "slug", "description", "seo", "active", "products", "rule"], &["image"]),
        ("ReviewPatch", &["rating", "text", "author"], &["title"]),
        ("ReviewVerdict", &["status"], &["reply"]),
    ];
    for (name, kept, cleared) in patches {
        let schema = &document["components"]["schemas"][name];
        for member in kept {
            let property = &schema["properties"][member];
            assert!(property.is_object() && !is_nullable(property), "{name}.{member}: {property}");
        }
        for member in cleared {
            assert!(is_nullable(&schema["properties"][member]), "{name}.{member}");
        }
        assert!(schema.get("required").is_none(), "{name}: {schema}");
    }
}

/// Members that replies leave out where there is nothing to say, or not to everybody.
const LEFT_OUT: [&str; 10] = [
    "FieldError.parameter",
    "FieldError.pointer",
    "OrderLine.image",
    "OrderLine.slug",
    "Product.publish_at",
    "Product.related",
    "Product.translations",
    "Variant.low_stock_at",
    "Variant.other_prices",
    "Variant.sale",
];

/// All other members of replies are always there, `null` where there is nothing to say, and generated types need not ask for them twice.
#[test]
fn what_replies_always_have_is_required() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut asked = BTreeSet::new();
    for (_, operation) in operations(&document) {
        collect_named(&operation["requestBody"], schemas, &mut asked);
    }
    let mut looked_at = 0;
    for (name, schema) in schemas.iter().filter(|(name, _)| !asked.contains(*name)) {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for object in parts.chain([schema]) {
            let required = object["required"].as_array().cloned().unwrap_or_default();
            for (member, property) in object["properties"].as_object().into_iter().flatten() {
                let place = format!("{name}.{member}");
                let is_free = !is_nullable(property) || LEFT_OUT.contains(&place.as_str());
                assert!(is_free || required.contains(&Value::from(member.as_str())), "{place} is not required");
                looked_at += usize::from(!is_free);
            }
        }
    }
    assert!(looked_at > 30, "{looked_at}");
}

/// The names of the schemas that are named here, and in those.
fn collect_named(value: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    if let Some(name) = value["$ref"].as_str().and_then(|reference| reference.rsplit('/').next())
        && found.insert(name.to_owned())
    {
        collect_named(&schemas[name], schemas, found);
    }
    match value {
        Value::Object(members) => members.values().for_each(|value| collect_named(value, schemas, found)),
        Value::Array(items) => items.iter().for_each(|value| collect_named(value, schemas, found)),
        _ => {}
    }
}

fn is_nullable(schema: &Value) -> bool {
    let kind = &schema["type"];
    kind == "null"
        || kind.as_array().is_some_and(|kinds| kinds.contains(&Value::from("null")))
        || schema["oneOf"].as_array().is_some_and(|choices| choices.iter().any(is_nullable))
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
    assert!(has("/v1/auth/login", "post", "401", "WWW-Authenticate"));
    assert!(has("/v1/products/{product}", "get", "200", "ETag"));
    assert!(has("/v1/reviews/{id}", "patch", "200", "ETag"));
    assert!(has("/v1/orders/{id}/cancel", "post", "200", "ETag"));
    assert!(has("/v1/orders", "get", "401", "WWW-Authenticate"));
    assert!(has("/v1/admin/imports/prices", "post", "202", "Location"));
    for name in ["Location", "ETag"] {
        assert!(!has("/v1/account/addresses", "post", "201", name), "{name}");
    }
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
