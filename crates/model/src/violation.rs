//! What is wrong with an input, field by field.

use std::fmt;

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer (RFC 6901) into the input, for example `/lines/0/quantity`.
    pub pointer: String,
    /// What, stable and for programs: for example `out_of_range`.
    pub code: &'static str,
    /// What, for people: says what is allowed.
    pub message: String,
}

/// Everything that is wrong with an input; collected, so that a form can show all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// A list with one entry.
    #[must_use]
    pub fn one(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut violations = Self::default();
        violations.add(pointer, code, message);
        violations
    }

    /// Notes one more thing.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Violation { pointer: pointer.into(), code, message: message.into() });
    }

    /// Takes the value of a parsed field, or notes what was wrong with it.
    pub fn take<T>(&mut self, parsed: Result<T, Violation>) -> Option<T> {
        parsed.map_err(|violation| self.0.push(violation)).ok()
    }

    /// `Ok` when nothing was noted.
    ///
    /// # Errors
    /// The list itself, when it has entries.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}: {}", violation.pointer, violation.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
