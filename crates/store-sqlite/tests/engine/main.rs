//! The engine from outside: groups, full disks, copies, checks.

mod check;
mod common;
mod copies;
mod group_commit;
