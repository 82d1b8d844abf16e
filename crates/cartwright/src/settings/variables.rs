//! Variables of the environment that look as if they set something, and do not.

use std::ffi::OsStr;

use clap::{Args as _, Command};
use tracing::warn;

use super::Settings;

/// How the variables of all settings begin.
const BEGINNING: &str = "CARTWRIGHT_";
/// Variables of others that begin so: of the tests and the proof, and what Kubernetes tells of a service that is called as the program is.
const OTHERS: [&str; 5] =
    ["CARTWRIGHT_TEST_", "CARTWRIGHT_PROOF_", "CARTWRIGHT_FAULTS_", "CARTWRIGHT_SERVICE_", "CARTWRIGHT_PORT_"];

/// Names, in the log, the variables that begin as those of settings do and set nothing: somebody meant something by them.
pub(crate) fn tell_of_unknown() {
    let known = known();
    for (name, value) in std::env::vars_os() {
        if let Some(name) = name.to_str().filter(|name| is_unknown(name, &value, &known)) {
            let meant = nearest(name, &known);
            warn!("{name} sets nothing, there is no such setting; the nearest is {meant}");
        }
    }
}

fn known() -> Vec<String> {
    let command = Settings::augment_args(Command::new("settings"));
    command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned())).collect()
}

fn is_unknown(name: &str, value: &OsStr, known: &[String]) -> bool {
    let is_anothers = OTHERS.iter().any(|other| name.starts_with(other))
        || (name == "CARTWRIGHT_PORT" && value.to_str().is_some_and(|value| value.contains("://")));
    name.starts_with(BEGINNING) && !is_anothers && !known.iter().any(|known| known == name)
}

/// The known name that takes the fewest changes of letters.
fn nearest<'k>(name: &str, known: &'k [String]) -> &'k str {
    known.iter().min_by_key(|known| distance(name, known)).map_or("", String::as_str)
}

/// How many letters must be put in, taken out or exchanged (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, a) in (1..).zip(one.bytes()) {
        let mut above_left = std::mem::replace(&mut row[0], place);
        for (at, b) in other.bytes().enumerate() {
            let changed = above_left + usize::from(a != b);
            above_left = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(above_left + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sets_nothing_is_known_and_what_was_meant_is_guessed() {
        let known = known();
        let is_unknown = |name: &str, value: &str| is_unknown(name, OsStr::new(value), &known);
        for wrong in ["CARTWRIGHT_LISTN", "CARTWRIGHT_PORT", "CARTWRIGHT_SMTP", "CARTWRIGHT_"] {
            assert!(is_unknown(wrong, "8080"), "{wrong}");
        }
        for right in
            ["CARTWRIGHT_LISTEN", "CARTWRIGHT_TEST_BINARY", "CARTWRIGHT_SERVICE_HOST", "CARTWRIGHT_PORT_80_TCP", "PATH"]
        {
            assert!(!is_unknown(right, "8080"), "{right}");
        }
        assert!(!is_unknown("CARTWRIGHT_PORT", "tcp://10.0.0.1:80"));
        assert_eq!(nearest("CARTWRIGHT_LISTN", &known), "CARTWRIGHT_LISTEN");
        assert_eq!(nearest("CARTWRIGHT_PUBLIC_URI", &known), "CARTWRIGHT_PUBLIC_URL");
        assert_eq!((distance("kitten", "sitting"), distance("", "ab"), distance("a", "a")), (3, 2, 0));
    }
}
