//! Texts that people type: lengths, control characters, slugs, and the folding that search compares.

use crate::violation::Violation;

/// The longest title, name and the like, in characters.
pub const SHORT_TEXT_MAX: usize = 200;
/// The longest description or note, in characters.
pub const LONG_TEXT_MAX: usize = 50_000;
/// The longest slug, in characters.
pub const SLUG_MAX: usize = 120;

/// A line of text: trimmed, with something to see in it, at most `max` characters, and without control characters (a line break in a
/// name is how headers are injected).
///
/// # Errors
/// A violation at `pointer` that says what is allowed.
pub fn line(pointer: &str, text: &str, max: usize) -> Result<String, Violation> {
    let line = optional_line(pointer, text, max)?;
    if line.is_empty() {
        return Err(violation(pointer, "required", format!("must be 1 to {max} characters")));
    }
    Ok(line)
}

/// Like [`line`], but may be empty. A text of which nothing can be seen is empty.
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
    Ok(seen(text).to_owned())
}

/// A text of several lines: at most `max` characters, no control characters but line breaks and tabs. A text of which nothing can be seen
/// is empty.
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
    Ok(seen(text).to_owned())
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

/// The text itself, with all that is invisible in it (joiners hold emoji and Persian words together), if there is anything to see
/// beside that.
fn seen(text: &str) -> &str {
    if text.chars().any(is_visible) { text } else { "" }
}

/// Whether there is something on the paper where this is printed: no space, no control character, none of those that Unicode has shown
/// as nothing (`Default_Ignorable_Code_Point`), and not the Braille pattern without dots.
fn is_visible(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}');
    !(c.is_whitespace() || c.is_control() || is_ignorable)
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

    #[test]
    fn a_text_of_which_nothing_can_be_seen_is_none() {
        let invisible = [
            "\u{200B}",
            "\u{3164}",
            "\u{AD}",
            " \u{200D}\t\u{2060} ",
            "\u{2800}\u{2800}",
            "\u{FFA0}",
            "\u{115F}\u{1160}",
            "\u{180E}",
            "\u{FE0F}",
            "\u{E0020}\u{E007F}",
            "\u{17B4}",
            "\u{A0}",
            "\u{3000}",
        ];
        for text in invisible {
            let refusal = line("/name", text, 100).map_err(|wrong| wrong.code);
            // What is refused for a control character is refused.
            assert!(matches!(refusal, Err("required" | "control_character")), "{text:?}: {refusal:?}");
            assert_eq!(paragraph("/text", text, 100).as_deref(), Ok(""), "{text:?}");
        }
        assert_eq!(line("/name", "\u{200B}", 100).map_err(|wrong| wrong.code), Err("required"));
        assert_eq!(optional_line("/line2", "\u{3164}", 100).as_deref(), Ok(""));
    }

    #[test]
    fn what_is_invisible_stays_where_it_holds_something_together() {
        for text in [
            "👩\u{200D}👩\u{200D}👧",
            "می\u{200C}خواهم",
            "❤\u{FE0F}",
            "🏴\u{E0067}\u{E0062}\u{E007F}",
            "co\u{AD}operate",
        ] {
            assert_eq!(line("/name", text, 100).as_deref(), Ok(text));
            assert_eq!(paragraph("/text", text, 100).as_deref(), Ok(text));
        }
    }

    proptest! {
        #[test]
        fn a_line_has_something_to_see_and_keeps_what_it_was(text in "[a-zß漢\u{200B}-\u{200F}\u{3164}\u{2800}\u{FE0F} ]{0,12}") {
            let is_seen = text.chars().any(|c| c.is_alphabetic() && c != '\u{3164}');
            match line("/name", &text, 100) {
                Ok(line) => {
                    prop_assert!(is_seen);
                    prop_assert_eq!(line, text.trim());
                }
                Err(wrong) => {
                    prop_assert!(!is_seen);
                    prop_assert_eq!(wrong.code, "required");
                    prop_assert_eq!(optional_line("/name", &text, 100), Ok(String::new()));
                }
            }
        }

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
