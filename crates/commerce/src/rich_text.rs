//! Descriptions: HTML that staff write or bring along, cleaned of everything that could run.

/// The HTML without what could run, load or deceive.
#[must_use]
pub fn sanitise(html: &str) -> String {
    ammonia::clean(html)
}
