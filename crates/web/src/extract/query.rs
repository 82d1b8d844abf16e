//! Query parameters.

use std::borrow::Cow;

use axum::extract::{FromRequestParts, rejection::QueryRejection};
use http::{Uri, request::Parts};
use serde::de::DeserializeOwned;
use store::{Cursor, LIMIT_MAX, PageRequest};

use super::json;
use crate::{
    App,
    problem::{Code, Problem},
};

/// How many items a list has when nobody says.
const LIMIT_DEFAULT: u32 = 20;

/// The query parameters. `T` denies unknown fields, so that a mistyped filter is not silently no filter.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

/// The query parameters of an address.
///
/// # Errors
/// 400 that names the parameter.
pub(crate) fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    match axum::extract::Query::try_from_uri(uri) {
        Ok(axum::extract::Query(value)) => Ok(value),
        Err(rejection) => Err(refusal(&rejection)),
    }
}

/// The query parameters of an address in which `name` may be given several times: with the first of its values, and the others. Some
/// programs write `name[]=` or `name[0]=` then.
///
/// # Errors
/// 400 that names the parameter.
pub(crate) fn read_several<T: DeserializeOwned>(uri: &Uri, name: &str) -> Result<(T, Vec<String>), Problem> {
    let (mut kept, mut others, mut is_given) = (Vec::new(), Vec::new(), false);
    for pair in uri.query().unwrap_or_default().split('&') {
        match form_urlencoded::parse(pair.as_bytes()).next() {
            Some((found, value)) if list_name(&found) == name => {
                if is_given {
                    others.push(value.into_owned());
                } else {
                    let plain = form_urlencoded::Serializer::new(String::new()).append_pair(name, &value).finish();
                    kept.push(Cow::Owned(plain));
                }
                is_given = true;
            }
            _ => kept.push(Cow::Borrowed(pair)),
        }
    }
    if !is_given {
        return Ok((read(uri)?, others));
    }
    let once = format!("/?{}", kept.join("&")).parse::<Uri>().map_err(|_| Problem::new(Code::InvalidQuery))?;
    Ok((read(&once)?, others))
}

/// The name of a list without what some programs write behind it: `tag` of `tag[]` and `tag[0]`.
pub(crate) fn list_name(name: &str) -> &str {
    match name.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
        Some((list, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => list,
        _ => name,
    }
}

/// The message is `name: what is wrong` when the value of a parameter is, or `what is wrong` naming it in backquotes.
fn refusal(rejection: &QueryRejection) -> Problem {
    let text = std::error::Error::source(rejection).map_or_else(|| rejection.to_string(), ToString::to_string);
    let problem = Problem::new(Code::InvalidQuery);
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    match text.split_once(": ") {
        _ if text.contains("unknown field `") => {
            problem.parameter(quoted(&text), "unknown_parameter", after_colon(&text))
        }
        _ if text.starts_with("missing field") => problem.parameter(quoted(&text), "required", "must be given"),
        _ if text.starts_with("duplicate field") => problem.parameter(quoted(&text), "duplicate", "must be given once"),
        Some((name, what)) => match json::one_of(what) {
            Some(message) => problem.parameter(name, "unknown_value", message),
            None => problem.parameter(name, "invalid_value", in_plain_words(name, what)),
        },
        None => problem.detail(text),
    }
}

/// What a value must be, where the standard library would say what its parser met.
fn in_plain_words(name: &str, what: &str) -> String {
    let plain = match what {
        "invalid digit found in string" | "cannot parse integer from empty string" => "must be a whole number",
        "number too large to fit in target type" => "must be a smaller number",
        "number too small to fit in target type" => "must be a larger number",
        "provided string was not `true` or `false`" => "must be true or false",
        other => return json::plain(other),
    };
    if name == "limit" { format!("must be a whole number, 1 to {LIMIT_MAX}") } else { plain.to_owned() }
}

fn after_colon(text: &str) -> String {
    text.split_once(": ").map_or(text, |(_, what)| what).replace("field", "parameter")
}

/// The part that `limit` and `cursor` ask for of a list. `list` names the list and its order, `orders.newest`, as its cursors do.
///
/// # Errors
/// 400 that names the parameter: also for the cursor of another list, or of this one in another order.
pub fn page_request(limit: Option<u32>, cursor: Option<&str>, list: &str) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let message = format!("must be 1 to {LIMIT_MAX}");
        return Err(Problem::new(Code::InvalidQuery).parameter("limit", "out_of_range", message));
    }
    let after = match cursor {
        None => None,
        Some(text) => {
            Some(Cursor::decode(text, list).or_else(|| Cursor::decode(text, order_of(list))).ok_or_else(|| {
                Problem::new(Code::InvalidQuery).parameter(
                    "cursor",
                    "invalid_cursor",
                    "must be the next_cursor of a page of this list in the same order",
                )
            })?)
        }
    };
    Ok(PageRequest { limit, after })
}

/// The order of a list. Cursors of an older version name it alone; such a process may answer beside this one while a shop is brought up
/// to date.
fn order_of(list: &str) -> &str {
    list.rsplit('.').next().unwrap_or(list)
}

/// What clients send to go on in `list`, as [`page_request`] takes it. Engines know the order of what they read and not which list that is
/// for: two lists in the same order would take each other's cursors, and begin anywhere.
#[must_use]
pub fn next_cursor(next: Option<Cursor>, list: &str) -> Option<String> {
    next.map(|cursor| Cursor { sort: list.to_owned(), ..cursor }.encode())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::problem::testing::body_of;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Params {
        limit: Option<u32>,
        price_min: Option<i64>,
        on_sale: Option<bool>,
        status: Option<Status>,
        of: Option<uuid::Uuid>,
        since: Option<model::Timestamp>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        Pending,
        Shipped,
        Delivered,
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        let limit = "must be a whole number, 1 to 100";
        let time = "must be a time with its offset, such as 2026-11-30T00:00:00Z";
        for (query, name, code, message) in [
            ("limit=x", "limit", "invalid_value", limit),
            ("limit=-1", "limit", "invalid_value", limit),
            ("limit=", "limit", "invalid_value", limit),
            ("limit=4294967297", "limit", "invalid_value", limit),
            ("price_min=1.5", "price_min", "invalid_value", "must be a whole number"),
            ("price_min=", "price_min", "invalid_value", "must be a whole number"),
            ("price_min=99999999999999999999", "price_min", "invalid_value", "must be a smaller number"),
            ("price_min=-99999999999999999999", "price_min", "invalid_value", "must be a larger number"),
            ("on_sale=yes", "on_sale", "invalid_value", "must be true or false"),
            ("status=paid", "status", "unknown_value", "must be one of pending, shipped, delivered"),
            ("of=me", "of", "invalid_value", "must be an id as the replies of this API give it, a UUID"),
            ("since=2026-11-30", "since", "invalid_value", time),
            ("since=2026-11-30T10:00:00", "since", "invalid_value", time),
            // A plus that is not written as %2B is a space.
            ("since=2026-11-30T10:00:00+01:00", "since", "invalid_value", time),
            ("limit=1&limit=2", "limit", "duplicate", "must be given once"),
        ] {
            assert_eq!(refused(query), (name.to_owned(), code.to_owned(), message.to_owned()), "{query}");
        }
        let (name, code, message) = refused("colour=red");
        assert_eq!((name.as_str(), code.as_str()), ("colour", "unknown_parameter"));
        assert!(message.contains("limit"), "{message}");
    }

    /// The parameter that is named, with code and message.
    fn refused(query: &str) -> (String, String, String) {
        let uri: Uri = format!("/v1/products?{query}").parse().expect("a URI");
        let rejection = axum::extract::Query::<Params>::try_from_uri(&uri).expect_err(query);
        let body = body_of(&refusal(&rejection));
        let said = |member: &str| body["errors"][0][member].as_str().unwrap_or_default().to_owned();
        (said("parameter"), said("code"), said("message"))
    }

    #[test]
    fn one_parameter_may_be_given_several_times_and_all_others_once() {
        let read = |query: &str| {
            let uri: Uri = format!("/v1/orders?{query}").parse().expect("a URI");
            read_several::<Params>(&uri, "status")
        };
        let (params, others) = read("status=pending&limit=2&stat%75s=shipped&status=a%26b").expect("read");
        assert!(matches!(params.status, Some(Status::Pending)) && params.limit == Some(2));
        assert_eq!(others, ["shipped", "a&b"]);
        let (params, others) = read("limit=3").expect("read");
        assert!(params.status.is_none() && params.limit == Some(3) && others.is_empty());
        let (params, others) = read("status[]=pending&limit=2&status%5B1%5D=shipped").expect("read");
        assert!(matches!(params.status, Some(Status::Pending)) && others == ["shipped"]);
        for query in [
            "status=pending&limit=1&status=shipped&limit=2",
            "limit=1&limit=2",
            "status=paid&status=shipped",
            "status[a]=pending",
            "limit[]=1",
        ] {
            assert!(read(query).is_err(), "{query}");
        }
    }

    #[test]
    fn pages_are_bounded_and_cursors_belong_to_their_list_and_order() {
        assert_eq!(page_request(None, None, "orders.newest").expect("fine").limit, 20);
        assert!(page_request(Some(0), None, "orders.newest").is_err());
        assert!(page_request(Some(101), None, "orders.newest").is_err());
        let next = Cursor { sort: "newest".into(), key: store::CursorKey::Number(1), id: uuid::Uuid::nil() };
        let cursor = next_cursor(Some(next.clone()), "orders.newest").expect("a cursor");
        let after = page_request(None, Some(&cursor), "orders.newest").expect("its own").after.expect("a place");
        assert_eq!((after.key, after.id), (next.key.clone(), next.id));
        for other in ["products.newest", "orders.price", "newest"] {
            assert!(page_request(None, Some(&cursor), other).is_err(), "{other}");
        }
        // One of an older version names the order alone.
        let older = page_request(None, Some(&next.encode()), "orders.newest").expect("taken").after.expect("a place");
        assert_eq!((older.key, older.id), (next.key.clone(), next.id));
        assert!(page_request(None, Some(&next.encode()), "orders.price").is_err());
        assert!(page_request(None, Some("%%%"), "orders.newest").is_err());
        assert_eq!(next_cursor(None, "orders.newest"), None);
    }
}
