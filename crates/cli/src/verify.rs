use std::{io::Write as _, time::SystemTime};

use cobrowse_jwt::{Inspection, Inspector, Outcome, PublicKey, TokenCheck, Verifier, VerifyError};
use serde_json::{Value, json};

use crate::{
    exit::{self, Exit},
    failure::{Failure, messages},
    help::{self, heading},
    inspect,
    output::{self, Stdout},
    printable::{self, quoted},
    token_text::TokenText,
    verify_args::{VerifyArgs, select_public_key},
};

/// Accept or refuse a token, for programs: an exit code, one line, or JSON
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::VERIFY_HELP))]
pub(crate) struct Verify {
    #[command(flatten)]
    args: VerifyArgs,
    /// Print JSON: the result, and every check with its outcome
    #[arg(long, help_heading = heading::OUTPUT)]
    json: bool,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt verify --license SPGqPIcVnsOEJQ --public-key key.pub.pem < token.jwt",
    "cobrowse-jwt verify --license SPGqPIcVnsOEJQ --key awskms:///alias/cobrowse --json < token.jwt",
];

impl Verify {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        let Some(license) = &self.args.license else {
            return Err(Failure::usage("missing license key").with_hint("use --license"));
        };
        let public_keys = self.args.public_keys()?;
        if public_keys.is_empty() {
            return Err(missing_public_key());
        }
        let text = TokenText::read(self.args.token.as_deref())?;
        let public_key = select_public_key(&public_keys, &text.token).ok_or_else(missing_public_key)?;
        if let Some(stripped) = text.stripped() {
            output::note(format_args!("Token extracted from {stripped}."));
        }
        let token = text.token;
        // The result and the report are for the same time.
        let now = SystemTime::now();
        let verifier = Verifier::new(license.value.clone(), public_key.clone())
            .leeway(self.args.leeway)
            .allow_long_lived(self.args.allow_long_lived)
            .clock(move || now);
        let result = verifier.verify(&token);
        let inspection = Inspector::from(verifier).inspect(&token);
        inspect::refuse_key(&inspection)?;
        if self.json {
            let report = report(&inspection, result.as_ref().err(), &public_key);
            writeln!(stdout, "{}", printable::json_lines(&report))?;
        } else {
            match &result {
                Ok(accepted) => writeln!(stdout, "accepted: {}", quoted(accepted.claims.subject().as_str()))?,
                Err(error) => {
                    let mut lines = messages(error);
                    if error.check() == TokenCheck::Signature {
                        lines.push(inspect::keys(&inspection, &public_key));
                    }
                    writeln!(stdout, "refused ({}): {}", error.check().id(), lines.join(": "))?;
                }
            }
        }
        Ok(match result {
            Ok(_) => Exit::Ok,
            Err(error) => Exit::TokenRefused(error.check()),
        })
    }
}

fn missing_public_key() -> Failure {
    Failure::usage("missing public key").with_hint("use --public-key or --key")
}

fn report(inspection: &Inspection, error: Option<&VerifyError>, public_key: &PublicKey) -> Value {
    let checks = inspection.findings().iter().map(|finding| {
        let (outcome, message) = match &finding.outcome {
            Outcome::Passed => ("passed", finding.message()),
            Outcome::Failed(error) => ("failed", messages(error).join(": ")),
            Outcome::Skipped(_) => ("skipped", finding.message()),
        };
        json!({"check": finding.check.id(), "outcome": outcome, "message": message})
    });
    json!({
        "accepted": error.is_none(),
        "refused_by": error.map(|error| error.check().id()),
        "message": error.map(|error| messages(error).join(": ")),
        "hint": error.and_then(VerifyError::hint),
        "header": inspection.header(),
        "claims": inspection.claims(),
        "public_key_thumbprint": public_key.thumbprint(),
        "checks": checks.collect::<Vec<_>>(),
        "warnings": inspection.warnings().iter().copied().map(printable::warning).collect::<Vec<_>>(),
    })
}
