use std::{fmt::Write as _, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::SUMMARY;

/// The committed drawing.
const PLOT: &str = "docs/benchmark.svg";

const OURS: &str = "cobrowse-jwt";

/// Dimensions in pixels.
const WIDTH: f64 = 760.0;
const LABELS: f64 = 240.0;
const BARS: f64 = 440.0;
const ROW: f64 = 24.0;

const STYLE: &str = "\
  <style>
    text { fill: #24292f }
    .peer { fill: #8c959f }
    .ours { fill: #0969da }
    .small { font-size: 12px; fill: #57606a }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .peer { fill: #6e7681 }
      .ours { fill: #58a6ff }
      .small { fill: #9ea7b3 }
    }
  </style>
";

/// Draws the mints of the last measurement beside those of other crates.
pub(crate) fn plot() -> Result<()> {
    let summary = fs::read_to_string(SUMMARY);
    let summary = summary.with_context(|| format!("failed to read {SUMMARY}; `cargo xtask bench peers` writes it"))?;
    let summary = serde_json::from_str(&summary).with_context(|| format!("{SUMMARY} is not valid"))?;
    fs::write(PLOT, draw(&summary)?).with_context(|| format!("failed to write {PLOT}"))?;
    println!("{PLOT}");
    Ok(())
}

fn draw(summary: &Value) -> Result<String> {
    let text = |name: &str| summary[name].as_str().with_context(|| format!("{SUMMARY} has no {name}"));
    let groups = groups(summary);
    ensure!(!groups.is_empty(), "{SUMMARY} has no mints of other crates; `cargo xtask bench peers` measures them");
    let longest = groups.iter().flat_map(|(_, bars)| bars).fold(1.0, |longest: f64, (_, ratio)| longest.max(*ratio));

    let mut rows = String::new();
    let mut y = 2.0 * ROW;
    for (bits, bars) in &groups {
        y += ROW;
        writeln!(rows, r#"  <text x="20" y="{y}" font-weight="bold">{bits}-bit key</text>"#)?;
        for (name, ratio) in [(OURS, 1.0)].iter().chain(bars) {
            y += ROW;
            let class = if *name == OURS { "ours" } else { "peer" };
            let (name, width, top) = (escaped(name), ratio / longest * BARS, y - 13.0);
            writeln!(rows, r#"  <text x="{}" y="{y}" text-anchor="end">{name}</text>"#, LABELS - 10.0)?;
            writeln!(
                rows,
                r#"  <rect class="{class}" x="{LABELS}" y="{top}" width="{width:.1}" height="16" rx="2"/>"#
            )?;
            writeln!(rows, r#"  <text class="small" x="{:.1}" y="{y}">{ratio:.2}</text>"#, LABELS + width + 6.0)?;
        }
        y += ROW / 2.0;
    }
    let (command, machine) = (y + ROW, y + 2.0 * ROW - 4.0);
    writeln!(
        rows,
        r#"  <text class="small" x="20" y="{command}">{}, {}</text>"#,
        escaped(text("command")?),
        escaped(text("date")?)
    )?;
    writeln!(rows, r#"  <text class="small" x="20" y="{machine}">{}</text>"#, escaped(text("machine")?))?;
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="14">
  <title id="title">Time to mint a token, relative to {OURS}</title>
{STYLE}  <text x="20" y="30" font-size="16">Time to mint a token, relative to {OURS} (shorter is faster)</text>
{rows}</svg>
"#,
        machine + ROW / 2.0
    ))
}

/// The other crates and their ratios, for each key size in bits.
type Groups<'a> = Vec<(&'a str, Vec<(&'a str, f64)>)>;

/// Returns the ratios of the minima, which are named `PEER/mint, 2048 bits`.
fn groups(summary: &Value) -> Groups<'_> {
    let mut groups = Groups::new();
    for figure in summary["figures"].as_array().into_iter().flatten() {
        let name = figure["name"].as_str().and_then(|name| name.strip_suffix(" bits")?.split_once("/mint, "));
        let (Some((peer, bits)), Some(ratio)) = (name, figure["value"].as_f64()) else { continue };
        match groups.iter_mut().find(|(of, _)| *of == bits) {
            Some((_, bars)) => bars.push((peer, ratio)),
            None => groups.push((bits, vec![(peer, ratio)])),
        }
    }
    groups
}

/// Escapes the text of an XML element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary(figures: &[(&str, f64)]) -> Value {
        let figures: Vec<_> = figures.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        json!({ "machine": "A & B", "date": "2026-11-26", "command": "cargo xtask bench", "figures": figures })
    }

    #[test]
    fn drawing_has_a_bar_for_each_crate_and_size() {
        let svg = draw(&summary(&[
            ("mint/raw sign, 2048 bits", 1.0),
            ("one/mint, 2048 bits", 2.5),
            ("one/mint, 2048 bits, medians", 2.6),
            ("two/mint, 2048 bits", 1.25),
            ("one/mint, 4096 bits", 5.0),
        ]))
        .unwrap();
        assert_eq!(svg.matches("<rect").count(), 5, "{svg}");
        assert_eq!(svg.matches("-bit key").count(), 2, "{svg}");
        for text in [r#"width="88.0""#, r#"width="220.0""#, r#"width="440.0""#, ">2.50<", ">A &amp; B<", "2026-11-26"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn summary_without_peers_or_date_is_refused() {
        let error = draw(&summary(&[("mint/raw sign, 2048 bits", 1.0)])).unwrap_err();
        assert!(error.to_string().contains("no mints of other crates"), "{error}");
        let mut older = summary(&[("one/mint, 2048 bits", 2.5)]);
        older["date"].take();
        assert!(draw(&older).unwrap_err().to_string().contains("has no date"));
    }
}
