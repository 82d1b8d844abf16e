//! The scenarios, a file each.

mod authority;
mod clock;
mod crash_points;
mod idempotency;
mod kill;
mod last_unit;
mod mail;
mod parsers;
mod power_loss;
mod siege;
mod tokens;

use crate::scenario::Scenario;

/// All of them, in the order in which they are run.
pub const ALL: &[Scenario] = &[
    kill::SCENARIO,
    crash_points::SCENARIO,
    power_loss::SCENARIO,
    power_loss::SYNC_ERROR,
    last_unit::SCENARIO,
    idempotency::SCENARIO,
    mail::SCENARIO,
    clock::SCENARIO,
    tokens::SCENARIO,
    authority::SCENARIO,
    parsers::SCENARIO,
];
