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

impl Violation {
    /// The same for whoever sent a file: `/variants/3/price` is "variant 4, price", as people count. Names that people gave stay as they are.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut place: Vec<String> = Vec::new();
        for part in self.pointer.split('/').skip(1) {
            let list = if part.is_empty() { None } else { place.last_mut() };
            let is_named = list.as_ref().is_some_and(|list| NAMED.contains(&list.as_str()));
            let plain = || part.replace("~1", "/").replace("~0", "~");
            match (part.parse::<usize>(), list) {
                _ if is_named => place.push(plain()),
                (Ok(index), Some(list)) => *list = format!("{} {}", one_of(list), index.saturating_add(1)),
                _ => place.push(plain().replace('_', " ")),
            }
        }
        let place = place.join(", ");
        if place.is_empty() { self.message.clone() } else { format!("{place}: {}", self.message) }
    }
}

/// What has names in it that somebody gave.
const NAMED: [&str; 2] = ["attributes", "translations"];

/// One of what the field's name has several of.
fn one_of(several: &str) -> String {
    match several.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => several.strip_suffix('s').unwrap_or(several).to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_in_words() {
        let told = |pointer: &str| Violations::one(pointer, "required", "is needed").0[0].sentence();
        assert_eq!(told("/variants/3/price"), "variant 4, price: is needed");
        assert_eq!(told("/categories/0"), "category 1: is needed");
        assert_eq!(
            told("/variants/0/other_prices/1/price/currency"),
            "variant 1, other price 2, price, currency: is needed"
        );
        assert_eq!(told("/compare_at_price"), "compare at price: is needed");
        assert_eq!(told("/attributes/screen_size~1b"), "attributes, screen_size/b: is needed");
        assert_eq!(told("/translations/7/title"), "translations, 7, title: is needed");
        assert_eq!((told(""), told("/7")), ("is needed".to_owned(), "7: is needed".to_owned()));
    }
}
