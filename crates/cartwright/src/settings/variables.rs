//! Variables of the environment that look as if they set something, and do not.

use std::ffi::OsStr;

use clap::{Args as _, Command};
use tracing::warn;

use super::Settings;

/// How the variables of all settings begin.
const BEGINNING: &str = "CARTWRIGHT_";
/// Variables of others that begin so: of the tests and the proof.
const OTHERS: [&str; 3] = ["CARTWRIGHT_TEST_", "CARTWRIGHT_PROOF_", "CARTWRIGHT_FAULTS_"];
/// A name is a slip of a known one when so few letters differ.
const SLIP_MAX: usize = 3;

/// Names, in the log, the variables that begin as those of settings do and set nothing: somebody meant something by them.
pub(crate) fn tell_of_unknown() {
    let known = known();
    for (name, value) in std::env::vars_os() {
        if let Some(name) = name.to_str().filter(|name| is_unknown(name, &value, &known)) {
            match nearest(name, &known) {
                Some(meant) => warn!("{name} sets nothing, there is no such setting; the nearest is {meant}"),
                None => warn!("{name} sets nothing, there is no such setting"),
            }
        }
    }
}

/// The name of a variable of a setting whose value is no UTF-8 text.
pub(crate) fn not_utf8() -> Option<String> {
    let known = known();
    let wrong = std::env::vars_os().filter(|(_, value)| value.to_str().is_none());
    wrong.filter_map(|(name, _)| name.into_string().ok()).find(|name| known.contains(name))
}

fn known() -> Vec<String> {
    let command = Settings::augment_args(Command::new("settings"));
    command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned())).collect()
}

fn is_unknown(name: &str, value: &OsStr, known: &[String]) -> bool {
    let is_anothers = OTHERS.iter().any(|other| name.starts_with(other)) || is_of_a_service(name, value);
    name.starts_with(BEGINNING) && !is_anothers && !known.iter().any(|known| known == name)
}

/// What Kubernetes tells of services, some of which may be called as the program is: `..._SERVICE_HOST`, `..._PORT_5432_TCP`.
fn is_of_a_service(name: &str, value: &OsStr) -> bool {
    let is_numbered = name.split_once("_PORT_").is_some_and(|(_, port)| port.starts_with(|c: char| c.is_ascii_digit()));
    let is_address = name.ends_with("_PORT") && value.to_str().is_some_and(|value| value.contains("://"));
    is_numbered || is_address || name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT")
}

/// The known name that this one is a slip of.
fn nearest<'k>(name: &str, known: &'k [String]) -> Option<&'k str> {
    let all = known.iter().map(|known| (distance(name, known), known.as_str()));
    all.filter(|(letters, _)| *letters <= SLIP_MAX).min().map(|(_, known)| known)
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
        for of_services in ["", "_POSTGRES"] {
            assert!(!is_unknown(&format!("CARTWRIGHT{of_services}_PORT"), "tcp://10.0.0.1:80"));
            for ends in ["_SERVICE_HOST", "_SERVICE_PORT", "_SERVICE_PORT_PG", "_PORT_5432_TCP", "_PORT_5432_TCP_ADDR"]
            {
                assert!(!is_unknown(&format!("CARTWRIGHT{of_services}{ends}"), "5432"), "{of_services}{ends}");
            }
        }
        assert_eq!(nearest("CARTWRIGHT_LISTN", &known), Some("CARTWRIGHT_LISTEN"));
        assert_eq!(nearest("CARTWRIGHT_PUBLIC_URI", &known), Some("CARTWRIGHT_PUBLIC_URL"));
        assert_eq!(nearest("CARTWRIGHT_VERSION", &known), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "ab"), distance("a", "a")), (3, 2, 0));
    }
}
