//! The table.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// One figure.
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// At least this.
    AtLeast(f64),
    /// Less than this.
    Under(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::Under(limit) => value < limit,
        }
    }
}

/// What was measured, and on what.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    /// What is to be known beside the figures.
    notes: Vec<String>,
}

impl Report {
    /// Adds a figure.
    pub(crate) fn add(&mut self, name: &'static str, value: f64, unit: &'static str, target: Option<Target>) {
        self.figures.push(Figure { name, value, unit, target });
    }

    /// Adds a remark.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// As a table for people.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::from("| figure | measured | target | |\n|---|---:|---:|---|\n");
        for Figure { name, value, unit, target } in &self.figures {
            let wanted = match target {
                None => String::new(),
                Some(Target::AtLeast(least)) => format!("≥ {}", number(*least)),
                Some(Target::Under(limit)) => format!("< {}", number(*limit)),
            };
            let verdict = target.map_or("", |target| if target.is_met(*value) { "met" } else { "MISSED" });
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {name} | {} {unit} | {wanted} | {verdict} |", number(*value));
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// The remarks alone.
    pub(crate) fn notes(&self) -> String {
        self.notes.join("\n")
    }

    /// As JSON for programs.
    pub(crate) fn to_json(&self) -> Value {
        let figure = |figure: &Figure| {
            let met = figure.target.map(|target| target.is_met(figure.value));
            (figure.name.to_owned(), json!({"value": figure.value, "unit": figure.unit, "met": met}))
        };
        json!({"figures": self.figures.iter().map(figure).collect::<Map<_, _>>(), "notes": self.notes})
    }
}

/// With as many decimals as matter, and thousands apart.
fn number(value: f64) -> String {
    let decimals = if value >= 100.0 {
        0
    } else if value >= 1.0 {
        1
    } else {
        2
    };
    let plain = format!("{value:.decimals$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() && fraction.bytes().any(|digit| digit != b'0') {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_legible() {
        let shown = [12_345.6, 1_234_567.0, 99.96, 19.94, 2.0, 0.053, 0.0].map(number);
        assert_eq!(shown, ["12,346", "1,234,567", "100", "19.9", "2", "0.05", "0"]);
    }

    #[test]
    fn a_missed_target_is_seen() {
        let mut report = Report::default();
        report.add("orders", 9_000.0, "/s", Some(Target::AtLeast(10_000.0)));
        report.add("p99", 19.0, "ms", Some(Target::Under(20.0)));
        let table = report.to_markdown();
        assert!(table.contains("| orders | 9,000 /s | ≥ 10,000 | MISSED |"), "{table}");
        assert!(table.contains("| p99 | 19 ms | < 20 | met |"), "{table}");
        assert_eq!(report.to_json()["figures"]["orders"]["met"], false);
    }
}
