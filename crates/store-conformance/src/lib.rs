//! One suite for every engine: each primitive, query and operation, alone and at once.
