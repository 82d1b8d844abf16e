#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cartwright_proof::parsers::headers(bytes));
