//! Reading other shops' files.
