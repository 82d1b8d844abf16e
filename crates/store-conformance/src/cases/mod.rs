//! The cases, in folders by noun and in files by operation. The name of a case is the sentence that it proves.
#![expect(missing_docs, reason = "the name of a case says what it proves; what needs more words has them")]

pub mod accounts;
pub mod catalogue;
pub mod community;
pub mod concurrency;
pub mod jobs;
pub mod mail;
pub mod orders;
pub mod queries;
pub mod shop;
pub mod staff;
