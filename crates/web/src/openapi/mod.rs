//! The OpenAPI document: what handlers say about themselves, inside a frame, with the replies that all share added.

mod shared;

use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::{Tag, TagBuilder},
};
use utoipa::{PartialSchema, ToSchema};

use crate::{
    problem::{FieldError, ProblemBody, ShortLine},
    routes,
};

/// The name of the security scheme: `security(("bearer" = []))` in a handler's annotation.
pub(crate) const BEARER: &str = "bearer";

/// The groups of operations.
pub(crate) mod tag {
    /// Signing up and in.
    pub(crate) const AUTH: &str = "auth";
    /// One's own account.
    pub(crate) const ACCOUNT: &str = "account";
    /// Products and categories as shoppers see them.
    pub(crate) const CATALOGUE: &str = "catalogue";
    /// One's own orders.
    pub(crate) const ORDERS: &str = "orders";
    /// For staff: products, categories, stock.
    pub(crate) const ADMIN_CATALOGUE: &str = "admin: catalogue";
    /// For staff: orders.
    pub(crate) const ADMIN_ORDERS: &str = "admin: orders";
    /// For staff: accounts and mails.
    pub(crate) const ADMIN_CUSTOMERS: &str = "admin: customers";
    /// Staff: the shop itself.
    pub(crate) const ADMIN_SETTINGS: &str = "admin: settings";
    /// For those who run the server.
    pub(crate) const OPERATIONS: &str = "operations";
}

const DESCRIPTION: &str = "\
The API of a Cartwright shop.

* Bodies are JSON (`snake_case`); unknown fields are refused. Money is `{\"amount\": 1999, \"currency\": \"EUR\"}` in \
minor units, times are RFC 3339 in UTC, with as many decimals as they need: compare them as times and not as text.
* Errors are `application/problem+json` (RFC 9457). Program against `code`; [/docs/problems](/docs/problems) lists them \
all with what to do, and the codes of `errors`, which say what is wrong with the input.
* Sign in at `POST /v1/auth/login` and send the access token as `Authorization: Bearer …`. It lives ten minutes; \
`POST /v1/auth/refresh` gives the next. A refresh token is good once (and again for 20 seconds, for a reply that was lost): used later, it \
looks stolen, and the session ends. So a page in several tabs keeps one pair of tokens for all of them, refreshes under a lock \
(`navigator.locks`), reads the pair again before it does, and repeats a refresh without a reply at once.
* Of the 401, `not_authenticated` (`WWW-Authenticate: Bearer`, with `error=\"invalid_token\"` when a token was sent) is the one to \
refresh for and to send the request once more. `wrong_credentials`, `second_factor_required` and `invalid_code` (`WWW-Authenticate: \
Body`) are about a password, code or token in the body: ask for another one, for each repetition counts as a try.
* Lists take `limit` (1 to 100) and `cursor` (the `next_cursor` of the page before).
* Replies about what several may change carry an `ETag`: send it as `If-None-Match` to be spared what you have, and as `If-Match` where \
an operation takes that, to be refused (412) instead of overwriting somebody's work.
* `Idempotency-Key` makes creating safe to repeat: the same key and body get the same reply, marked \
`Idempotent-Replayed: true`.
* Every reply has an `X-Request-Id`, under which the log has it.";

/// The whole document.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = routes::api().into_openapi();
    shared::complete(&mut document);
    document
}

/// The document before there is anything in it.
pub(crate) fn frame() -> OpenApi {
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Cartwright")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build();
    OpenApiBuilder::new().info(info).tags(Some(tags())).components(Some(components())).build()
}

fn tags() -> [Tag; 9] {
    let tag = |name: &str, description: &str| TagBuilder::new().name(name).description(Some(description)).build();
    [
        tag(tag::AUTH, "Signing up, signing in, and staying signed in."),
        tag(tag::ACCOUNT, "One's own account: profile, addresses, sessions, password."),
        tag(tag::CATALOGUE, "Products and categories, for everybody."),
        tag(tag::ORDERS, "One's own orders."),
        tag(tag::ADMIN_CATALOGUE, "For staff with the permission `catalogue`: products, categories, stock."),
        tag(tag::ADMIN_ORDERS, "For staff with the permission `orders`: everybody's orders."),
        tag(tag::ADMIN_CUSTOMERS, "For staff with the permission `customers`: accounts and the mails sent to them."),
        tag(
            tag::ADMIN_SETTINGS,
            "For staff with the permission `settings`: what the shop is like, and who changed what.",
        ),
        tag(tag::OPERATIONS, "For those who run the server."),
    ]
}

fn components() -> Components {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token of POST /v1/auth/login or /v1/auth/refresh; or, under /v1/admin, an API key that the staff made in the dashboard (`cwk_…`)."))
        .build();
    ComponentsBuilder::new()
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(FieldError::name(), FieldError::schema())
        .schema(ShortLine::name(), ShortLine::schema())
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .build()
}
