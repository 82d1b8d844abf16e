//! `/docs/problems`: every problem code, what it means and what to do. The `type` of each problem leads here.

use std::{fmt::Write as _, sync::LazyLock};

use axum::response::Response;
use bytes::Bytes;

use crate::{
    problem::{Code, INPUT_CODES},
    reply,
};

/// Nothing but our style sheet.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HEAD: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<main class="problems">
<h1>Problems</h1>
<p>Errors are answered as <code>application/problem+json</code> (RFC 9457). Program against <code>code</code>: codes are
never renamed. <code>errors</code> lists what is wrong with the input, by JSON pointer or parameter, each with a code
<a href="#errors">of its own</a>.</p>
"##;

const ERRORS: &str = r#"<h2 id="errors">Codes of <code>errors</code></h2>
<p>What is wrong with the part of the input that <code>pointer</code> or <code>parameter</code> names. <code>message</code> says it for
people, with what is allowed.</p>
"#;

/// The page.
pub(super) async fn page() -> Response {
    static PAGE: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(render()));
    reply::page("text/html; charset=utf-8", POLICY, PAGE.clone())
}

fn render() -> String {
    let mut html = HEAD.to_owned();
    for code in Code::ALL {
        let entry = code.entry();
        let (name, status, title, remedy) = (entry.name, entry.status.as_u16(), entry.title, marked(entry.remedy));
        // Writing into a string cannot fail. The texts are our own and free of markup, which a test ensures.
        let _ = writeln!(
            html,
            "<h2 id=\"{name}\"><code>{name}</code> <span class=\"quiet\">{status}</span></h2>\n<p>{title}.</p>\n<p>{remedy}</p>"
        );
    }
    html.push_str(ERRORS);
    for code in INPUT_CODES {
        let (name, meaning, remedy) = (code.name, marked(code.meaning), marked(code.remedy));
        let _ = writeln!(html, "<h3 id=\"errors-{name}\"><code>{name}</code></h3>\n<p>{meaning}.</p>\n<p>{remedy}</p>");
    }
    html + "</main>\n</body>\n</html>\n"
}

/// A text with what stands between backquotes as code.
fn marked(text: &str) -> String {
    let mut is_code = false;
    let parts = text.split('`').map(|part| {
        let html = if is_code { format!("<code>{part}</code>") } else { part.to_owned() };
        is_code = !is_code;
        html
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_in_plain_text() {
        let html = render();
        for code in Code::ALL {
            let entry = code.entry();
            assert!(html.contains(&format!("id=\"{}\"", entry.name)), "{}", entry.name);
            assert!(!format!("{}{}", entry.title, entry.remedy).contains(['<', '>', '&', '"']), "{}", entry.name);
            assert!(!entry.remedy.is_empty());
        }
        for code in INPUT_CODES {
            assert!(html.contains(&format!("id=\"errors-{}\"", code.name)), "{}", code.name);
        }
        assert!(!html.contains('`') && html.contains("Show <code>message</code> to the customer"), "{html}");
    }
}
