//! Errors as replies: problem details (RFC 9457) with a stable code, and never a word about the inside.

mod code;
mod convert;
mod input;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{ReviewId, Violation};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::dto::MoneyDto;

pub use code::{Code, Entry};
pub(crate) use convert::ShortLine;
pub(crate) use input::INPUT_CODES;

/// `application/problem+json`, the media type of every error reply.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error reply. Small to pass around; what it says is behind one pointer.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// One wrong part of the input.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body: a JSON pointer (RFC 6901); the empty string is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/lines/0/quantity")]
    pub pointer: Option<String>,
    /// Which query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    /// What is wrong, for programs: one of the codes that [/docs/problems](/docs/problems) explains below those of problems. New ones may
    /// come.
    #[schema(example = "out_of_range")]
    pub code: Cow<'static, str>,
    /// What is wrong and what is allowed, for people.
    #[schema(example = "must be 1 to 999")]
    pub message: String,
}

/// The body of an error reply: problem details, RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, description = "Problem details (RFC 9457). `code` is stable; some codes add members of their own.")]
pub(crate) struct ProblemBody<'a> {
    /// A stable reference that explains the code and resolves on this server.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems#invalid_input")]
    type_uri: String,
    /// A short summary, the same for every occurrence of the code.
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// The code, for programs. New ones may come: go by `status` where you do not know one.
    #[schema(example = "invalid_input")]
    code: &'a str,
    /// What happened this time, for people.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(required = false)]
    detail: &'a str,
    /// What is wrong with the input, part by part.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false, value_type = Vec<FieldError>)]
    errors: &'a [FieldError],
    /// Members that a code adds.
    #[serde(flatten)]
    #[schema(ignore)]
    members: &'a Map<String, Value>,
}

/// The members that some codes add to a [`ProblemBody`], each for its own code alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is there for its schema; the members are set one by one, with `Problem::member`")]
pub(crate) struct ProblemMembers {
    /// With `out_of_stock`: each line that is short, and what is available of it.
    #[schema(required = false)]
    short_lines: Vec<ShortLine>,
    /// With `price_changed`: what the order comes to now.
    #[schema(required = false)]
    total: MoneyDto,
    /// With `already_reviewed`: the review that there is.
    #[schema(required = false, value_type = uuid::Uuid)]
    review_id: ReviewId,
    /// With `transition_not_allowed`: the status that the order has.
    #[schema(required = false, example = "delivered")]
    from: String,
    /// With `transition_not_allowed`: the status that was asked for.
    #[schema(required = false, example = "cancelled")]
    to: String,
    /// With `transition_not_allowed`: where the order can go from its status.
    #[schema(required = false)]
    allowed: Vec<String>,
    /// With `stock_out_of_range`: how many pieces there are.
    #[schema(required = false)]
    on_hand: i64,
}

/// Why a reply is an error, for the log alone; travels in the reply's extensions to where requests are logged.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) String);

/// What an error reply says, for whoever shows it in another form.
#[derive(Clone, Debug)]
pub(crate) struct ReplyDetail(pub(crate) Cow<'static, str>);

/// The code of an error reply, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyCode(pub(crate) Code);

impl Problem {
    /// A problem with this code and nothing more to say than its title.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            detail: Cow::Borrowed(""),
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// Says what happened this time. Never put anything of the inside here.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds a wrong part of the body, by its JSON pointer.
    #[must_use]
    pub fn at(
        mut self,
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let (pointer, parameter) = (Some(pointer.into()), None);
        self.0.errors.push(FieldError { pointer, parameter, code: code.into(), message: message.into() });
        self
    }

    /// Adds a wrong query parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let (pointer, parameter) = (None, Some(name.into()));
        self.0.errors.push(FieldError { pointer, parameter, code: Cow::Borrowed(code), message: message.into() });
        self
    }

    /// Adds a member of its own, for example `allowed`.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.0.members.insert(name.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
        self
    }

    /// Adds a header to the reply.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Tells the client to wait this many seconds.
    #[must_use]
    pub fn retry_after_secs(self, secs: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(secs.max(1)))
    }

    /// Keeps the cause for the log; it is never sent.
    #[must_use]
    pub fn cause(mut self, cause: impl ToString) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// There is no such resource.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// Whether it says that there is no such resource.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code() == Code::NotFound
    }

    /// A bug, or data that is broken; the cause goes to the log.
    #[must_use]
    pub fn internal(cause: impl ToString) -> Self {
        Self::new(Code::Internal).cause(cause)
    }

    /// The one 401 of everything that needs a signed-in caller: it never hints at which check failed.
    #[must_use]
    pub fn not_authenticated() -> Self {
        Self::new(Code::NotAuthenticated)
    }

    /// The same for a token that was presented, and opens nothing (RFC 6750, 3.1). Its body says no more than that of the other.
    #[must_use]
    pub fn invalid_token() -> Self {
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        Self::not_authenticated().header(header::WWW_AUTHENTICATE, challenge)
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What happened, in words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.detail
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.code.entry().status
    }

    fn body(&self) -> Bytes {
        let entry = self.0.code.entry();
        let body = ProblemBody {
            type_uri: self.0.code.type_uri(),
            title: entry.title,
            status: entry.status.as_u16(),
            code: entry.name,
            detail: &self.0.detail,
            errors: &self.0.errors,
            members: &self.0.members,
        };
        Bytes::from(serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl From<&Violation> for FieldError {
    fn from(violation: &Violation) -> Self {
        Self {
            pointer: Some(violation.pointer.clone()),
            parameter: None,
            code: Cow::Borrowed(violation.code),
            message: violation.message.clone(),
        }
    }
}

/// RFC 9110, 11.6.1: every 401 names the scheme to use. It says no more, so that no check is given away. `Bearer` stands there for access
/// tokens alone: clients that read it get another token and send the request once more, and a wrong password or code would count twice.
fn scheme(code: Code) -> HeaderValue {
    HeaderValue::from_static(if code == Code::NotAuthenticated { "Bearer" } else { "Body" })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.body()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        // Whoever sends such a body is not to be talked to any further on this connection.
        if matches!(self.0.code, Code::BodyTooLarge | Code::RequestTimeout | Code::MalformedRequest) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        for (name, value) in self.0.headers {
            headers.append(name, value);
        }
        if self.0.code.entry().status == StatusCode::UNAUTHORIZED {
            headers.entry(header::WWW_AUTHENTICATE).or_insert(scheme(self.0.code));
        }
        response.extensions_mut().insert(ReplyCode(self.0.code));
        response.extensions_mut().insert(ReplyDetail(self.0.detail));
        if let Some(cause) = self.0.cause {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}

/// For the tests of this crate: looking into problems.
#[cfg(test)]
pub(crate) mod testing {
    use serde_json::Value;

    use super::Problem;

    /// The body as it would be sent.
    pub(crate) fn body_of(problem: &Problem) -> Value {
        serde_json::from_slice(&problem.body()).expect("JSON")
    }

    /// Pointer and code of the first wrong part.
    pub(crate) fn first_error(problem: &Problem) -> (String, String) {
        let first = problem.0.errors.first().expect("an error");
        (first.pointer.clone().unwrap_or_default(), first.code.to_string())
    }
}
