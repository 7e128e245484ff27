mod render;

use std::{
    io::{self, Write},
    time::SystemTime,
};

use cobrowse_jwt::{Inspection, Inspector, Outcome, PublicKey, TokenCheck};

use crate::{
    exit::{self, Exit},
    failure::{Failure, messages},
    help,
    output::{self, BAD, GOOD, HEADING, SKIPPED, Stdout, WARNING},
    printable,
    token_text::TokenText,
    verify_args::{VerifyArgs, select_public_key},
};

/// Explain a token: the checks that it fails, its header and its claims
///
/// Without --public-key or --key the signature is not verified. Uses the network only for a --key that needs it.
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct Inspect {
    #[command(flatten)]
    args: VerifyArgs,
}

const EXAMPLES: &[&str] = &[
    "pbpaste | cobrowse-jwt inspect",
    "cobrowse-jwt inspect --license SPGqPIcVnsOEJQ --public-key key.pub.pem < token.jwt",
];

impl Inspect {
    pub(crate) fn run(&self, stdout: &mut Stdout, verbose: bool) -> Result<Exit, Failure> {
        let public_keys = self.args.public_keys()?;
        let text = TokenText::read(self.args.token.as_deref())?;
        let public_key = select_public_key(&public_keys, &text.token);
        // The checks and the relative times are for the same time.
        let now = SystemTime::now();
        let mut inspector =
            Inspector::new().leeway(self.args.leeway).allow_long_lived(self.args.allow_long_lived).clock(move || now);
        if let Some(public_key) = &public_key {
            inspector = inspector.public_key(public_key.clone());
        }
        if let Some(license) = &self.args.license {
            inspector = inspector.license_key(license.value.clone());
        }
        let inspection = inspector.inspect(&text.token);
        refuse_key(&inspection)?;
        if let Some(stripped) = text.stripped() {
            writeln!(stdout, "Token extracted from {stripped}.\n")?;
        }
        write_checks(stdout, &inspection, public_key.as_ref(), verbose)?;
        render::write(stdout, &inspection, now)?;
        writeln!(stdout, "{}", summary(&inspection))?;
        Ok(if inspection.failures().next().is_some() { Exit::Refused } else { Exit::Ok })
    }
}

/// Refuses a JWK or another JSON file in place of a token: encoded in base64url, it is read as a header, and the output would contain its
/// private members.
pub(crate) fn refuse_key(inspection: &Inspection) -> Result<(), Failure> {
    match inspection.header() {
        Some(header) if header.contains_key("kty") => Err(Failure::usage("expected a token, found a JWK")),
        Some(header) if !header.contains_key("alg") && inspection.claims().is_none() => {
            Err(Failure::usage("expected a token, found a JSON file"))
        }
        _ => Ok(()),
    }
}

/// Names the key that the signature was checked with, and the `kid` of the token.
pub(crate) fn keys(inspection: &Inspection, public_key: &PublicKey) -> String {
    let checked_with = format!("checked with the key {}", public_key.thumbprint());
    match inspection.header().and_then(|header| header.get("kid")) {
        Some(kid) => format!("{checked_with}, token has the kid {}", printable::json(kid)),
        None => checked_with,
    }
}

/// Writes the failed checks, the warnings and the skipped checks, then, if verbose, the passed ones.
fn write_checks(
    out: &mut impl Write,
    inspection: &Inspection,
    public_key: Option<&PublicKey>,
    verbose: bool,
) -> io::Result<()> {
    let mut rows = Vec::new();
    for finding in inspection.findings() {
        if let Outcome::Failed(error) = &finding.outcome {
            let mut text = messages(error).join(&format!(":{NEXT_LINE}"));
            if let (TokenCheck::Signature, Some(public_key)) = (finding.check, public_key) {
                text = format!("{text}:{NEXT_LINE}{}", keys(inspection, public_key));
            }
            if let Some(hint) = error.hint() {
                text = format!("{text}{NEXT_LINE}hint: {hint}");
            }
            rows.push(("FAILED", BAD, finding.check.id().to_owned(), text));
        }
    }
    for warning in inspection.warnings() {
        let text = format!("{warning}{NEXT_LINE}hint: {}", warning.hint());
        rows.push(("warn", WARNING, warning.id().to_owned(), text));
    }
    for (reason, checks) in skipped(inspection) {
        let gap = if checks.len() == 1 { "" } else { NEXT_LINE };
        rows.push(("?", SKIPPED, checks.join(", "), format!("{gap}{reason}")));
    }
    for finding in inspection.findings().iter().filter(|finding| verbose && finding.outcome == Outcome::Passed) {
        rows.push(("ok", GOOD, finding.check.id().to_owned(), finding.message()));
    }
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{HEADING}Checks{HEADING:#}")?;
    for (mark, style, name, text) in rows {
        let gap = if text.starts_with(NEXT_LINE) { "" } else { "  " };
        writeln!(out, "  {style}{mark:<6}{style:#}  {name:<14}{gap}{text}")?;
    }
    writeln!(out)
}

/// A line break, and the indentation of the text in a row.
const NEXT_LINE: &str = "\n                          ";

/// Groups the skipped checks by reason: most checks of a malformed token are skipped for the same one.
fn skipped(inspection: &Inspection) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in inspection.findings() {
        if let Outcome::Skipped(reason) = &finding.outcome {
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, checks)) => checks.push(finding.check.id()),
                None => reasons.push((reason, vec![finding.check.id()])),
            }
        }
    }
    reasons
}

fn summary(inspection: &Inspection) -> String {
    let skipped = inspection.findings().iter().filter(|finding| matches!(finding.outcome, Outcome::Skipped(_))).count();
    output::summary(inspection.findings().len(), inspection.failures().count(), skipped)
}
