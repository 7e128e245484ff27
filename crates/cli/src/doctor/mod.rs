#[cfg(feature = "aws-kms")]
mod aws_kms;
mod checkup;
mod clock;
mod folders;
mod in_process;
mod latency;

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use cobrowse_jwt::{
    Access, AgentClaims, KeySource, LicenseKey, Lifetime, MintError, Minter, Policy, PublicKey, SigningInput,
    SigningKey, VerifiedToken, Verifier,
};

use crate::{
    configured::{self, Configured},
    exit::{self, Exit},
    failure::Failure,
    key::{Key, KeyArgs},
    mint::LifetimeArgs,
    output::Stdout,
    progress::Progress,
    public_key, times,
};
use checkup::Checkup;

/// Check everything between the configuration and an accepted token, step by step
///
/// Exits with 0 if everything that was checked holds. Without --expect-public-key the key is not compared with the one in the
/// dashboard, which is left open and said so. Signs 22 times and prints no token.
#[derive(clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub(crate) struct Doctor {
    #[command(flatten)]
    key: KeyArgs,
    /// The license key of the account
    #[arg(long, env = "COBROWSE_LICENSE_KEY", hide_env_values = true, value_parser = configured::by(|text| LicenseKey::new(text)))]
    license: Configured<LicenseKey>,
    /// The public key that stands in the dashboard: a file with PEM or a JWK
    #[arg(long, value_name = "FILE", env = "COBROWSE_PUBLIC_KEY", hide_env_values = true, value_parser = configured::text())]
    expect_public_key: Option<Configured>,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    /// Let others than its owner read the key file, as Kubernetes mounts secrets
    #[arg(long)]
    allow_readable_key: bool,
}

const EXAMPLES: &str = "\
Examples:
  cobrowse-jwt doctor key.pem --license SPGqPIcVnsOEJQ --expect-public-key key.pub.pem
  cobrowse-jwt doctor awskms:///alias/cobrowse --license SPGqPIcVnsOEJQ --expect-public-key registered.pem";

/// What is signed here, and is no token.
const MESSAGE: SigningInput<'static> = SigningInput::new(b"cobrowse-jwt doctor: not a token");

impl Doctor {
    pub(crate) fn run(&self, stdout: &mut Stdout, verbose: bool) -> Result<Exit, Failure> {
        let lifetime = self.lifetime.checked()?;
        let registered = self.expect_public_key.as_ref().map(public_key::read).transpose()?;
        let key = self.key.named()?;
        let mut checkup = Checkup::new(stdout, verbose);
        key.block_on(async {
            if let Some((source, snapshot)) = self.reach(&key, &mut checkup).await {
                self.check_registered(&key, registered, Arc::clone(&source), &mut checkup).await;
                clock::check(&mut checkup);
                self.check_token(source, snapshot.public_key(), lifetime, &mut checkup).await;
                latency::check(&key, &*snapshot, &mut checkup).await;
            } else {
                clock::check(&mut checkup);
            }
            Ok(())
        })?;
        checkup.finish()
    }

    /// As far as a signature that verifies.
    async fn reach(
        &self,
        key: &Key<'_>,
        checkup: &mut Checkup<'_>,
    ) -> Option<(Arc<dyn KeySource>, Arc<dyn SigningKey>)> {
        #[cfg(feature = "aws-kms")]
        let source = if key.is_in_aws_kms() {
            aws_kms::reach(key, checkup).await?
        } else {
            in_process::reach(key, self.allow_readable_key, checkup).await?
        };
        #[cfg(not(feature = "aws-kms"))]
        let source = in_process::reach(key, self.allow_readable_key, checkup).await?;
        let snapshot = match source.signing_key().await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                checkup.failed("resolve", &error.into());
                return None;
            }
        };
        let public_key = snapshot.public_key();
        let words = format!("RSA of {} bits, thumbprint {}", public_key.bits(), public_key.thumbprint());
        checkup.passed("rs256", None, &words);
        Some((source, snapshot))
    }

    async fn check_registered(
        &self,
        key: &Key<'_>,
        registered: Option<PublicKey>,
        source: Arc<dyn KeySource>,
        checkup: &mut Checkup<'_>,
    ) {
        let Some(registered) = registered else {
            return checkup.open("registered", "give --expect-public-key to compare with the key in the dashboard");
        };
        let minter = Minter::builder(self.license.value.clone(), source).expect_public_key(registered).build();
        let start = Instant::now();
        match minter.check_key().await {
            Ok(_) => {
                checkup.passed("registered", Some(start.elapsed()), "it is the key that was named as the dashboard's");
            }
            Err(error) => {
                let moved = matches!(error, MintError::UnregisteredKey { .. }) && key.is_an_alias();
                let failure = Failure::from(error);
                let failure = if moved {
                    failure.with_hint("the alias may have been moved: move it back, or register the new key")
                } else {
                    failure
                };
                checkup.failed("registered", &failure);
            }
        }
    }

    /// Mints a token that grants nothing, and has the library accept it as strictly as it can.
    async fn check_token(
        &self,
        source: Arc<dyn KeySource>,
        public_key: &PublicKey,
        lifetime: Lifetime,
        checkup: &mut Checkup<'_>,
    ) {
        let start = Instant::now();
        match self.mint_and_verify(source, public_key, lifetime).await {
            Ok(accepted) => {
                let license_key = accepted.license_key.as_str();
                let words =
                    format!("a token for the license key {license_key} was minted, and the verifier accepts it");
                checkup.passed("token", Some(start.elapsed()), &words);
                check_expiry(&accepted, checkup);
            }
            Err(failure) => {
                checkup.failed("token", &failure);
            }
        }
    }

    async fn mint_and_verify(
        &self,
        source: Arc<dyn KeySource>,
        public_key: &PublicKey,
        lifetime: Lifetime,
    ) -> Result<VerifiedToken, Failure> {
        let claims = AgentClaims::new("doctor@cobrowse-jwt.invalid", Access::PolicyOnly(Policy::deny_all()))?;
        let minter = Minter::new(self.license.value.clone(), source);
        let token = {
            let _progress = Progress::of("minting a token");
            minter.mint(&claims.with_lifetime(lifetime)).await?
        };
        let mut verifier = Verifier::new(self.license.value.clone(), public_key.clone());
        if lifetime.is_long_lived() {
            verifier = verifier.allow_long_lived();
        }
        verifier.verify(token.expose_secret()).map_err(|error| Failure::of(Exit::Refused, &error))
    }
}

fn check_expiry(accepted: &VerifiedToken, checkup: &mut Checkup<'_>) {
    let lifetime = accepted.claims.lifetime().unwrap_or_default();
    let left = accepted.expires_at.duration_since(SystemTime::now()).map_or(0, |left| left.as_secs());
    let words = format!("it expires {} after it was issued", times::length(lifetime.as_secs()));
    if left.abs_diff(lifetime.as_secs()) > 60 {
        let failure = Failure::new(Exit::Refused, format!("{words}, but {left} seconds from now; set the clock"));
        checkup.failed("expiry", &failure);
    } else if lifetime.is_long_lived() {
        checkup.warned("expiry", &format!("{words}, which is over a day: it cannot be revoked alone"));
    } else {
        checkup.passed("expiry", None, &words);
    }
}
