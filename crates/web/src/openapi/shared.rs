//! The error replies that operations share, so that each handler names its own alone.

use http::Method;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, Schema, Type,
        path::{Operation, ParameterIn, PathItem},
        schema::{AdditionalProperties, AnyOfBuilder, ArrayItems, SchemaType},
    },
};

use crate::problem::{Code, ProblemBody, ProblemMembers};

const PROBLEM_JSON: &str = "application/problem+json";

/// Operations that answer with a resource in its version, though they take neither a key nor the version that was read.
const VERSIONED: [&str; 7] = [
    "confirm_email",
    "admin_cancel_job",
    "admin_upload_picture",
    "admin_import_picture",
    "admin_import_products",
    "admin_import_prices",
    "admin_import_catalogue",
];
/// Operations that take one of them, and answer with what has no version of its own, and no place.
const UNVERSIONED: [&str; 3] = ["create_address", "admin_move_category", "admin_move_stock"];

/// Adds what is missing to each operation: the errors that its kind can answer with, and the body of every error.
pub(super) fn complete(document: &mut OpenApi) {
    spell_out_members(document);
    spell_out_codes(document);
    for schema in document.components.iter_mut().flat_map(|components| components.schemas.values_mut()) {
        hoist_descriptions(schema);
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            spell_out_optional_body(operation);
            spell_out_headers(operation);
            for (status, description) in shared(path, &method, operation) {
                let response = || RefOr::T(Response::new(description));
                operation.responses.responses.entry(status.to_owned()).or_insert_with(response);
            }
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && status.starts_with(['4', '5'])
                    && response.content.is_empty()
                {
                    let schema = RefOr::Ref(Ref::from_schema_name(ProblemBody::name()));
                    response.content.insert(PROBLEM_JSON.to_owned(), RefOr::T(Content::new(Some(schema))));
                }
            }
            spell_out_reply_headers(operation);
        }
    }
}

/// The members that some codes add to a problem: in replies they stand beside the others.
fn spell_out_members(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let name = ProblemBody::name();
    if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut(&*name)
        && let RefOr::T(Schema::Object(members)) = ProblemMembers::schema()
    {
        problem.properties.extend(members.properties);
    }
}

/// The codes that a problem can have. New ones may come: a client that was generated before must take them for text, and not fail at the
/// reply that says what went wrong.
fn spell_out_codes(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut(&*ProblemBody::name())
        && let Some(RefOr::T(Schema::Object(code))) = problem.properties.get_mut("code")
    {
        let description = code.description.take();
        code.enum_values = Some(Code::ALL.iter().map(|code| code.entry().name.into()).collect());
        let known = Schema::Object(std::mem::take(code));
        let other = ObjectBuilder::new().schema_type(Type::String);
        let either = AnyOfBuilder::new().description(description).item(known).item(other).build();
        problem.properties.insert("code".to_owned(), RefOr::T(Schema::AnyOf(either)));
    }
}

/// What is written about a member that may be `null` comes beside the reference to what else it may be, where no generator looks: it belongs to
/// the member itself.
fn hoist_descriptions(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(hoist_descriptions);
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                hoist_descriptions(values);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                hoist_descriptions(items);
            }
        }
        Schema::OneOf(choices) => {
            if choices.description.is_none() && choices.items.iter().any(is_null) {
                choices.description = choices.items.iter_mut().find_map(take_description);
            }
            choices.items.iter_mut().for_each(hoist_descriptions);
        }
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(hoist_descriptions),
        Schema::AnyOf(choices) => choices.items.iter_mut().for_each(hoist_descriptions),
        _ => {}
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

/// What stands beside a reference, which has it no longer.
fn take_description(schema: &mut RefOr<Schema>) -> Option<String> {
    let RefOr::Ref(reference) = schema else { return None };
    Some(std::mem::take(&mut reference.description)).filter(|description| !description.is_empty())
}

/// The headers that replies bring, as `reply` and `Problem` set them.
fn spell_out_reply_headers(operation: &mut Operation) {
    let takes = |name: &str| parameters(operation).any(|parameter| parameter.name.eq_ignore_ascii_case(name));
    let is_one_of = |ids: &[&str]| operation.operation_id.as_deref().is_some_and(|id| ids.contains(&id));
    let is_repeatable = takes("Idempotency-Key");
    let is_versioned = (is_repeatable || takes("If-Match") || is_one_of(&VERSIONED)) && !is_one_of(&UNVERSIONED);
    let is_kept = operation.responses.responses.contains_key("304");
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let mut add = |condition: bool, name: &str, kind: Type, description: &str| {
            if condition {
                let schema = ObjectBuilder::new().schema_type(kind);
                let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
                response.headers.insert(name.to_owned(), RefOr::T(header));
            }
        };
        let (status, is_success) = (status.as_str(), status.starts_with('2'));
        let is_new = matches!(status, "201" | "202");
        let is_tagged = (is_kept && matches!(status, "200" | "304")) || (is_versioned && (is_new || status == "200"));
        add(is_tagged, "ETag", Type::String, "The version, for `If-None-Match` and `If-Match`.");
        let is_elsewhere = status == "301" || (is_versioned && is_new);
        add(is_elsewhere, "Location", Type::String, "Where it is, if it has a path of its own.");
        let is_replayed = is_success && is_repeatable;
        add(is_replayed, "Idempotent-Replayed", Type::String, "`true` when the reply was given before.");
        let scheme = "`Bearer` where another access token helps (RFC 6750); `Body` where a password or code in the body is wrong.";
        add(status == "401", "WWW-Authenticate", Type::String, scheme);
        let is_later = matches!(status, "429" | "503");
        add(is_later, "Retry-After", Type::Integer, "After how many seconds to try again.");
    }
}

/// A handler's `Option<T>` as body means that it may be left out, not that it may be `null`.
fn spell_out_optional_body(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::T(Schema::OneOf(choices))) = &content.schema else { continue };
        let body_type = choices.items.iter().find(|choice| matches!(choice, RefOr::Ref(_))).cloned();
        if body_type.is_some() {
            content.schema = body_type;
            body.required = Some(Required::False);
        }
    }
}

/// What the headers that many operations read must look like, as `extract` reads them.
fn spell_out_headers(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let pattern = match parameter.name.as_str() {
            "If-Match" => r#"^(\*|(W/)?"[^"]*")$"#,
            "Idempotency-Key" => "^[!-~]([ -~]{0,253}[!-~])?$",
            _ => continue,
        };
        parameter.schema = Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into());
    }
}

/// The operations of a path with their methods.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn shared(path: &str, method: &Method, operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let is_write = *method != Method::GET;
    let has_body = operation.request_body.is_some();
    let parameter = |place: ParameterIn| parameters(operation).any(|parameter| parameter.parameter_in == place);
    let header = |name: &str| parameters(operation).any(|parameter| parameter.name.eq_ignore_ascii_case(name));
    let mut replies =
        vec![("500", "A bug, or broken data."), ("503", "Busy, or the database is away: see Retry-After.")];
    let mut add = |condition: bool, status, description| {
        if condition {
            replies.push((status, description));
        }
    };
    let is_api = path.starts_with("/v1/");
    add(has_body || parameter(ParameterIn::Query) || header("Idempotency-Key"), "400", "The request cannot be read.");
    add(is_api && !has_body && !parameter(ParameterIn::Query), "400", "The request cannot be read.");
    add(operation.security.is_some(), "401", "Not signed in.");
    add(path.starts_with("/v1/admin/"), "403", "Signed in, but without the permission.");
    add(path.contains('{'), "404", "No such resource, or it is not the caller's to see.");
    add(has_body, "408", "The body did not arrive in time.");
    add(header("If-Match"), "412", "The resource was changed since it was read.");
    add(has_body, "413", "The body is too large.");
    add(has_body, "415", "The body is of another type than what is taken here.");
    add(has_body, "422", "Some of the input is wrong: see `errors`.");
    add(is_api && is_write, "507", "There is no room left to write.");
    replies
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &utoipa::openapi::path::Parameter> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}
