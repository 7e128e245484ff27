//! From nothing to a verified token, without an account.
//!
//! Run with `cargo run -p quickstart`. It makes a key in memory; with `COBROWSE_LICENSE_KEY` and `COBROWSE_PRIVATE_KEY_FILE` set
//! it uses those.

mod report;

use std::{env, error::Error, ffi::OsString, io, iter, path::PathBuf, process::ExitCode};

use cobrowse_jwt::{
    Access, AgentClaims, EmbedUrl, Inspector, Instance, KeySource, LicenseKey, Minter, Policy, Rule, Verifier,
    pem::{PemFile, PemKey, RsaKeySize},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        eprintln!("  because: {cause}");
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Setup { license_key, key, origin } = Setup::from_env().await?;

    // This agent sees the devices and sessions of one customer, and nothing else.
    let customer = Rule::custom_data("user_id", "42");
    let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
    let claims = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy))?.with_display_name("Jane Doe")?;

    let minter = Minter::new(license_key.clone(), key);
    let public_key = minter.check_key().await?;
    let token = minter.mint(&claims).await?;

    let verifier = Verifier::new(license_key, public_key.clone());
    let accepted = verifier.verify(token.expose_secret())?;
    let url = EmbedUrl::dashboard(&Instance::default()).with_token(&token)?;

    let report = report::Report {
        origin,
        inspection: Inspector::from(verifier).inspect(token.expose_secret()),
        accepted,
        token: token.expose_secret(),
        url: url.expose_secret(),
        public_key: public_key.to_pem(),
    };
    match report::write(&report, &mut io::stdout().lock()) {
        // A pager that was left, or `head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

struct Setup {
    license_key: LicenseKey,
    key: Box<dyn KeySource>,
    /// Where the key comes from, in words.
    origin: &'static str,
}

impl Setup {
    async fn from_env() -> Result<Self, Box<dyn Error>> {
        let license_key = env::var_os("COBROWSE_LICENSE_KEY");
        let file = env::var_os("COBROWSE_PRIVATE_KEY_FILE").map(PathBuf::from);
        match (license_key, file) {
            (None, None) => Ok(Self {
                license_key: LicenseKey::new("trial")?,
                key: Box::new(PemKey::generate(RsaKeySize::Rsa2048)?),
                origin: "a new key that is forgotten at the end, for the demo account `trial`: Cobrowse will refuse the token",
            }),
            (Some(license_key), Some(file)) => Ok(Self {
                license_key: LicenseKey::new(text(license_key)?)?,
                key: Box::new(PemFile::open(file).await?),
                origin: "the file named by COBROWSE_PRIVATE_KEY_FILE",
            }),
            (Some(_), None) => Err("COBROWSE_LICENSE_KEY is set; set COBROWSE_PRIVATE_KEY_FILE too, or neither".into()),
            (None, Some(_)) => Err("COBROWSE_PRIVATE_KEY_FILE is set; set COBROWSE_LICENSE_KEY too, or neither".into()),
        }
    }
}

fn text(value: OsString) -> Result<String, &'static str> {
    value.into_string().map_err(|_| "COBROWSE_LICENSE_KEY is not Unicode; copy it from the account settings again")
}
