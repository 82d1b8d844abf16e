//! Texts made fit for a mail. What people typed was checked when it came in; this is the second fence, for what came
//! in some other way.

/// The longest line that a mail shows, in characters.
const LINE_MAX: usize = 500;
/// The most lines of a note that a mail shows.
const LINES_MAX: usize = 200;

/// One line: control characters and line breaks become spaces, invisible marks that turn the reading direction go.
pub(crate) fn line(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_direction_mark(*c)).map(|c| if is_break(c) { ' ' } else { c });
    let spaced: String = visible.collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(LINE_MAX).collect()
}

/// The lines of a longer text, each as [`line`] leaves it.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(line).take(LINES_MAX).collect()
}

/// A name to greet somebody by, or `None` when it does not look like one.
///
/// Anybody can sign up with somebody else's address and any name. A name that reads as an address on the web would
/// make the shop send advertising for it, so such names are not shown.
pub(crate) fn greeting(name: &str) -> Option<String> {
    let name = line(name);
    let looks_like_link = name.contains(['/', '\\', '@']) || name.contains("www.") || has_domain(&name);
    (!name.is_empty() && !looks_like_link && name.chars().count() <= 80).then_some(name)
}

/// Whether mail programs would make a link of some part: two or more letters, a dot, two or more letters.
fn has_domain(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    labels.windows(2).any(|pair| {
        let before = pair[0].chars().rev().take_while(|c| c.is_alphanumeric()).count();
        let after = pair[1].chars().take_while(|c| c.is_alphanumeric()).count();
        before >= 2 && after >= 2
    })
}

fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line(" Ann\r\nBcc: all@example.com\u{0}\u{2028}x\u{202E}y "), "Ann Bcc: all@example.com xy");
        assert_eq!(lines("one\r\ntwo\n\nfour"), ["one", "two", "", "four"]);
        assert_eq!(line(&"x".repeat(10_000)).len(), LINE_MAX);
    }

    #[test]
    fn names_are_greeted_and_advertising_is_not() {
        for name in ["Ann", "J. R. R. Tolkien", "O'Neil \"Bob\"", "שרה", "Ann 🦊", "St. John", "X Æ A-12"] {
            assert_eq!(greeting(name).as_deref(), Some(name));
        }
        for spam in
            ["", "win at casino.example", "https://example.com", "www.example", "me@example.com", &"long ".repeat(40)]
        {
            assert_eq!(greeting(spam), None, "{spam:?}");
        }
    }
}
