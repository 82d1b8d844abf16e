//! The templates: built in, each replaceable by a file of the same name.

use std::{
    error::Error as _,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, escape_formatter};

/// How wide a text mail's table is, in characters.
const ROW_WIDTH: usize = 60;

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../templates/", $name)))),+]
    };
}

/// Name and source of each built-in template.
pub(crate) const BUILT_IN: [(&str, &str); 37] = built_in![
    "account_exists.html",
    "account_exists.txt",
    "back_in_stock.html",
    "back_in_stock.txt",
    "low_stock.html",
    "low_stock.txt",
    "staff_invitation.html",
    "staff_invitation.txt",
    "api_key_made.html",
    "api_key_made.txt",
    "confirm_email_change.html",
    "confirm_email_change.txt",
    "email_changed.html",
    "email_changed.txt",
    "layout.html",
    "layout.txt",
    "order.html",
    "order.txt",
    "order_cancelled.html",
    "order_cancelled.txt",
    "order_confirmed.html",
    "order_confirmed.txt",
    "order_delivered.html",
    "order_delivered.txt",
    "order_placed.html",
    "order_placed.txt",
    "order_shipped.html",
    "order_shipped.txt",
    "parts.html",
    "password_changed.html",
    "password_changed.txt",
    "reset_password.html",
    "reset_password.txt",
    "test.html",
    "test.txt",
    "verify_email.html",
    "verify_email.txt",
];

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The file, or the name of the built-in template.
    pub file: PathBuf,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail template {}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for TemplateError {}

/// The compiled templates, and which of them are files.
pub(crate) struct Templates {
    pub(crate) env: Environment<'static>,
    files: Vec<(String, PathBuf)>,
}

impl Templates {
    /// Compiles the built-in templates and those in `folder`, which take their place. A folder that does not exist
    /// replaces nothing.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_trim_blocks(true);
        env.set_lstrip_blocks(true);
        env.set_auto_escape_callback(|name| if name.ends_with(".txt") { AutoEscape::None } else { AutoEscape::Html });
        // Nothing is nothing: without this an absent value would read "none".
        env.set_formatter(
            |out, state, value| {
                if value.is_none() { Ok(()) } else { escape_formatter(out, state, value) }
            },
        );
        env.add_function("row", row);

        let mut templates = Self { env, files: Vec::new() };
        for (name, source) in BUILT_IN {
            templates.add(name, source.to_owned())?;
        }
        for (name, path) in replacements(folder)? {
            let source = fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
            templates.files.push((name.clone(), path));
            templates.add(&name, source)?;
        }
        Ok(templates)
    }

    fn add(&mut self, name: &str, source: String) -> Result<(), TemplateError> {
        self.env.add_template_owned(name.to_owned(), source).map_err(|e| self.explain(&e, ""))
    }

    /// Says in which file and line an error is: the innermost that the engine knows of, else the template that was
    /// `asked_for`.
    pub(crate) fn explain(&self, error: &minijinja::Error, asked_for: &str) -> TemplateError {
        let mut inner = error;
        while let Some(cause) = inner.source().and_then(|cause| cause.downcast_ref::<minijinja::Error>()) {
            inner = cause;
        }
        let placed = if inner.name().is_some() { inner } else { error };
        let name = placed.name().unwrap_or(asked_for);
        let file = self.files.iter().find(|(replaced, _)| replaced == name).map(|(_, path)| path.clone());
        let what = match inner.detail() {
            Some(detail) => format!("{}: {detail}", inner.kind()),
            None => inner.kind().to_string(),
        };
        TemplateError {
            file: file.unwrap_or_else(|| PathBuf::from(format!("(built in) {name}"))),
            line: placed.line(),
            what,
        }
    }
}

/// The `.html` and `.txt` files of the folder, in the order of their names.
fn replacements(folder: Option<&Path>) -> Result<Vec<(String, PathBuf)>, TemplateError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(unreadable(folder, &e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| unreadable(folder, &e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !(name.ends_with(".html") || name.ends_with(".txt")) {
            continue;
        }
        if !BUILT_IN.iter().any(|(known, _)| *known == name) {
            tracing::warn!(file = %path.display(), "no mail has this name; it is used only if a template includes it");
        }
        found.push((name.to_owned(), path));
    }
    found.sort();
    Ok(found)
}

fn unreadable(path: &Path, error: &io::Error) -> TemplateError {
    TemplateError { file: path.to_owned(), line: None, what: format!("cannot be read: {error}") }
}

/// A row of a text mail: `left`, dots, `right`. A long `left` is broken at spaces; `right` stands at the end.
#[expect(clippy::needless_pass_by_value, reason = "template functions take their arguments by value")]
fn row(left: String, right: String) -> String {
    let mut lines = vec![String::new()];
    for word in left.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > ROW_WIDTH {
            lines.push(format!("    {word}"));
        } else if let Some(last) = lines.last_mut() {
            if line > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    let mut last = lines.pop().unwrap_or_default();
    let taken = last.chars().count() + right.chars().count() + 2;
    match ROW_WIDTH.checked_sub(taken) {
        Some(room) if room >= 2 => last.push_str(&format!(" {} {right}", ".".repeat(room))),
        _ => last.push_str(&format!("\n{right:>ROW_WIDTH$}")),
    }
    lines.push(last);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(name: &str, source: &str) -> TemplateError {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), source).expect("written");
        match Templates::load(Some(folder.path())) {
            Ok(_) => panic!("the template was taken"),
            Err(error) => error,
        }
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let error = failure("order_placed.html", "fine\n{% if %}\n");
        assert!(error.file.ends_with("order_placed.html"), "{error}");
        assert_eq!(error.line, Some(2), "{error}");
    }

    #[test]
    fn a_file_that_is_not_text_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("test.txt"), [0xff, 0xfe, 0x00]).expect("written");
        let error = Templates::load(Some(folder.path())).err().expect("refused");
        assert!(error.to_string().contains("test.txt"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_replaces_nothing() {
        assert!(Templates::load(Some(Path::new("/nowhere/at/all"))).is_ok());
    }

    #[test]
    fn rows_fill_their_width_or_break() {
        assert_eq!(row("Total".into(), "€1".into()).chars().count(), ROW_WIDTH);
        let long = row("2 x A board with a rim that keeps the olives where they are, large".into(), "€1".into());
        assert!(long.lines().all(|line| line.chars().count() <= ROW_WIDTH) && long.ends_with(" €1"), "{long}");
        assert_eq!(row("x".repeat(70), "€1".into()).lines().count(), 2);
    }
}
