//! Charts, drawn on the server as SVG: bars by day, which are there as a table as well.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;
/// Room for the axis below.
const FOOT: f64 = 20.0;

/// One bar.
pub(super) struct Bar {
    /// What it stands for: `23 Nov`.
    pub(super) label: String,
    /// How high it is.
    pub(super) value: i64,
    /// What that is for people.
    pub(super) text: String,
}

/// The bars as an SVG element. Its text comes from us alone, and is escaped all the same. `id` names its title.
pub(super) fn bars(id: &str, title: &str, bars: &[Bar]) -> String {
    let highest = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a picture of some hundred points needs no more")]
    let (count, highest) = (bars.len().max(1) as f64, highest as f64);
    let step = WIDTH / count;
    let width = (step * 0.72).max(1.0);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}\" \
         preserveAspectRatio=\"none\"><title id=\"{id}\">{}</title>",
        escaped(title)
    );
    for (place, bar) in bars.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let (x, share) = (place as f64 * step, bar.value as f64 / highest);
        let height = (share * (HEIGHT - FOOT)).max(if bar.value > 0 { 2.0 } else { 0.5 });
        let _ = write!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"><title>{}: {}</title></rect>",
            HEIGHT - FOOT - height,
            escaped(&bar.label),
            escaped(&bar.text),
        );
    }
    svg.push_str("</svg>");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_picture() {
        let bar = |value: i64| Bar { label: "1 <May>".to_owned(), value, text: value.to_string() };
        let svg = bars("orders", "Orders & more", &[bar(0), bar(5), bar(10)]);
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains("height=\"160.0\"") && svg.contains("height=\"80.0\""), "{svg}");
        assert!(svg.contains("1 &lt;May&gt;") && svg.contains("Orders &amp; more") && !svg.contains("<May>"));
    }
}
