//! Flags, environment, file: in this order, under the same names, with the same words.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

use crate::support::{Done, PASSWORD, Place};

/// The set-up link shows which public URL counts.
fn public_url(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let (stdout, _) = place.start_with(arguments, environment).stop();
    let link = stdout.lines().find(|line| line.contains("/setup/")).expect("a link");
    link.split("/setup").next().expect("a beginning").to_owned()
}

#[test]
fn flags_come_before_the_environment_and_that_before_the_file() {
    let place = Place::new();
    let file = place.write("shop.toml", "public-url = 'http://file.example'\n");
    let file = file.to_str().expect("UTF-8");
    let from_env = ("CARTWRIGHT_PUBLIC_URL", "http://env.example");
    let serve = ["serve", "--config", file];
    assert_eq!(public_url(&place, &serve, &[]), "http://file.example");
    assert_eq!(public_url(&place, &serve, &[from_env]), "http://env.example");
    let flag = ["--public-url", "http://flag.example"];
    assert_eq!(public_url(&place, &[&serve[..], &flag].concat(), &[from_env]), "http://flag.example");
    assert_eq!(public_url(&place, &[&flag[..], &serve].concat(), &[from_env]), "http://flag.example");
}

#[test]
fn the_file_in_the_data_folder_is_read_and_the_environment_can_name_another() {
    let place = Place::new();
    place.write("cartwright-data/cartwright.toml", "public-url = 'http://folder.example'\n");
    let other = place.write("other.toml", "public-url = 'http://other.example'\n");
    assert_eq!(public_url(&place, &["serve"], &[]), "http://folder.example");
    let named = [("CARTWRIGHT_CONFIG", other.to_str().expect("UTF-8"))];
    assert_eq!(public_url(&place, &["serve"], &named), "http://other.example");
}

#[test]
fn a_named_file_can_set_the_data_folder_and_lists() {
    let place = Place::new();
    let text = "data = 'elsewhere'\ntrusted-proxies = ['10.0.0.0/8', '::1']\nbcrypt-cost = 10\n";
    let file = place.write("shop.toml", text);
    let arguments = ["owner", "create", "--email", "o@example.com", "--name", "O", "--password-stdin", "--config"];
    let arguments = [&arguments[..], &[file.to_str().expect("UTF-8")]].concat();
    place.run_with_input(&arguments, PASSWORD.as_bytes()).expect(0);
    assert!(place.path("elsewhere/shop.db").exists());
}

/// Each is refused with 2, the name of the setting, and what is allowed.
const WRONG: [(&str, &str, &str); 24] = [
    ("listen", "8080", "an IP address and a port"),
    ("listen", "localhost:8080", "an IP address and a port"),
    ("database", "mysql://localhost/shop", "postgres://USER"),
    ("database", "shop.db", "sqlite:PATH"),
    ("database", "postgresq://shop:s3cret@db/shop", "postgres://USER"),
    ("metrics-token", "s3cret", "16"),
    ("currency", "eur", "ISO 4217"),
    ("currencies", "USD,GBP,USD", "twice"),
    ("media", "s3://", "s3://BUCKET/PREFIX"),
    ("media", "s3:///pictures", "s3://BUCKET/PREFIX"),
    ("media", "gs://shop/pictures", "s3://BUCKET/PREFIX"),
    ("signup", "open", "verify, immediate"),
    ("bcrypt-cost", "9", "10..=15"),
    ("bcrypt-cost", "16", "10..=15"),
    ("public-url", "shop.example.com", "without a path"),
    ("storefront-url", "https://example.com/shop", "without a path"),
    ("trusted-proxies", "proxy.local", "10.0.0.0/8"),
    ("max-body-kib", "1", "16..=65536"),
    ("workers", "0", "1..=1024"),
    ("workers", "four", "whole number in 1..=1024"),
    ("request-timeout-secs", "1.5", "whole number in 1..=600"),
    ("mail-from", "shop", "Shop <shop@example.com>"),
    ("log", "loud", "error, warn, info"),
    ("log-format", "xml", "auto, text, json"),
];

/// What may hold a password is told without its value.
const SECRET: [&str; 2] = ["database", "metrics-token"];

#[test]
fn wrong_values_name_the_setting_and_what_is_allowed_wherever_they_come_from() {
    let place = Place::new();
    let quotes = |name: &str, value: &str, done: &Done| {
        if SECRET.contains(&name) {
            assert!(!done.stderr.contains("s3cret") && !done.stderr.contains(&format!("'{value}'")), "{done:?}");
        } else {
            assert!(done.stderr.contains(value), "{done:?}");
        }
    };
    for (name, value, allowed) in WRONG {
        let done = place.run(&["check", &format!("--{name}"), value]).fails(2, &[name, allowed]);
        quotes(name, value, &done);
        let variable = format!("CARTWRIGHT_{}", name.replace('-', "_").to_uppercase());
        let done = place.command(&["check"]).env(variable, value).output().expect("runs");
        quotes(name, value, &Done::from(done).fails(2, &[name, allowed]));
        let file = place.write("wrong.toml", &format!("{name} = '{value}'\n"));
        let done = place.run(&["check", "--config", file.to_str().expect("UTF-8")]);
        let done = done.fails(2, &[name, allowed, "wrong.toml"]);
        quotes(name, value, &done);
        assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_and_a_value_that_is_no_text_are_wrong_values_too() {
    let place = Place::new();
    place.write("file", "in the way");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--mail-dir", "file/mails"];
    place.run(&serve).fails(2, &["mail-dir", "file/mails"]);
    assert!(!place.path("cartwright-data").exists());
    let value = OsStr::from_bytes(b"\xff");
    let done = place.command(&["check"]).env("CARTWRIGHT_WORKERS", value).output().expect("runs");
    Done::from(done).fails(2, &["CARTWRIGHT_WORKERS", "UTF-8"]);
}

#[test]
fn files_that_cannot_be_used_are_refused_without_quoting_them() {
    let place = Place::new();
    let refuse = |text: &str, words: &[&str]| {
        let file = place.write("wrong.toml", text);
        let done = place.run(&["check", "--config", file.to_str().expect("UTF-8")]).fails(2, words);
        assert!(!done.stderr.contains("s3cret"), "{done:?}");
    };
    refuse("\nsmtp-url = \"smtp://u:s3cret\n", &["wrong.toml", "line 2"]);
    refuse("smtp_url = \"smtp://u:s3cret@h\"\n", &["`smtp_url`", "smtp-url"]);
    refuse("[mail]\nfrom = 's3cret'\n", &["`mail`"]);
    refuse("config = 'x'\n", &["`config`"]);
    refuse("workers = true\n", &["`workers`", "number"]);
    refuse("listen = ''\n", &["listen"]);
    refuse("request-timeout-secs = 1.5\n", &["request-timeout-secs", "whole number"]);
    place.run(&["check", "--config", "absent.toml"]).fails(2, &["absent.toml", "No such file"]);
    place.write("cartwright-data/cartwright.toml", "data = 'x'\n");
    place.run(&["check"]).fails(2, &["`data`", "--config"]);
}

#[test]
fn variables_that_set_nothing_are_told_of_without_their_values() {
    let place = Place::new();
    let environment = [("CARTWRIGHT_SMTP_URI", "s3cret"), ("CARTWRIGHT_TEST_THIS", "x"), ("CARTWRIGHT_SHOP_NAME", "X")];
    let (_, log) = place.start_with(&["serve"], &environment).stop();
    let told: Vec<_> = log.iter().filter(|line| line.contains("sets nothing")).collect();
    assert_eq!(told.len(), 1, "{log:?}");
    assert!(told[0].contains("CARTWRIGHT_SMTP_URI") && told[0].contains("CARTWRIGHT_SMTP_URL"), "{told:?}");
    assert!(!told[0].contains("s3cret"));
}

#[test]
fn help_lists_every_setting_of_every_command_and_no_secret() {
    let place = Place::new();
    let page = include_str!("../../../../docs/configuration.md");
    let names: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(names.len() > 15);
    for command in [vec!["--help"], vec!["serve", "--help"], vec!["owner", "create", "--help"]] {
        let mut help = place.command(&command);
        help.env("CARTWRIGHT_SMTP_URL", "smtp://u:s3cret@host");
        let done = Done::from(help.output().expect("runs")).expect(0);
        for name in &names {
            assert!(done.stdout.contains(&format!("--{name} <")), "{command:?}: {name}");
        }
        assert!(!done.stdout.contains("s3cret"));
    }
    let serve = place.run(&["serve", "--help"]).expect(0).stdout;
    assert!(serve.contains("Stops on SIGTERM, SIGINT and SIGHUP,"), "{serve}");
}

#[test]
fn version_and_wrong_commands() {
    let place = Place::new();
    assert_eq!(place.run(&["--version"]).expect(0).stdout, format!("cartwright {}\n", env!("CARGO_PKG_VERSION")));
    place.run(&[]).expect(2);
    place.run(&["sell"]).fails(2, &["sell"]);
    place.run(&["serve", "--lisen", "x"]).fails(2, &["--lisen", "--listen"]);
    let document = place.run(&["openapi"]).expect(0).stdout;
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
}
