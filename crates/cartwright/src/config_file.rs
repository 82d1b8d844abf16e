//! The file of settings, below flags and environment.
//!
//! Its values become the defaults of the command line's own parser, so that flags, environment and file share names,
//! rules and words, and come in that order.

use std::{
    ffi::OsString,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use clap::{
    Args as _, Command, CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind as ClapError},
};
use toml::{Table, Value};

use crate::{
    cli::Cli,
    data,
    failure::Failure,
    settings::{self, Settings},
};

/// What may hold a password: what is wrong with it is told without it.
const SECRETS: [&str; 4] = ["--database", "--from", "--to", "--metrics-token"];
/// The name of the file in the data folder.
pub(crate) const NAME: &str = "cartwright.toml";

/// Reads the command line, with the file of settings that it, the environment or the data folder names.
///
/// # Errors
/// What is wrong, by its name, and what is allowed.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Cli, Failure> {
    let command = match find(&arguments)? {
        Some(file) => install(Cli::command(), &file)?,
        None => Cli::command(),
    };
    let matches = command.try_get_matches_from(arguments).map_err(refused)?;
    Cli::from_arg_matches(&matches).map_err(Failure::Clap)
}

fn refused(error: clap::Error) -> Failure {
    // Clap does not say what it is that is no UTF-8.
    match settings::not_utf8().filter(|_| error.kind() == ClapError::InvalidUtf8) {
        Some(name) => Failure::usage(format_args!("the value of {name} is no UTF-8 text")),
        None => Failure::Clap(discreet(error)),
    }
}

/// The file of settings as it was read.
struct ConfigFile {
    path: PathBuf,
    text: String,
    /// Whether somebody named it; otherwise it lay in the data folder.
    is_named: bool,
}

impl ConfigFile {
    fn wrong(&self, what: impl std::fmt::Display) -> Failure {
        Failure::usage(format_args!("{}: {what}", self.path.display()))
    }
}

/// The file that counts, if there is one.
fn find(arguments: &[OsString]) -> Result<Option<ConfigFile>, Failure> {
    // A first look, that takes no offence: whatever is wrong is told by the second, which knows the file.
    let Ok(matches) = Cli::command().ignore_errors(true).try_get_matches_from(arguments) else { return Ok(None) };
    let named = matches.get_one::<PathBuf>("config").cloned();
    let is_named = named.is_some();
    let path = named.unwrap_or_else(|| {
        let is_demo = matches.subcommand_name() == Some("demo");
        data::folder(matches.get_one::<PathBuf>("data").map(PathBuf::as_path), is_demo).join(NAME)
    });
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(ConfigFile { path, text, is_named })),
        Err(error) if !is_named && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if !is_named && error.kind() == ErrorKind::PermissionDenied && !can_be_seen(&path) => {
            let folder = path.parent().unwrap_or(&path).display();
            Err(Failure::usage(format_args!(
                "the data folder {folder} cannot be read by this user ({error}); run this as the shop's own user, or name another folder with --data"
            )))
        }
        Err(error) => Err(Failure::usage(format_args!("the file of settings {}: {error}", path.display()))),
    }
}

/// Whether the file itself can be looked for; what is in it may still be somebody else's business.
fn can_be_seen(path: &Path) -> bool {
    !fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// The command with the values of the file as its defaults.
fn install(mut command: Command, file: &ConfigFile) -> Result<Command, Failure> {
    let table: Table = file.text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| 1 + file.text[..span.start.min(file.text.len())].matches('\n').count());
        // The parser's long form quotes the line, and a line may hold a password.
        file.wrong(format_args!("line {line}: {}", error.message()))
    })?;
    let known = Settings::augment_args(Command::new("settings"));
    for (key, value) in &table {
        let arg = known.get_arguments().find(|arg| arg.get_long() == Some(key));
        let Some(arg) = arg.filter(|_| key != "config") else { return Err(file.wrong(unknown(key, &known))) };
        if key == "data" && !file.is_named {
            return Err(file.wrong("`data` can only be set in a file that --config names, not in the folder itself"));
        }
        let value = text(value).ok_or_else(|| {
            file.wrong(format_args!(
                "`{key}` must be a text, a number, or a list of texts, in quotes where it is no number"
            ))
        })?;
        check(key, &value).map_err(|what| file.wrong(what))?;
        command = command.mut_arg(arg.get_id(), |arg| arg.default_value(value));
    }
    Ok(command)
}

fn unknown(key: &str, known: &Command) -> String {
    let names = known.get_arguments().filter_map(|arg| arg.get_long()).filter(|name| *name != "config");
    let names: Vec<_> = names.collect();
    format!("unknown key `{key}`; known are {}", names.join(", "))
}

/// What a flag would be given.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        // None is allowed anywhere: what is allowed instead, the setting itself says.
        Value::Float(number) => Some(number.to_string()),
        Value::Array(values) => {
            let values: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
            values.map(|values| values.join(","))
        }
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Parses one value as if it had been given as a flag.
fn check(key: &str, value: &str) -> Result<(), String> {
    let alone = Settings::augment_args(Command::new("settings").disable_help_flag(true));
    let flag = format!("--{key}={value}");
    match alone.try_get_matches_from(["settings", &flag]) {
        // What the environment has wrong is told by the real parse, as the environment's.
        Err(error) if !mentions(&error, key) => Ok(()),
        Err(error) => Err(first_line(&discreet(error))),
        Ok(_) => Ok(()),
    }
}

/// The error without the value that it is about, where that is nobody's business: it ends in a journal.
fn discreet(mut error: clap::Error) -> clap::Error {
    let is_secret = |arg: &ContextValue| match arg {
        ContextValue::String(arg) => arg.split([' ', '=']).next().is_some_and(|name| SECRETS.contains(&name)),
        _ => false,
    };
    if error.get(ContextKind::InvalidArg).is_some_and(is_secret) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
    }
    error
}

fn mentions(error: &clap::Error, key: &str) -> bool {
    matches!(error.kind(), ClapError::InvalidValue | ClapError::ValueValidation | ClapError::NoEquals)
        && error.to_string().contains(&format!("--{key}"))
}

/// The sentence of a clap error, with what is allowed, without the usage below it.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.split("\n\nFor more information").next().unwrap_or_default();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
