//! The business of a shop: one file an operation.
