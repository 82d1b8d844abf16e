//! Bad days: the mail server is down, somebody stops the server in the middle of everything, copies it
//! while it works, starts it twice, or sets it up wrongly.

#[path = "bad_days/copies.rs"]
mod copies;
#[path = "bad_days/import.rs"]
mod import;
#[path = "bad_days/mail_server.rs"]
mod mail_server;
#[path = "bad_days/moving.rs"]
mod moving;
#[path = "bad_days/postgres.rs"]
mod postgres;
#[path = "bad_days/smtp.rs"]
mod smtp;
#[path = "bad_days/start.rs"]
mod start;
#[path = "bad_days/stop.rs"]
mod stop;
#[path = "bad_days/wrong_settings.rs"]
mod wrong_settings;
