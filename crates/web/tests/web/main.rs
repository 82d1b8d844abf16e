//! The server as its clients see it: over real sockets, on a port of its own for each test.

mod bodies;
mod cache;
mod connections;
mod limits;
mod mails;
mod openapi;
mod origins;
mod replies;
mod sessions;
mod strangers;
mod support;
