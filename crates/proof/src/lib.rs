//! Faults, attacks and load as named scenarios, and a judge who wrote down what was acknowledged.
//!
//! * [`scenario`] says what a scenario is, [`scenarios`] has a file for each.
//! * [`harness`] is what they are made of: the program as a child process, a shop, buyers, a journal, an audit. The tests of the
//!   program use it too.
//! * [`judge`] runs them, turns whatever goes wrong into a violation, and prints the table.
//!
//! # How to add a scenario
//! 1. A file in `scenarios/` with a `SCENARIO`, named in `scenarios/mod.rs`: what is injected, what must hold, on which engines.
//! 2. Draw all chance from the run's seed; let a short run take seconds.
//! 3. Give it a control: the same with a guard taken away, which must be found out. A guard that only the program can lift gets a
//!    name in `faults`.
//! 4. Run it alone until it is quiet and its control is not: `cartwright-proof run NAME`, `cartwright-proof controls NAME`.

pub mod book;
pub mod harness;
pub mod judge;
pub mod parsers;
pub mod progress;
pub mod scenario;
pub mod scenarios;
mod signer;
