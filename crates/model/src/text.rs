//! Texts that people type: lengths, control characters, slugs, and the folding that search compares.

use crate::violation::Violation;

/// The longest title, name and the like, in characters.
pub const SHORT_TEXT_MAX: usize = 200;
/// The longest description or note, in characters.
pub const LONG_TEXT_MAX: usize = 50_000;
/// The longest slug, in characters.
pub const SLUG_MAX: usize = 120;

/// A line of text: trimmed, not empty, at most `max` characters, and without control characters (a line break in a
/// name is how headers are injected).
///
/// # Errors
/// A violation at `pointer` that says what is allowed.
pub fn line(pointer: &str, text: &str, max: usize) -> Result<String, Violation> {
    let text = text.trim();
    if text.is_empty() {
        return Err(violation(pointer, "required", format!("must be 1 to {max} characters")));
    }
    optional_line(pointer, text, max)
}

/// Like [`line`], but may be empty.
///
/// # Errors
/// A violation at `pointer` that says what is allowed.
pub fn optional_line(pointer: &str, text: &str, max: usize) -> Result<String, Violation> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(violation(pointer, "too_long", format!("must be at most {max} characters")));
    }
    if text.chars().any(is_unprintable) {
        return Err(violation(pointer, "control_character", "must not contain line breaks or control characters"));
    }
    Ok(text.to_owned())
}

/// A text of several lines: at most `max` characters, no control characters but line breaks and tabs.
///
/// # Errors
/// A violation at `pointer` that says what is allowed.
pub fn paragraph(pointer: &str, text: &str, max: usize) -> Result<String, Violation> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(violation(pointer, "too_long", format!("must be at most {max} characters")));
    }
    if text.chars().any(|c| is_unprintable(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(violation(pointer, "control_character", "must not contain control characters"));
    }
    Ok(text.to_owned())
}

/// A slug from a title: lower-case ASCII letters, digits and single hyphens; never empty.
#[must_use]
pub fn slugify(title: &str) -> String {
    let mut slug = slug::slugify(title);
    slug.truncate(SLUG_MAX);
    let slug = slug.trim_matches('-');
    match slug {
        "" => "item".to_owned(),
        // It would be taken for an id.
        slug if uuid::Uuid::try_parse(slug).is_ok() => format!("item-{slug}"),
        slug => slug.to_owned(),
    }
}

/// A slug that somebody chose.
///
/// # Errors
/// A violation at `pointer` when it is not what [`slugify`] would make.
pub fn slug(pointer: &str, text: &str) -> Result<String, Violation> {
    let text = text.trim();
    // A slug that reads as an id would shadow the product with that id under `/products/{id or slug}`.
    if text.is_empty() || slugify(text) != text || uuid::Uuid::try_parse(text).is_ok() {
        return Err(violation(
            pointer,
            "invalid_slug",
            format!(
                "must be lower-case letters, digits and single hyphens, at most {SLUG_MAX} characters, and not a UUID"
            ),
        ));
    }
    Ok(text.to_owned())
}

/// The part of a slug that [`free_slug`] puts numbers behind: shorter than `base` where the number would not fit.
#[must_use]
pub fn slug_stem(base: &str) -> &str {
    let end = base.char_indices().nth(SLUG_MAX - 8).map_or(base.len(), |(end, _)| end);
    base[..end].trim_end_matches('-')
}

/// `base` itself, or `base-2`, `base-3` and so on: the first that is not in `taken`, which must hold every slug that is
/// `base`, or begins with its [`slug_stem`] and a hyphen.
#[must_use]
pub fn free_slug(base: &str, taken: &[String]) -> String {
    let is_free = |candidate: &str| !taken.iter().any(|slug| slug == candidate);
    if is_free(base) {
        return base.to_owned();
    }
    let stem = slug_stem(base);
    (2_u64..).map(|n| format!("{stem}-{n}")).find(|candidate| is_free(candidate)).unwrap_or_else(|| base.to_owned())
}

/// What search compares: lower case, without accents, in Latin letters, single spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    slug::slugify(text).replace('-', " ")
}

/// Control characters, and the invisible ones that turn the reading direction or hide text.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn violation(pointer: &str, code: &'static str, message: impl Into<String>) -> Violation {
    Violation { pointer: pointer.to_owned(), code, message: message.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_are_made_from_titles_of_any_script() {
        assert_eq!(slugify("Crème Brûlée, 2 pieces!"), "creme-brulee-2-pieces");
        assert_eq!(slugify("北京"), "bei-jing");
        assert_eq!(slugify("!!!"), "item");
        assert_eq!(free_slug("mug", &["mug".into(), "mug-2".into()]), "mug-3");
    }

    #[test]
    fn lines_refuse_what_could_inject_a_header() {
        for bad in ["Ann\r\nBcc: all@example.com", "\u{0}", "\u{202E}gpj.exe", "  ", ""] {
            assert!(line("/name", bad, 10_000).is_err(), "{bad:?}");
        }
        assert_eq!(line("/name", "  Ann <3 \"O'Neil\" ", 100).expect("fine"), "Ann <3 \"O'Neil\"");
    }

    proptest! {
        #[test]
        fn a_made_slug_is_a_valid_slug(title in "\\PC{0,300}") {
            let made = slugify(&title);
            prop_assume!(uuid::Uuid::try_parse(&made).is_err());
            prop_assert_eq!(slug("/slug", &made).expect("valid"), made);
        }

        #[test]
        fn a_free_slug_is_free_and_short_enough(title in "\\PC{0,300}", others in 0_usize..20) {
            let base = slugify(&title);
            let mut taken = Vec::new();
            for _ in 0..others {
                let next = free_slug(&base, &taken);
                prop_assert!(!taken.contains(&next) && next.len() <= SLUG_MAX);
                let is_below_stem = next.strip_prefix(slug_stem(&base)).is_some_and(|rest| rest.starts_with('-'));
                prop_assert!(next == base || is_below_stem, "{} would not be looked for", next);
                taken.push(next);
            }
        }
    }
}
