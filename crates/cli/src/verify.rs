use std::{io::Write as _, time::SystemTime};

use cobrowse_jwt::{Inspection, Inspector, Outcome, Verifier, VerifyError};
use serde_json::{Value, json};

use crate::{
    exit::{self, Exit},
    failure::Failure,
    inspect::sentences,
    judging::Judging,
    output::{self, Stdout},
    printable::{self, quoted},
    token_text::TokenText,
};

/// Accept or refuse a token, for programs: by the exit code, one line, or JSON
#[derive(clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::VERIFY_HELP))]
pub(crate) struct Verify {
    #[command(flatten)]
    judging: Judging,
    /// Print JSON: the verdict, and every rule with its outcome
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  cobrowse-jwt verify --license SPGqPIcVnsOEJQ --public-key key.pub.pem < token
  cobrowse-jwt verify --license SPGqPIcVnsOEJQ --key awskms:///alias/cobrowse --json < token";

impl Verify {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        let Some(license) = &self.judging.license else {
            return Err(Failure::usage("without the license key nothing can be accepted; give it by --license"));
        };
        let Some(public_key) = self.judging.public_key()? else {
            return Err(Failure::usage(
                "without the public key nothing can be accepted; give it by --public-key or --key",
            ));
        };
        let text = TokenText::read(self.judging.token.as_deref())?;
        if let Some(wrapping) = text.wrapping() {
            output::note(format_args!("The token was taken out of {wrapping}."));
        }
        let token = text.token;
        // One moment for the verdict and for the report on it.
        let now = SystemTime::now();
        let mut verifier =
            Verifier::new(license.value.clone(), public_key).leeway(self.judging.leeway).clock(move || now);
        if self.judging.allow_long_lived {
            verifier = verifier.allow_long_lived();
        }
        let verdict = verifier.verify(&token);
        if self.json {
            let report = report(&Inspector::from(verifier).inspect(&token), verdict.as_ref().err());
            writeln!(stdout, "{}", printable::json_lines(&report))?;
        } else {
            match &verdict {
                Ok(accepted) => writeln!(stdout, "accepted: {}", quoted(accepted.claims.subject().as_str()))?,
                Err(error) => writeln!(stdout, "refused ({}): {}", error.check().id(), sentences(error).join(": "))?,
            }
        }
        Ok(match verdict {
            Ok(_) => Exit::Ok,
            Err(error) => Exit::TokenRefused(error.check()),
        })
    }
}

fn report(inspection: &Inspection, error: Option<&VerifyError>) -> Value {
    let findings = inspection.findings().iter().map(|finding| {
        let (outcome, messages) = match &finding.outcome {
            Outcome::Passed => ("passed", vec![finding.message()]),
            Outcome::Failed(error) => ("failed", sentences(error)),
            Outcome::Skipped(_) => ("unknown", vec![finding.message()]),
        };
        json!({"rule": finding.check.id(), "outcome": outcome, "message": messages.join(": ")})
    });
    let warnings =
        inspection.warnings().iter().map(|warning| json!({"id": warning.id(), "message": warning.to_string()}));
    json!({
        "accepted": error.is_none(),
        "refused_by": error.map(|error| error.check().id()),
        "message": error.map(|error| sentences(error).join(": ")),
        "header": inspection.header(),
        "claims": inspection.claims(),
        "rules": findings.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}
