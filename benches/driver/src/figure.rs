use std::fmt;

use serde_json::{Value, json};

/// The measured figures, in the order of measuring.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds a figure and prints its line.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &'static str, target: Target) {
        let figure = Figure { name: name.into(), value, unit, target };
        println!("{figure}");
        self.0.push(figure);
    }

    /// Adds a figure without a target, such as an absolute time.
    pub(crate) fn info(&mut self, name: &str, value: f64, unit: &'static str) {
        self.add(name, value, unit, Target::None);
    }

    pub(crate) fn to_json(&self, machine: &str, date: &str, command: &str) -> String {
        let figures: Vec<Value> = self.0.iter().map(Figure::to_json).collect();
        format!("{:#}\n", json!({ "machine": machine, "date": date, "command": command, "figures": figures }))
    }
}

#[derive(Debug)]
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    target: Target,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Target {
    /// Returns `ok`, `short` or `info`.
    fn verdict(self, value: f64) -> &'static str {
        let reached = match self {
            Target::AtMost(most) => value <= most,
            Target::AtLeast(least) => value >= least,
            Target::None => return "info",
        };
        if reached { "ok" } else { "short" }
    }
}

impl Figure {
    fn to_json(&self) -> Value {
        let Self { name, value, unit, target } = self;
        let (value, verdict) = (rounded(*value), target.verdict(*value));
        json!({ "name": name, "value": value, "unit": unit, "target": target.to_string(), "verdict": verdict })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit, target } = self;
        let (shown, target, verdict) = (rounded(*value).to_string(), target.to_string(), target.verdict(*value));
        write!(f, "{name:<44} {shown:>12} {unit:<14} {target:>9} {verdict}")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtMost(most) => write!(f, "<={}", rounded(*most)),
            Target::AtLeast(least) => write!(f, ">={}", rounded(*least)),
            Target::None => f.write_str("-"),
        }
    }
}

/// Rounds small numbers to thousandths and large ones to whole numbers.
fn rounded(value: f64) -> f64 {
    let scale = if value.abs() < 100.0 { 1_000.0 } else { 1.0 };
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_shows_whether_the_target_is_met() {
        let line = |value, target| Figure { name: "a/b".into(), value, unit: "ratio", target }.to_string();
        let words = |line: String| line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(words(line(1.0049, Target::AtMost(1.01))), ["a/b", "1.005", "ratio", "<=1.01", "ok"]);
        assert_eq!(words(line(1.02, Target::AtMost(1.01))), ["a/b", "1.02", "ratio", "<=1.01", "short"]);
        assert_eq!(words(line(2.3, Target::AtLeast(2.4))), ["a/b", "2.3", "ratio", ">=2.4", "short"]);
        assert_eq!(words(line(13_271.4, Target::None)), ["a/b", "13271", "ratio", "-", "info"]);
    }
}
