//! The engine from outside, beyond what the suite asks of every engine: what it costs, who waits for whom, and what servers do to it.

mod cancelled;
mod category_tree;
mod copies;
mod feed;
mod groups;
mod lists;
mod migrations;
mod order_pages;
mod reads;
mod reviews;
mod round_trips;
mod servers;
mod shops;
mod stock_alerts;
