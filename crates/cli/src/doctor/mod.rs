#[cfg(feature = "aws-kms")]
mod aws_kms;
mod clock;
mod latency;
mod local;
mod permissions;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(any(feature = "aws-kms", feature = "pkcs11", feature = "vault"))]
mod preflight;
mod report;
#[cfg(feature = "vault")]
mod vault;

use std::{
    io::Write as _,
    sync::Arc,
    time::{Instant, SystemTime},
};

use cobrowse_jwt::{
    Access, AgentClaims, Config, KeySource, MintError, Minter, Policy, PublicKey, SigningKey, VerifiedToken, Verifier,
};

use crate::{
    config_args::ConfigArgs,
    exit::{self, Exit},
    failure::Failure,
    help::{self, heading},
    key::Key,
    output::Stdout,
    printable,
    progress::Progress,
    time,
};
use report::Report;

/// Check the configuration, the key and a token
///
/// Signs at least 22 times and prints no token. Without --expect-public-key the key is not compared with the one in the dashboard.
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct Doctor {
    #[command(flatten)]
    config: ConfigArgs,
    /// Accept a key file that others can read, as in a Kubernetes secret mount
    #[arg(long, help_heading = heading::KEY)]
    allow_readable_key: bool,
    /// Print JSON: every check with its outcome, and the stable id of its error
    #[arg(long, help_heading = heading::OUTPUT)]
    json: bool,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt doctor key.pem --license SPGqPIcVnsOEJQ --expect-public-key key.pub.pem",
    "cobrowse-jwt doctor awskms:///alias/cobrowse --license SPGqPIcVnsOEJQ --expect-public-key registered.pem",
];

impl Doctor {
    pub(crate) fn run(&self, stdout: &mut Stdout, verbose: bool) -> Result<Exit, Failure> {
        let (config, key) = (self.config.config()?, self.config.key()?);
        let mut report = Report::default();
        key.block_on(async {
            if let Some((source, snapshot)) = self.probe(&key, &mut report).await {
                check_registered(&key, &config, Arc::clone(&source), &mut report).await;
                clock::check(&mut report);
                check_token(&config, source, snapshot.public_key(), &mut report).await;
                latency::check(&key, &*snapshot, &mut report).await;
            } else {
                clock::check(&mut report);
            }
            Ok(())
        })?;
        if self.json {
            writeln!(stdout, "{}", printable::json_lines(&report.json()))?;
        } else {
            report.write(stdout, verbose)?;
        }
        Ok(report.exit())
    }

    /// Opens the key and verifies that it signs.
    async fn probe(&self, key: &Key<'_>, report: &mut Report) -> Option<(Arc<dyn KeySource>, Arc<dyn SigningKey>)> {
        let source = match key.uri.location() {
            #[cfg(feature = "aws-kms")]
            cobrowse_jwt::KeyLocation::AwsKms { .. } => aws_kms::probe(key, report).await?,
            #[cfg(feature = "vault")]
            cobrowse_jwt::KeyLocation::Vault { .. } => vault::probe(key, report).await?,
            #[cfg(feature = "pkcs11")]
            cobrowse_jwt::KeyLocation::Pkcs11 => pkcs11::probe(key, report).await?,
            _ => local::probe(key, self.allow_readable_key, report).await?,
        };
        let snapshot = match source.signing_key().await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                report.failed("resolve", error.into());
                return None;
            }
        };
        let public_key = snapshot.public_key();
        report.passed("key", format!("RSA {} bits, thumbprint {}", public_key.bits(), public_key.thumbprint()));
        Some((source, snapshot))
    }
}

async fn check_registered(key: &Key<'_>, config: &Config, source: Arc<dyn KeySource>, report: &mut Report) {
    if config.public_keys().is_empty() {
        return report.skipped("registered", "use --expect-public-key to compare the key with the registered one");
    }
    match config.minter_builder(source).build().check_key().await {
        Ok(_) => report.passed("registered", "matches the registered key"),
        Err(error) => {
            let is_moved = matches!(error, MintError::UnregisteredKey { .. }) && key.is_alias();
            let failure = Failure::minting(error, config.public_keys());
            let hint = is_moved.then_some(
                "the alias may have been moved: if you did not move it, find out who did and move it back; otherwise register the new key",
            );
            report.failed("registered", failure.with_hint(hint));
        }
    }
}

/// Mints and verifies a token that grants nothing, even if the key is not registered.
async fn check_token(config: &Config, source: Arc<dyn KeySource>, public_key: &PublicKey, report: &mut Report) {
    let start = Instant::now();
    match mint_and_verify(config, source, public_key).await {
        Ok(accepted) => {
            report.passed_in("token", start.elapsed(), "token minted and verified");
            check_expiry(&accepted, report);
        }
        Err(failure) => report.failed("token", failure),
    }
}

async fn mint_and_verify(
    config: &Config,
    source: Arc<dyn KeySource>,
    public_key: &PublicKey,
) -> Result<VerifiedToken, Failure> {
    let minter =
        Minter::builder(config.license_key().clone(), source).default_lifetime(config.default_lifetime()).build();
    let claims = AgentClaims::new("doctor@cobrowse-jwt.invalid", Access::PolicyOnly(Policy::deny_all()))?;
    let token = {
        let _progress = Progress::new("minting a token");
        minter.mint(&claims).await.map_err(|error| Failure::minting(error, &[]))?
    };
    Verifier::new(config.license_key().clone(), public_key.clone())
        .allow_long_lived(config.default_lifetime().is_long_lived())
        .verify(token.expose_secret())
        .map_err(|error| Failure::of(Exit::Refused, &error).with_hint(error.hint()).with_id(error.id()))
}

fn check_expiry(accepted: &VerifiedToken, report: &mut Report) {
    let lifetime = accepted.claims.lifetime().unwrap_or_default();
    let left = accepted.expires_at.duration_since(SystemTime::now()).map_or(0, |left| left.as_secs());
    let message = format!("token expires {} after issue", time::length(lifetime.as_secs()));
    if left.abs_diff(lifetime.as_secs()) > 60 {
        let failure = Failure::new(Exit::Refused, format!("{message}, but {left} seconds from now"));
        report.failed("expiry", failure.with_hint("set the system clock").with_id("clock-changed"));
    } else if lifetime.is_long_lived() {
        report.warned("expiry", format!("{message} and cannot be revoked individually"));
    } else {
        report.passed("expiry", message);
    }
}
