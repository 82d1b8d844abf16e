//! The storefront and admin API, the staff's pages, OpenAPI; errors to HTTP.
