//! The shop itself: upkeep, copies, and what the primitives promise where no operation would ask.

pub mod bring_over;
pub mod demo;
pub mod keys;
pub mod maintenance;
pub mod primitives;
pub mod sweep;
