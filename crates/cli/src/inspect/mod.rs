mod words;

use std::{
    error::Error,
    io::{self, Write},
    iter,
    time::SystemTime,
};

use cobrowse_jwt::{Inspection, Inspector, Outcome, VerifyError};

use crate::{
    exit::{self, Exit},
    failure::Failure,
    judging::Judging,
    output::{BAD, GOOD, HEADING, OPEN, Stdout, WARNING},
    token_text::TokenText,
};

/// Say what a token says, and why it would be refused: its claims in words, and every rule
///
/// Without --public-key or --key nobody can tell who signed it. Needs no network, unless --key does.
#[derive(clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub(crate) struct Inspect {
    #[command(flatten)]
    judging: Judging,
}

const EXAMPLES: &str = "\
Examples:
  pbpaste | cobrowse-jwt inspect
  cobrowse-jwt inspect - --license SPGqPIcVnsOEJQ --public-key key.pub.pem < token
  cobrowse-jwt inspect 'https://cobrowse.io/dashboard?token=eyJ...'";

impl Inspect {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        let public_key = self.judging.public_key()?;
        let text = TokenText::read(self.judging.token.as_deref())?;
        // One moment for the rules and for the words.
        let now = SystemTime::now();
        let mut inspector = Inspector::new().leeway(self.judging.leeway).clock(move || now);
        if let Some(public_key) = public_key {
            inspector = inspector.public_key(public_key);
        }
        if let Some(license) = &self.judging.license {
            inspector = inspector.license_key(license.value.clone());
        }
        if self.judging.allow_long_lived {
            inspector = inspector.allow_long_lived();
        }
        let inspection = inspector.inspect(&text.token);
        if let Some(wrapping) = text.wrapping() {
            writeln!(stdout, "The token was taken out of {wrapping}.\n")?;
        }
        words::write(stdout, &inspection, now)?;
        write_rules(stdout, &inspection)?;
        Ok(if inspection.failures().next().is_some() { Exit::Refused } else { Exit::Ok })
    }
}

fn write_rules(out: &mut impl Write, inspection: &Inspection) -> io::Result<()> {
    writeln!(out, "{HEADING}Rules{HEADING:#}")?;
    let mut open: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in inspection.findings() {
        let (mark, style, said) = match &finding.outcome {
            Outcome::Passed => ("ok", GOOD, finding.message()),
            Outcome::Failed(error) => ("FAILED", BAD, sentences(error).join(":\n                          ")),
            Outcome::Skipped(reason) => {
                match open.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, rules)) => rules.push(finding.check.id()),
                    None => open.push((reason, vec![finding.check.id()])),
                }
                continue;
            }
        };
        writeln!(out, "  {style}{mark:<6}{style:#}  {:<14}  {said}", finding.check.id())?;
    }
    // A token that cannot be read leaves most rules open for one reason, which is told once.
    for (reason, rules) in &open {
        let gap = if rules.len() == 1 { "  " } else { "\n                          " };
        writeln!(out, "  {OPEN}?     {OPEN:#}  {:<14}{gap}{reason}", rules.join(", "))?;
    }
    let open = open.iter().map(|(_, rules)| rules.len()).sum();
    for warning in inspection.warnings() {
        writeln!(out, "  {WARNING}warn{WARNING:#}    {:<14}  {warning}", warning.id())?;
    }
    let failed = inspection.failures().count();
    let rules = |count| if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
    match (failed, open) {
        (0, 0) => writeln!(out, "\nThe token keeps every rule."),
        (0, _) => writeln!(out, "\nThe token breaks no rule; {} could not be judged.", rules(open)),
        (_, 0) => writeln!(out, "\nThe token breaks {}.", rules(failed)),
        _ => writeln!(out, "\nThe token breaks {}; {} could not be judged.", rules(failed), rules(open)),
    }
}

/// What is wrong, and why: all of it is the library's, so none of it repeats a claim's value.
pub(crate) fn sentences(error: &VerifyError) -> Vec<String> {
    iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source()).map(ToString::to_string).collect()
}
