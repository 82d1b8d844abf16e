//! Replies, and what is expected of them.

use serde_json::Value;

/// A reply, whole.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The request, for messages.
    pub(crate) asked: String,
    /// The status.
    pub(crate) status: u16,
    /// Names in lower case, in the order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The header `name` (in lower case), if it is there.
    pub(crate) fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The header `name`, which must be there.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        self.find_header(name).unwrap_or_else(|| panic!("{} has no {name}: {self:?}", self.asked)).to_owned()
    }

    /// The media type without its parameters; empty when there is none.
    pub(crate) fn media_type(&self) -> &str {
        self.find_header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when there is none.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}: {}", self.asked, self.text()))
    }

    /// The JSON of a reply that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self.json()
    }

    /// The problem of a reply that must be this refusal.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self.check_problem();
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}: {problem}", self.asked);
        problem
    }

    /// Checks that the reply refuses input at `pointer` with a 422.
    #[track_caller]
    pub(crate) fn invalid(&self, pointer: &str) -> Value {
        let problem = self.refused(422, "invalid_input");
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{}: no errors: {problem}", self.asked));
        let found = errors.iter().any(|error| error["pointer"] == pointer);
        assert!(found, "{}: nothing at {pointer}: {problem}", self.asked);
        problem
    }

    /// Checks that the reply refuses the query parameter `name` with a 400.
    #[track_caller]
    pub(crate) fn wrong_parameter(&self, name: &str) {
        let problem = self.refused(400, "invalid_query");
        assert_eq!(problem["errors"][0]["parameter"], name, "{}: {problem}", self.asked);
    }

    /// Checks what RFC 9457 and this API ask of every error.
    #[track_caller]
    pub(crate) fn check_problem(&self) {
        assert_eq!(self.media_type(), "application/problem+json", "{}: {}", self.asked, self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{}: {problem}", self.asked);
        for member in ["type", "title", "code"] {
            assert!(problem[member].is_string(), "{}: no {member}: {problem}", self.asked);
        }
        let type_uri = format!("/docs/problems#{}", problem["code"].as_str().unwrap_or_default());
        assert_eq!(problem["type"], type_uri.as_str(), "{}", self.asked);
    }

    /// Checks what holds for every reply whatever it is about.
    #[track_caller]
    pub(crate) fn check_always(&self) {
        assert!(self.status < 500, "{} gave {}: {}", self.asked, self.status, self.text());
        assert!(self.find_header("x-request-id").is_some(), "{} has no request id: {self:?}", self.asked);
        let needs = match self.status {
            401 => Some("www-authenticate"),
            405 => Some("allow"),
            429 => Some("retry-after"),
            _ => None,
        };
        if let Some(name) = needs {
            assert!(self.find_header(name).is_some(), "{} gave {} without {name}", self.asked, self.status);
        }
        if self.status >= 400 {
            self.check_problem();
        }
    }
}
