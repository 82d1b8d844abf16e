//! JSON bodies.

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    App,
    problem::{Code, Problem},
};

/// How much of a media type is said back, in characters.
const TYPE_SHOWN: usize = 100;

/// What a time must be.
const A_TIME: &str = "a time with its offset, such as 2026-11-30T00:00:00Z";

/// How everything begins that the parser of times says; nothing else that reads values speaks so.
const OF_TIMES: [&str; 5] = ["expected ", "failed to ", "found ", "parsed ", "year zero "];

/// A JSON body, with its limits and the refusals of what is not one.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A JSON body that may be left out, which is the same as `{}`.
#[derive(Clone, Copy, Debug)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_content(&parts.headers, &body)?;
        parse_object(&read_body(body, app).await?).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(body, app).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        check_content_type(&parts.headers)?;
        parse_object(&bytes).map(Self)
    }
}

/// Refuses bodies that do not say they are JSON. What is not there at all is of no other type: it is missing.
pub(super) fn check_content(headers: &HeaderMap, body: &Body) -> Result<(), Problem> {
    if body.is_end_stream() && !headers.contains_key(header::CONTENT_TYPE) {
        return Err(missing_body());
    }
    check_content_type(headers)
}

/// Refuses bodies that do not say they are JSON: a form on another site can send anything else without asking.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = value.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return check_encoding(headers);
    }
    let sent = match essence {
        "" => "no Content-Type".to_owned(),
        other => format!("`Content-Type: {}`", other.chars().take(TYPE_SHOWN).collect::<String>()),
    };
    let detail = format!("The body was sent with {sent}; this takes JSON, sent as `Content-Type: application/json`.");
    Err(Problem::new(Code::UnsupportedMediaType).detail(detail))
}

fn missing_body() -> Problem {
    let problem = Problem::new(Code::MalformedJson).detail("This takes a body of JSON, and none was sent.");
    problem.at("", "required", "a JSON body must be sent")
}

/// Refuses bodies that are packed, since nothing here unpacks them (RFC 9110, 8.4 and 15.5.16).
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType).detail("Send the body as it is, without Content-Encoding."))
}

/// The whole body, within the limit of size.
pub(super) async fn read_body(body: Body, app: &App) -> Result<Bytes, Problem> {
    read_at_most(body, app.settings().limits.body_bytes, "body").await
}

/// All of a body that has so many bytes at most, and is called this when it has more. The limit of time has the body itself (`front`).
pub(crate) async fn read_at_most(body: Body, bytes_max: usize, what: &str) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(Code::BodyTooLarge).detail(format!("The {what} must be at most {bytes_max} bytes."));
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > bytes_max {
        return Err(too_large());
    }
    axum::body::to_bytes(body, bytes_max).await.map_err(|error| {
        if is_too_long(&error) {
            too_large()
        } else {
            Problem::new(Code::MalformedRequest).detail("The body broke off.")
        }
    })
}

fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<LengthLimitError>())
}

/// Parses a body that is an object, as all of this API are. serde would take a list for an object, field by field.
///
/// # Errors
/// 400 for what is not JSON, with line and column; 422 for JSON that is not what was asked for, with a pointer.
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Err(Problem::new(Code::InvalidInput).at("", "invalid_type", "must be an object, not a list")),
        Some(_) => parse(bytes),
        None => Err(missing_body()),
    }
}

/// Parses a body.
///
/// # Errors
/// 400 for what is not JSON, with line and column; 422 for JSON that is not what was asked for, with a pointer.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(pointer, error.inner())
    })?;
    deserializer.end().map_err(|error| refusal(String::new(), &error))?;
    Ok(value)
}

fn refusal(pointer: String, error: &serde_json::Error) -> Problem {
    if faults::is_lifted("guard.malformed") {
        return Problem::internal(error);
    }
    let text = error.to_string();
    match error.classify() {
        Category::Data => wrong_data(pointer, &text),
        _ if text.starts_with("recursion limit") => Problem::new(Code::TooDeep),
        Category::Syntax | Category::Eof | Category::Io => {
            let (line, column) = (error.line(), error.column());
            let what = without_position(&text);
            Problem::new(Code::MalformedJson).detail(format!("Line {line}, column {column}: {what}.")).at(
                pointer,
                "malformed",
                what.to_owned(),
            )
        }
    }
}

/// serde names unknown and missing fields in its message only; they are clearer as part of the pointer.
fn wrong_data(pointer: String, text: &str) -> Problem {
    let problem = Problem::new(Code::InvalidInput);
    let message = without_position(text);
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("missing field") {
        return problem.at(format!("{pointer}/{}", escape(quoted())), "required", "must be given");
    }
    let code = if message.starts_with("unknown field") {
        // The path may or may not have been extended by the field's own name before the error arose.
        let field = format!("/{}", escape(quoted()));
        let pointer = if pointer.ends_with(&field) { pointer } else { pointer + &field };
        return problem.at(pointer, "unknown_field", message.to_owned());
    } else if message.starts_with("invalid type") {
        "invalid_type"
    } else if message.starts_with("unknown variant") {
        "unknown_value"
    } else if message.starts_with("duplicate field") {
        "duplicate_field"
    } else {
        "invalid_value"
    };
    problem.at(pointer, code, plain(message))
}

/// serde_json ends its messages with the place, which says nothing where there is a pointer.
fn without_position(text: &str) -> &str {
    text.rfind(" at line ").map_or(text, |end| &text[..end])
}

/// What a value must be, where the parser would say what it met: the names of the implementation's types mean nothing to a caller.
pub(super) fn plain(message: &str) -> String {
    if message.starts_with("UUID parsing failed") {
        return "must be an id as the replies of this API give it, a UUID".to_owned();
    }
    if message.starts_with("data did not match any variant") {
        return "must have one of the forms that the document of this API describes".to_owned();
    }
    if OF_TIMES.iter().any(|beginning| message.starts_with(beginning)) {
        return format!("must be {A_TIME}");
    }
    one_of(message).or_else(|| of_another_type(message)).unwrap_or_else(|| message.to_owned())
}

/// Which values there are, if the parser met another one.
pub(super) fn one_of(message: &str) -> Option<String> {
    let (_, known) = message.strip_prefix("unknown variant ")?.rsplit_once(", expected ")?;
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    Some(format!("must be one of {}", known.join(", ")))
}

/// Of which type a value must be, and of which it is, if the parser met another type.
fn of_another_type(message: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    let wanted = match wanted {
        "i64" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "a timestamp string" => A_TIME,
        _ if wanted.starts_with("enum ") => "one of the words that the document of this API lists",
        _ if wanted.starts_with("struct ") => "an object",
        _ if wanted.contains("UUID") => "a UUID",
        other => other,
    };
    let found = match found {
        "sequence" => "a list",
        "map" => "an object",
        _ if found.starts_with("string ") => "a string",
        // Numbers and truths are shown, in their backquotes.
        _ => found.split('`').nth(1).unwrap_or(found),
    };
    Some(format!("must be {wanted}, not {found}"))
}

/// A JSON pointer (RFC 6901) to where an error arose.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&escape(key));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::problem::testing::{body_of, first_error};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Order {
        lines: Vec<Line>,
        note: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Line {
        quantity: i64,
    }

    fn refused(json: &str) -> Problem {
        parse::<Order>(json.as_bytes()).expect_err(json)
    }

    #[test]
    fn names_the_place_and_the_fault() {
        for (json, pointer, code) in [
            (r#"{"lines":[{"quantity":"2"}]}"#, "/lines/0/quantity", "invalid_type"),
            (r#"{"lines":[{"quantity":1.5}]}"#, "/lines/0/quantity", "invalid_type"),
            (r#"{"lines":[{"quantity":1},{}]}"#, "/lines/1/quantity", "required"),
            (r#"{"lines":[{"quantity":1,"price":0}]}"#, "/lines/0/price", "unknown_field"),
            (r#"{"lines":[],"a/b":0}"#, "/a~1b", "unknown_field"),
            (r#"{"note":null}"#, "/lines", "required"),
            (r#"{"lines":[],"note":1}"#, "/note", "invalid_type"),
            (r#"{"lines":[],"lines":[]}"#, "", "duplicate_field"),
            (r#"{"lines":[{"quantity":99999999999999999999}]}"#, "/lines/0/quantity", "invalid_type"),
            ("[1]", "", "invalid_type"),
            ("\"x\"", "", "invalid_type"),
        ] {
            let problem = refused(json);
            assert_eq!(problem.code(), Code::InvalidInput, "{json}");
            let (found_pointer, found_code) = first_error(&problem);
            assert!(found_pointer.starts_with(pointer), "{json}: {found_pointer}");
            assert_eq!(found_code, code, "{json}");
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Small,
        Large,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    enum Either {
        Sizes(Vec<Size>),
        Count(u32),
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Mug {
        size: Option<Size>,
        lines: Option<Vec<Line>>,
        is_new: Option<bool>,
        id: Option<uuid::Uuid>,
        either: Option<Either>,
        stock: Option<u32>,
        line: Option<Box<Order>>,
        at: Option<model::Timestamp>,
    }

    #[test]
    fn says_what_a_value_must_be_and_nothing_of_the_parser() {
        let said = |problem: &Problem| body_of(problem)["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(said(&refused(r#"{"lines":null}"#)), "must be a list, not null");
        for (json, message) in [
            (r#"{"size":"huge, expected `x`"}"#, "must be one of small, large"),
            (r#"{"lines":{}}"#, "must be a list, not an object"),
            (r#"{"lines":[{"quantity":"2"}]}"#, "must be a whole number, not a string"),
            (r#"{"lines":[{"quantity":1.5}]}"#, "must be a whole number, not 1.5"),
            (r#"{"lines":"a, expected b"}"#, "must be a list, not a string"),
            (r#"{"is_new":1}"#, "must be true or false, not 1"),
            (r#"{"id":1}"#, "must be a UUID, not 1"),
            (r#"{"id":"x"}"#, "must be an id as the replies of this API give it, a UUID"),
            (r#"{"either":true}"#, "must have one of the forms that the document of this API describes"),
            (r#"{"stock":-1}"#, "must be a whole number from 0, not -1"),
            (r#"{"line":true}"#, "must be an object, not true"),
            (r#"{"at":5}"#, "must be a time with its offset, such as 2026-11-30T00:00:00Z, not 5"),
        ] {
            assert_eq!(said(&parse::<Mug>(json.as_bytes()).expect_err(json)), message, "{json}");
        }
        assert!(parse::<Mug>(br#"{"at":"2026-11-30T10:00:00+01:00"}"#).is_ok());
        for at in [
            "",
            "tomorrow",
            "1796000000",
            "30.11.2026",
            "2026-11",
            "2026-11-30",
            "2026-11-30T10:00",
            "2026-11-30T10:00:00",
            "2026-11-30T10:00:00+1",
            "2026-11-30T10:00:00 Z",
            "2026-11-30T10:00:00Z[",
            "2026-11-30T10:00:00Z[!x=y]",
            "2026-11-30T25:00:00Z",
            "2026-02-30T00:00:00Z",
            "-000000-11-30T00:00:00Z",
            "9999-12-31T23:59:59-20:00",
        ] {
            let json = serde_json::json!({"at": at}).to_string();
            let problem = parse::<Mug>(json.as_bytes()).expect_err(at);
            assert_eq!(said(&problem), "must be a time with its offset, such as 2026-11-30T00:00:00Z", "{at}");
        }
    }

    #[test]
    fn what_is_not_json_is_400_with_line_and_column() {
        for json in
            ["", "{", "{\"lines\":[}", "{\"lines\":[]} {}", "{\"lines\":[]} x", "nul", "{'lines':[]}", "\u{feff}{}"]
        {
            let problem = refused(json);
            assert_eq!(problem.code(), Code::MalformedJson, "{json}");
        }
        let body = body_of(&refused("{\n  \"lines\": [}\n"));
        assert!(body["detail"].as_str().expect("text").starts_with("Line 2, column 13"), "{body}");
        assert_eq!(
            parse::<Order>(b"{\"lines\":[],\"note\":\"\xff\"}").expect_err("not UTF-8").code(),
            Code::MalformedJson
        );
    }

    #[test]
    fn a_list_is_no_object() {
        for json in ["[[]]", " \n[[], null]", "["] {
            let problem = parse_object::<Order>(json.as_bytes()).expect_err(json);
            assert_eq!(first_error(&problem), (String::new(), "invalid_type".to_owned()), "{json}");
        }
        assert!(parse_object::<Order>(b" {\"lines\":[]}").is_ok());
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse::<serde_json::Value>(deep.as_bytes()).expect_err("deep").code(), Code::TooDeep);
    }
}
