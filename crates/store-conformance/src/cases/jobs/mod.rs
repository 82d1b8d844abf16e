//! Long pieces of work.

pub mod work;
