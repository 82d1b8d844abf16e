//! The pages for people, as a browser shows them: setting up, signing in, the mailbox, the documentation.
//!
//! Needs Chromium and chromedriver. Pictures of every page go to `target/screenshots/`.

#[path = "browser/browser.rs"]
mod browser;
#[path = "browser/dashboard.rs"]
mod dashboard;
#[path = "browser/demo.rs"]
mod demo;
#[path = "browser/docs.rs"]
mod docs;
#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/keyboard.rs"]
mod keyboard;
#[path = "browser/mailbox.rs"]
mod mailbox;
#[path = "browser/orders.rs"]
mod orders;
#[path = "browser/questions.rs"]
mod questions;
#[path = "browser/setup.rs"]
mod setup;
#[path = "browser/watched.rs"]
mod watched;
#[path = "browser/window.rs"]
mod window;
