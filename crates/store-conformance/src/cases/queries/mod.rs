//! Lists with their filters, orders and cursors, and single resources for display.

pub mod accounts;
pub mod feed;
pub mod mails;
pub mod movements;
pub mod orders;
pub mod product_filters;
pub mod product_pages;
