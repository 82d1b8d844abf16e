//! The served OpenAPI document, as a contract that every reply is held to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::reply::Reply;

/// Where an operation is documented.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// In capitals.
    pub(crate) method: String,
    /// The path with its parameters in braces.
    pub(crate) path: String,
    /// What the document says.
    pub(crate) documented: Value,
}

impl Operation {
    /// The path with this in place of each parameter.
    pub(crate) fn path_with(&self, value: &str) -> String {
        let fill = |segment: &str| if segment.starts_with('{') { value.to_owned() } else { segment.to_owned() };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// The schema of the JSON that it takes.
    pub(crate) fn request_schema(&self) -> Option<&Value> {
        self.documented.pointer("/requestBody/content/application~1json/schema")
    }

    /// The names of its query parameters.
    pub(crate) fn query_parameters(&self) -> Vec<String> {
        let parameters = self.documented["parameters"].as_array().cloned().unwrap_or_default();
        let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
    }
}

/// The document.
pub(crate) struct Contract {
    document: Value,
    /// The schemas of the document, closed: see [`closed`].
    components: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    pub(crate) fn new(document: Value) -> Self {
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut schemas: Map<String, Value> =
            schemas.iter().map(|(name, schema)| (name.clone(), closed(schema, true))).collect();
        // Clients must expect other codes than those that are known; this program sends none.
        if let Some(problem) = schemas.get_mut("Problem")
            && let Some(known) = problem.pointer_mut("/properties/code/anyOf/0").map(Value::take)
        {
            problem["properties"]["code"] = known;
        }
        Self { document, components: json!({ "schemas": schemas }), validators: Mutex::default() }
    }

    /// The document as it was served.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Everything that is documented.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let paths = self.document["paths"].as_object().cloned().unwrap_or_default();
        let mut operations = Vec::new();
        for (path, item) in paths {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(documented) = item.get(method) {
                    let (method, documented) = (method.to_uppercase(), documented.clone());
                    operations.push(Operation { method, path: path.clone(), documented });
                }
            }
        }
        operations
    }

    /// What the properties of a schema are, references followed.
    pub(crate) fn properties(&self, schema: &Value) -> Map<String, Value> {
        self.resolve(schema)["properties"].as_object().cloned().unwrap_or_default()
    }

    /// The schema itself, behind its references.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        reference.and_then(|pointer| self.document.pointer(pointer)).map_or(schema, |found| self.resolve(found))
    }

    /// Checks a reply to this request: documented status, documented type, valid body. What was accepted must have been
    /// asked for as documented.
    #[track_caller]
    pub(crate) fn check(&self, method: &str, target: &str, body: Option<&Value>, reply: &Reply) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let asked = &reply.asked;
        let Some(operation) = self.find(method, path) else {
            assert!(matches!(reply.status, 404 | 405), "{asked} is not documented, but gave {}", reply.status);
            return;
        };
        let documented = self.documented_reply(&operation, reply);
        check_headers(&documented, reply);
        match documented.get("content").and_then(Value::as_object).filter(|content| !content.is_empty()) {
            None => assert!(
                reply.body.is_empty(),
                "{asked}: {} is documented without a body: {}",
                reply.status,
                reply.text()
            ),
            Some(content) => {
                let schema = content.get(reply.media_type()).map(|media| media["schema"].clone());
                let schema = schema.unwrap_or_else(|| panic!("{asked}: {:?} is not documented", reply.media_type()));
                if ["application/json", "application/problem+json"].contains(&reply.media_type()) {
                    self.validate(&schema, &reply.json(), &format!("{asked}: {}", reply.status));
                }
            }
        }
        if (200..300).contains(&reply.status) {
            self.check_request(&operation, query, body);
        }
    }

    fn documented_reply(&self, operation: &Operation, reply: &Reply) -> Value {
        let responses = &operation.documented["responses"];
        let found = responses.get(reply.status.to_string());
        let found = found.unwrap_or_else(|| {
            panic!("{}: the status {} is not documented: {}", reply.asked, reply.status, reply.text())
        });
        self.resolve(found).clone()
    }

    fn check_request(&self, operation: &Operation, query: &str, body: Option<&Value>) {
        let known = operation.query_parameters();
        for name in query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty()) {
            let (method, path) = (&operation.method, &operation.path);
            // A parameter of style deepObject: `option[Size]` is `option`.
            let name = name.split('[').next().unwrap_or_default();
            assert!(known.iter().any(|known| known == name), "{method} {path} takes {name}, undocumented");
        }
        if let Some(body) = body {
            let what = format!("the accepted request {} {}", operation.method, operation.path);
            let schema = operation.request_schema().unwrap_or_else(|| panic!("{what} is documented without a body"));
            self.validate(schema, body, &what);
        }
    }

    /// Checks a value against a schema of the document.
    #[track_caller]
    pub(crate) fn validate(&self, schema: &Value, value: &Value, what: &str) {
        let errors: Vec<String> =
            self.validator(schema).iter_errors(value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(errors.is_empty(), "{what} is not as documented: {errors:#?}\n{value:#}");
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = validators.entry(schema.to_string());
        let validator = entry.or_insert_with(|| {
            let mut whole = closed(schema, false);
            whole["components"] = self.components.clone();
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|e| panic!("not a schema: {e}: {schema}")))
        });
        Arc::clone(validator)
    }

    /// The operation whose path fits best: literal segments beat parameters.
    fn find(&self, method: &str, path: &str) -> Option<Operation> {
        let segments: Vec<&str> = path.split('/').collect();
        let paths = self.document["paths"].as_object()?;
        let fitting = paths.keys().filter_map(|template| Some((literals(template, &segments)?, template)));
        let (_, template) = fitting.max_by_key(|(literals, _)| *literals)?;
        let documented = paths[template].get(method.to_lowercase())?.clone();
        Some(Operation { method: method.to_owned(), path: template.clone(), documented })
    }
}

/// Checks that headers which tell clients something are documented where they come, and that the tag and the place of what there is come
/// where they are documented.
#[track_caller]
fn check_headers(documented: &Value, reply: &Reply) {
    for name in ["ETag", "Location", "WWW-Authenticate", "Retry-After", "Idempotent-Replayed"] {
        let is_documented = documented["headers"].get(name).is_some();
        let is_sent = reply.find_header(&name.to_lowercase()).is_some();
        let is_due = is_documented && reply.status < 400 && ["ETag", "Location"].contains(&name);
        let (asked, status) = (&reply.asked, reply.status);
        assert!(is_documented || !is_sent, "{asked}: {status} comes with {name}, undocumented");
        assert!(is_sent || !is_due, "{asked}: {status} comes without {name}, which is documented");
    }
}

/// How many literal segments the template shares with the path; `None` when it does not fit.
fn literals(template: &str, segments: &[&str]) -> Option<usize> {
    let parts: Vec<&str> = template.split('/').collect();
    let fits = parts.len() == segments.len()
        && parts.iter().zip(segments).all(|(part, segment)| part.starts_with('{') || part == segment);
    fits.then(|| parts.iter().filter(|part| !part.starts_with('{')).count())
}

/// The schema with every object closed, so that members that are not documented are found. Parts of an `allOf` describe
/// the same object together and are closed where they are used; problems may have members of their own.
fn closed(schema: &Value, is_part: bool) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let list = |value: &Value, is_part| {
        let parts = value.as_array().into_iter().flatten().map(|part| closed(part, is_part));
        Value::Array(parts.collect())
    };
    let mut result = Map::new();
    for (key, value) in members {
        let new = match key.as_str() {
            "allOf" => list(value, true),
            "oneOf" | "anyOf" | "prefixItems" => list(value, is_part),
            "items" | "additionalProperties" => closed(value, false),
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                Value::Object(properties.map(|(name, schema)| (name.clone(), closed(schema, false))).collect())
            }
            _ => value.clone(),
        };
        result.insert(key.clone(), new);
    }
    let is_problem = members.get("$ref").and_then(Value::as_str).is_some_and(|target| target.ends_with("/Problem"));
    let is_object = ["$ref", "properties", "allOf"].iter().any(|key| members.contains_key(*key));
    if !is_part && is_object && !is_problem && !members.contains_key("additionalProperties") {
        result.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
    Value::Object(result)
}

/// What checks everything else must be able to fail.
mod tests {
    use super::*;

    fn contract() -> Contract {
        let error =
            json!({"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
        let ok = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Mug"}}}});
        Contract::new(json!({
            "openapi": "3.1.0",
            "paths": {"/mugs/{id}": {"get": {"responses": {"200": ok, "404": error}}}},
            "components": {"schemas": {
                "Problem": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
                "Size": {"type": "object", "properties": {"ml": {"type": "integer"}}},
                "Mug": {"allOf": [
                    {"$ref": "#/components/schemas/Size"},
                    {"type": "object", "required": ["id"], "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "lid": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Size"}]},
                    }},
                ]},
            }},
        }))
    }

    /// Why the contract refuses this reply; `None` when it does not.
    fn refusal(status: u16, media_type: &str, body: &Value) -> Option<String> {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        let reply = Reply { asked: "GET /mugs/1".to_owned(), status, headers, body: body.to_string().into_bytes() };
        let check = || contract().check("GET", "/mugs/1", None, &reply);
        let panic = std::panic::catch_unwind(check).err()?;
        Some(panic.downcast_ref::<String>().cloned().unwrap_or_default())
    }

    #[test]
    fn what_is_documented_passes() {
        let mug = json!({"id": super::super::NO_ID, "ml": 300, "lid": {"ml": 0}});
        assert_eq!(refusal(200, "application/json; charset=utf-8", &mug), None);
        assert_eq!(refusal(200, "application/json", &json!({"id": super::super::NO_ID, "lid": null})), None);
        assert_eq!(refusal(404, "application/problem+json", &json!({"code": "not_found", "more": 1})), None);
    }

    #[test]
    fn what_is_not_documented_fails() {
        let id = super::super::NO_ID;
        for (status, media_type, body, why) in [
            (201, "application/json", json!({"id": id}), "the status 201 is not documented"),
            (200, "text/plain", json!({"id": id}), "\"text/plain\" is not documented"),
            (200, "application/json", json!({}), "required"),
            (200, "application/json", json!({"id": "x"}), "uuid"),
            (200, "application/json", json!({"id": id, "ml": "300"}), "integer"),
            (200, "application/json", json!({"id": id, "colour": "grey"}), "colour"),
            (200, "application/json", json!({"id": id, "lid": {"colour": "grey"}}), "lid"),
            (404, "application/problem+json", json!({"type": "x"}), "required"),
        ] {
            let refusal = refusal(status, media_type, &body).unwrap_or_else(|| panic!("{body} passed"));
            assert!(refusal.contains(why), "{body}: {refusal}");
        }
    }

    #[test]
    fn headers_that_are_not_documented_or_lacking_fail() {
        let tagged = json!({"headers": {"ETag": {"schema": {"type": "string"}}}});
        let check = |documented: &Value, headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let reply = Reply { asked: "GET /mugs/1".to_owned(), status: 200, headers, body: Vec::new() };
            std::panic::catch_unwind(|| check_headers(documented, &reply)).is_ok()
        };
        assert!(check(&tagged, &[("etag", "\"1\"")]) && check(&json!({}), &[("x-request-id", "1")]));
        assert!(!check(&json!({}), &[("etag", "\"1\"")]) && !check(&tagged, &[]));
    }
}
