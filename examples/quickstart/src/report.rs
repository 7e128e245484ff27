//! The output: claims, checks, token, embed URL and public key.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use cobrowse_jwt::{Inspection, Outcome, VerifiedToken};
use jiff::{Timestamp, fmt::strtime};
use serde_json::Value;

pub(crate) struct Report<'a> {
    pub(crate) origin: &'static str,
    pub(crate) inspection: Inspection,
    pub(crate) accepted: VerifiedToken,
    pub(crate) token: &'a str,
    pub(crate) url: &'a str,
    pub(crate) public_key: &'a str,
}

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Signed with {}.\n", report.origin)?;

    heading(out, "Claims")?;
    if let Some(claims) = report.inspection.claims() {
        writeln!(out, "{:#}\n", Value::Object(claims.clone()))?;
    }
    writeln!(out, "issued   {}", time(report.accepted.issued_at))?;
    writeln!(
        out,
        "expires  {}  ({} seconds later)\n",
        time(report.accepted.expires_at),
        report.accepted.claims.lifetime().unwrap_or_default().as_secs()
    )?;

    heading(out, "Checks")?;
    for finding in report.inspection.findings() {
        let mark = match finding.outcome {
            Outcome::Passed => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "?",
        };
        writeln!(out, "{mark:<7} {:<15} {}", finding.check.id(), finding.message())?;
    }
    for warning in report.accepted.claims.warnings() {
        writeln!(out, "warning {:<15} {warning}", warning.id())?;
    }

    heading(out, "\nToken: anyone with it is this agent until it expires")?;
    writeln!(out, "{}\n", report.token)?;

    heading(out, "Embed URL: the dashboard, signed in as this agent")?;
    writeln!(out, "{}\n", report.url)?;

    heading(out, "Public key: paste it into the Cobrowse dashboard, Settings > Integrations > JWT SSO")?;
    write!(out, "{}", report.public_key)
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{text}\n{}", "-".repeat(text.trim_start().chars().count()))
}

fn time(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .and_then(|timestamp| strtime::format("%A, %-d %B %Y, %H:%M:%S UTC", timestamp))
        .unwrap_or_else(|_| "out of range".into())
}
