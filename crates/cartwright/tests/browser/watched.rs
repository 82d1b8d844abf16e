//! What a page asked for, and what it complained of.

use serde_json::Value;

use crate::browser::Browser;

/// Checks that everything that was loaded since the last time came from `origin`, and that nothing went wrong. Some
/// complaints are the point of a test: `except` are parts of these.
#[track_caller]
pub(crate) fn prove_quiet(browser: &Browser, origin: &str, except: &[&str]) {
    let asked: Vec<String> = browser.log("performance").iter().filter_map(request_url).collect();
    let own = format!("{origin}/");
    let elsewhere = asked.iter().find(|url| !url.starts_with(&own) && !url.starts_with("data:"));
    assert!(elsewhere.is_none(), "something was loaded from elsewhere: {elsewhere:?}");
    assert!(asked.iter().any(|url| url.starts_with(&own)), "nothing was loaded at all, so nothing was watched");
    for entry in browser.log("browser") {
        let message = entry["message"].as_str().unwrap_or_default();
        let is_expected = except.iter().any(|part| message.contains(part));
        assert!(
            is_expected || !matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")),
            "the console says: {entry}"
        );
    }
}

/// What a page asked for, from an entry of the performance log: an event of the DevTools protocol, as text.
fn request_url(entry: &Value) -> Option<String> {
    let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
    let event = &event["message"];
    (event["method"] == "Network.requestWillBeSent").then_some(())?;
    Some(event["params"]["request"]["url"].as_str()?.to_owned())
}
