//! The scenarios, a file each.

mod api_fuzz;
mod authority;
mod clock;
mod crash_points;
mod database;
mod disk_full;
mod enumeration;
mod failing_calls;
mod ground;
mod idempotency;
mod interleavings;
mod kill;
mod last_unit;
mod login_storm;
mod mail;
mod parsers;
mod power_loss;
mod siege;
mod slow_and_large;
mod soak;
mod tokens;

use crate::scenario::Scenario;

/// All of them, in the order in which they are run.
pub const ALL: &[Scenario] = &[
    kill::SCENARIO,
    crash_points::SCENARIO,
    power_loss::SCENARIO,
    power_loss::SYNC_ERROR,
    failing_calls::SCENARIO,
    disk_full::SCENARIO,
    last_unit::SCENARIO,
    idempotency::SCENARIO,
    mail::SCENARIO,
    clock::SCENARIO,
    database::SCENARIO,
    interleavings::SCENARIO,
    api_fuzz::SCENARIO,
    tokens::SCENARIO,
    authority::SCENARIO,
    enumeration::SCENARIO,
    login_storm::SCENARIO,
    slow_and_large::SCENARIO,
    parsers::SCENARIO,
    soak::SCENARIO,
];
