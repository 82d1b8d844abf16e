//! Descriptions: HTML that staff or a spreadsheet brings, made harmless for every page that shows it.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use model::text::LONG_TEXT_MAX;

/// Keeps the formatting of `html` (headings, lists, tables, emphasis, links, pictures) and drops everything that could
/// run, style, frame or phone home: scripts, styles, forms, event handlers, `data:` and `javascript:` URLs.
///
/// Links lead to `http`, `https`, `mailto` or `tel` and carry `rel="noopener noreferrer nofollow"`; pictures come from
/// `http` or `https`. What is longer than a description may be is not parsed but escaped as a whole, since the time
/// that parsing takes can grow with the square of the length; [`model::Product::validate`] then refuses it.
#[must_use]
pub fn sanitise(html: &str) -> String {
    if html.chars().count() > LONG_TEXT_MAX {
        return ammonia::clean_text(html);
    }
    CLEANER.clean(html).to_string()
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        // A relative link of another shop's page leads nowhere here, and `//host` is not relative at all.
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(|element, attribute, value| {
            let is_picture = element == "img" && attribute == "src";
            (!is_picture || is_web_url(value)).then_some(Cow::Borrowed(value))
        });
    cleaner
});

fn is_web_url(url: &str) -> bool {
    let has_scheme = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    has_scheme("https://") || has_scheme("http://")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formatting_stays() {
        let html = "<h2>Fit</h2><p>Cut <strong>wide</strong>, <em>soft</em>.</p><ul><li>Linen</li></ul>";
        assert_eq!(sanitise(html), html);
        assert_eq!(sanitise("Plain & simple, men's"), "Plain &amp; simple, men's");
    }

    #[test]
    fn nothing_that_runs_stays() {
        for html in [
            "<script>alert(1)</script>",
            "<style>body{display:none}</style>",
            "<iframe src=\"https://example.com\"></iframe>",
            "<form action=/x><input name=a></form>",
            "<svg onload=alert(1)></svg>",
            "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
            "<link rel=stylesheet href=https://example.com/x.css>",
            "<meta http-equiv=refresh content=\"0;url=https://example.com\">",
        ] {
            let clean = sanitise(html).to_lowercase();
            for bad in ["<script", "<style", "<iframe", "<form", "<input", "<svg", "<math", "<link", "<meta", "onerror"]
            {
                assert!(!clean.contains(bad), "{html} became {clean}");
            }
        }
        assert_eq!(sanitise("<p onclick=\"x()\" style=\"color:red\" id=a class=b>a</p>"), "<p>a</p>");
    }

    #[test]
    fn links_are_marked_and_go_to_safe_places() {
        assert_eq!(
            sanitise("<a href=\"https://example.com/a\" rel=\"opener\" target=\"_blank\">a</a>"),
            "<a href=\"https://example.com/a\" rel=\"noopener noreferrer nofollow\">a</a>"
        );
        for bad in ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//evil"]
        {
            assert_eq!(
                sanitise(&format!("<a href=\"{bad}\">a</a>")),
                "<a rel=\"noopener noreferrer nofollow\">a</a>",
                "{bad}"
            );
        }
    }

    #[test]
    fn pictures_come_from_the_web_alone() {
        assert_eq!(
            sanitise("<img src=\"https://example.com/a.jpg\" alt=\"A\">"),
            "<img src=\"https://example.com/a.jpg\" alt=\"A\">"
        );
        for bad in ["data:image/svg+xml,x", "tel:1", "mailto:a@example.com", "/a.jpg", "https:a.jpg"] {
            assert_eq!(sanitise(&format!("<img src=\"{bad}\">")), "<img>", "{bad}");
        }
    }

    #[test]
    fn what_is_too_long_stays_too_long_and_harmless() {
        let clean = sanitise(&"<div>".repeat(300_000));
        assert!(clean.chars().count() > LONG_TEXT_MAX && !clean.contains('<'));
    }

    proptest! {
        #[test]
        fn whatever_is_put_together_stays_harmless(parts in prop::collection::vec(prop::sample::select(PARTS), 0..40)) {
            // The second pass stands for the browser, which parses what the first one wrote.
            let once = sanitise(&parts.concat());
            let twice = sanitise(&once);
            for clean in [&once, &twice] {
                for bad in ["<style", "<svg", "<math", "<script", "<template", "<noscript", "<!--", "<img onerror"] {
                    prop_assert!(!clean.contains(bad), "{clean}");
                }
            }
        }
    }

    const PARTS: &[&str] = &[
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<table>",
        "<td>",
        "<a href='http://x'>",
        "</a>",
        "<img onerror='x' src=\"http://x\">",
        "<svg>",
        "</svg>",
        "<math>",
        "<mtext>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "&lt;",
        "&amp;",
        "<",
        "\"",
        "x ",
        "<li>",
        "<noscript>",
        "<template>",
        "<script>",
        "</",
        "<title>",
        "<textarea>",
        "<mglyph>",
        "<foreignObject>",
    ];
}
