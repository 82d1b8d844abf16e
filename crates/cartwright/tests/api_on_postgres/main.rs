//! The tests of the API, all of them once more, on PostgreSQL.

#[path = "../api/main.rs"]
mod api;

use api::support;
