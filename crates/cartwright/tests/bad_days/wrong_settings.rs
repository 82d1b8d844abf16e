//! Settings that make no sense, from each of the places that settings come from.

use std::{fs, path::Path, process::Command};

use proof::harness::program::{Ended, program, run};

/// The setting as a flag without its dashes, a wrong value, and what the complaint must say besides the name.
const WRONG: &[(&str, &str, &str)] = &[
    ("listen", "everywhere", "everywhere"),
    ("listen", "127.0.0.1:99999", "99999"),
    ("database", "mysql://localhost/shop", "postgres://USER"),
    ("mail-from", "nobody at all", "nobody at all"),
    ("bcrypt-cost", "4", "10"),
    ("bcrypt-cost", "a lot", "a lot"),
    ("signup", "maybe", "immediate"),
    ("currency", "XXQ", "XXQ"),
    ("public-url", "ftp://example.com", "http"),
    ("max-body-kib", "1", "16"),
];

/// Checks that it was refused for this setting before anything was done, and that it says what is allowed.
#[track_caller]
fn refused(ended: &Ended, name: &str, says: &str) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let complaint = &ended.stderr;
    assert!(complaint.contains(name), "it should name {name}: {complaint}");
    assert!(complaint.contains(says), "it should say {says:?} of {name}: {complaint}");
    let lines = complaint.lines().filter(|line| !line.trim().is_empty() && !line.contains("--help")).count();
    assert!(lines <= 2, "a sentence should do: {complaint}");
}

fn serve(folder: &Path) -> Command {
    let mut command = program();
    // Nothing that is complained of here needs a database; that none was made is checked at the end.
    command.arg("serve").arg("--data").arg(folder.join("data"));
    command
}

#[test]
fn a_wrong_flag_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (flag, value, says) in WRONG {
        let mut command = serve(folder.path());
        refused(&run(command.arg(format!("--{flag}={value}")), ""), flag, says);
    }
    refused(&run(serve(folder.path()).arg("--colour=red"), ""), "colour", "unexpected");
    refused(&run(serve(folder.path()).args(["--mail-dir", "a", "--smtp-url", "smtp://h"]), ""), "mail-dir", "smtp-url");
    refused(&run(serve(folder.path()).args(["--smtp-url", "smtp://localhost"]), ""), "mail-from", "example.com");
    assert!(!folder.path().join("data/shop.db").exists(), "a database was made for settings that make no sense");
}

#[test]
fn a_wrong_environment_variable_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (flag, value, says) in WRONG {
        let name = format!("CARTWRIGHT_{}", flag.replace('-', "_").to_uppercase());
        refused(&run(serve(folder.path()).env(&name, value), ""), flag, says);
    }
}

#[test]
fn a_wrong_entry_in_the_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let check = |text: &str, name: &str, says: &str| {
        fs::write(&file, text).expect("written");
        let ended = run(serve(folder.path()).arg("--config").arg(&file), "");
        refused(&ended, name, says);
        ended
    };
    for (flag, value, says) in WRONG {
        let value = if value.parse::<u32>().is_ok() { (*value).to_owned() } else { format!("{value:?}") };
        check(&format!("{flag} = {value}\n"), flag, says);
    }
    check("colour = \"red\"\n", "colour", "known are");
    check("# a comment\nlisten = \n", "settings.toml", "line 2");
    let ended = check("smtp-url = \"smtp://shop:s3cret@mail.example.com\nlisten = 1\n", "settings.toml", "line 1");
    assert!(!ended.stderr.contains("s3cret"), "it shows a password: {ended:?}");
    fs::remove_file(&file).expect("removed");
    refused(&run(serve(folder.path()).arg("--config").arg(&file), ""), "settings.toml", "No such file");
}
