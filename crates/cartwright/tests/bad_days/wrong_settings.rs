//! Settings that make no sense, from each of the places that settings come from.

use std::fs;

use crate::days::program::{Ended, program, run};

/// The setting as a flag without its dashes, a wrong value, and what the complaint must say besides the name.
const WRONG: &[(&str, &str, &str)] = &[
    ("listen", "everywhere", "everywhere"),
    ("listen", "127.0.0.1:99999", "99999"),
    ("database", "mysql://localhost/shop", "mysql"),
    ("smtp-url", "http://mail.example.com", "smtp"),
    ("smtp-url", "smtp://", "smtp"),
    ("mail-from", "nobody at all", "nobody at all"),
    ("bcrypt-cost", "4", "10"),
    ("bcrypt-cost", "a lot", "a lot"),
    ("signup", "maybe", "immediate"),
    ("currency", "XXQ", "XXQ"),
    ("public-url", "ftp://example.com", "http"),
];

fn key(flag: &str) -> String {
    flag.replace('-', "_")
}

#[track_caller]
fn refused(ended: &Ended, name: &str, says: &str) {
    let complaint = ended.expect_complaint();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(complaint.contains(name), "it should name {name}: {complaint}");
    assert!(complaint.contains(says), "it should say {says:?} of {name}: {complaint}");
}

#[test]
fn a_wrong_flag_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (flag, value, says) in WRONG {
        let mut command = program();
        command.args(["serve", &format!("--{flag}"), value, "--data"]).arg(folder.path().join("data"));
        refused(&run(&mut command, ""), flag, says);
    }
}

#[test]
fn a_wrong_environment_variable_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (flag, value, says) in WRONG {
        let name = format!("CARTWRIGHT_{}", key(flag).to_uppercase());
        let mut command = program();
        command.arg("serve").env(&name, value).arg("--data").arg(folder.path().join("data"));
        refused(&run(&mut command, ""), &name, says);
    }
}

#[test]
fn a_wrong_entry_in_the_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cartwright.toml");
    let unknown = [("colour", "\"red\"", "colour")];
    let wrong = WRONG.iter().map(|(flag, value, says)| {
        let is_number = value.parse::<u32>().is_ok();
        (key(flag), if is_number { (*value).to_owned() } else { format!("{value:?}") }, (*says).to_owned())
    });
    let unknown = unknown.iter().map(|(key, value, says)| ((*key).to_owned(), (*value).to_owned(), (*says).to_owned()));
    for (key, value, says) in wrong.chain(unknown) {
        fs::write(&file, format!("{key} = {value}\n")).expect("written");
        let mut command = program();
        command.arg("serve").arg("--config").arg(&file).arg("--data").arg(folder.path().join("data"));
        refused(&run(&mut command, ""), &key, &says);
    }
    fs::write(&file, "listen = \n").expect("written");
    let mut command = program();
    command.arg("serve").arg("--config").arg(&file).arg("--data").arg(folder.path().join("data"));
    refused(&run(&mut command, ""), "cartwright.toml", "line 1");
}
