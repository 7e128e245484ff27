//! What a newcomer wants to see of a token.

use std::time::SystemTime;

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

pub(crate) fn print(report: &Report<'_>) {
    println!("Signed with {}.\n", report.origin);

    heading("What the token says");
    if let Some(claims) = report.inspection.claims() {
        println!("{:#}\n", Value::Object(claims.clone()));
    }
    println!("issued   {}", time(report.accepted.issued_at));
    println!(
        "expires  {}  ({} seconds later)\n",
        time(report.accepted.expires_at),
        report.accepted.claims.lifetime().as_secs()
    );

    heading("What was checked");
    for finding in report.inspection.findings() {
        let mark = match finding.outcome {
            Outcome::Passed => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::NotCheckable(_) => "?",
        };
        println!("{mark:<7} {:<15} {}", finding.rule.id(), finding.sentence());
    }
    for warning in report.accepted.claims.warnings() {
        println!("warning {:<15} {warning}", warning.id());
    }

    heading("\nThe token: until it expires, whoever has it is this agent");
    println!("{}\n", report.token);

    heading("An embed URL: the agent's dashboard, signed in");
    println!("{}\n", report.url);

    heading("The public key: paste it into the Cobrowse dashboard, Settings > Integrations > JWT SSO");
    print!("{}", report.public_key);
}

fn heading(text: &str) {
    println!("{text}\n{}", "-".repeat(text.trim_start().chars().count()));
}

fn time(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .and_then(|timestamp| strtime::format("%A, %-d %B %Y, %H:%M:%S UTC", timestamp))
        .unwrap_or_else(|_| "in a year beyond the calendar".into())
}
