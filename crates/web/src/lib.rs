//! The storefront and admin API, the staff's pages, OpenAPI; errors to HTTP.
//!
//! Handlers parse, authorise, run one operation (or one query), and render. They decide nothing about the shop.
//!
//! * [`App`] is what they have at hand; [`extract`] is what they take; [`reply`] and [`Problem`] is what they give.
//! * [`serve()`] is the server around them; every request passes through one function (`front`).
//! * [`openapi()`] describes them, from the same code.
//!
//! # How to add an endpoint
//! 1. One file under `routes/`, named like its path; the bodies it takes and gives under `dto/`.
//! 2. Annotate the handler with `#[utoipa::path]` (operation id, summary in the first line of its docstring, success
//!    reply, the conflicts that are its own; the replies that every operation shares are added by `openapi`).
//! 3. Register it with `routes!` in the `router()` of its folder. Paths outside the API go to `routes::pages`.
//! 4. If strangers may use it, and only then, add it to the list in `tests/web/strangers.rs`, and say why.

mod app;
mod cache;
mod device;
pub mod dto;
pub mod extract;
mod front;
mod metrics;
mod openapi;
mod order_book;
pub mod problem;
pub mod reply;
mod router;
mod routes;
mod search;
mod serve;
mod settings;
mod throttle;

pub use app::{App, Parts};
pub use openapi::openapi;
pub use problem::{Code, Problem};
pub use routes::{check_headers, check_query};
pub use serve::serve;
pub use settings::{AllowedOrigins, Limits, ReviewMode, Settings, SignUpMode};
pub use throttle::{Attempt, CameFrom, Throttle};
