//! What the staff do, look at and write down.

pub mod audit;
pub mod notes;
pub mod reports;
pub mod settings;
