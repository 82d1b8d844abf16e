//! `GET /openapi.json`: the document itself. That replies keep to it is checked with each of them.

use std::{
    collections::HashSet,
    io::Write,
    process::{Command, Stdio},
};

use crate::support::Shop;

#[test]
fn the_document_is_valid_openapi_3_1() {
    let shop = Shop::shared();
    let document = shop.stranger().get("/openapi.json").send().expect(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
    let python = std::env::var("CARTWRIGHT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = "import json, sys\n\
        try:\n    from openapi_spec_validator import validate\n\
        except ImportError:\n    sys.exit(99)\n\
        validate(json.load(sys.stdin))\n";
    let install = format!(
        "this test needs Python with openapi-spec-validator: run `{python} -m pip install openapi-spec-validator`, or set \
         CARTWRIGHT_TEST_PYTHON to an interpreter that has it"
    );
    let child = Command::new(&python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|e| panic!("{python}: {e}; {install}"));
    let written = child.stdin.take().expect("piped").write_all(document.to_string().as_bytes());
    let output = child.wait_with_output().expect("the validator ends");
    assert_ne!(output.status.code(), Some(99), "{install}");
    written.expect("the validator reads the document");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_routes_that_were_promised_are_there() {
    let shop = Shop::shared();
    let operations = shop.contract().operations();
    let documented: HashSet<String> = operations
        .iter()
        .map(|operation| {
            let path: Vec<&str> =
                operation.path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
            format!("{} {}", operation.method, path.join("/"))
        })
        .collect();
    for promised in include_str!("routes.txt").lines() {
        assert!(documented.contains(promised), "{promised} is not documented");
    }
}

#[test]
fn examples_keep_to_their_schemas() {
    let shop = Shop::shared();
    let contract = shop.contract();
    let schemas = contract.document()["components"]["schemas"].as_object().expect("schemas");
    let mut examples = 0;
    for (name, schema) in schemas {
        if let Some(example) = schema.get("example") {
            contract.validate(schema, example, &format!("the example of {name}"));
            examples += 1;
        }
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(example) = property.get("example") {
                contract.validate(property, example, &format!("the example of {name}/{field}"));
                examples += 1;
            }
        }
    }
    assert!(examples >= 20, "only {examples} examples");
}

#[test]
fn an_order_always_tells_what_its_request_may_leave_out() {
    let shop = Shop::shared();
    let contract = shop.contract();
    let schemas = &contract.document()["components"]["schemas"];
    let requires_code = |schema: &str| {
        let required = schemas[schema]["required"].as_array().expect("what is required");
        required.iter().any(|name| name == "postal_code")
    };
    let named = |body: &str| schemas[body]["properties"]["ship_to"].to_string();
    assert!(named("Order").contains("/ShipTo\"") && requires_code("ShipTo"));
    assert!(named("PlaceOrder").contains("/PostalAddress\"") && !requires_code("PostalAddress"));
}

#[test]
fn every_operation_that_takes_a_body_shows_an_example_and_every_one_its_errors() {
    let shop = Shop::shared();
    let contract = shop.contract();
    for operation in contract.operations() {
        let name = format!("{} {}", operation.method, operation.path);
        if let Some(schema) = operation.request_schema() {
            let media = &operation.documented["requestBody"]["content"]["application/json"];
            let places = [media, contract.resolve(schema)];
            let found = places.iter().any(|place| place.get("example").or(place.get("examples")).is_some());
            assert!(found, "{name}: no example");
        }
        let responses = operation.documented["responses"].as_object().expect("responses");
        let errors: Vec<&String> = responses.keys().filter(|status| status.starts_with(['4', '5'])).collect();
        assert!(!errors.is_empty(), "{name}: no errors");
        for status in errors {
            let content = &contract.resolve(&responses[status])["content"]["application/problem+json"];
            assert!(content.is_object(), "{name}: {status} is no problem");
        }
    }
}
