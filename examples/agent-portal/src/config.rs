use std::{
    env,
    error::Error,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use cobrowse_jwt::{
    Instance, KeyUriRegistry, LicenseKey, Minter,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_stub::{Account, Stub};
use tokio::net::TcpListener;

use crate::{Directory, Password, Portal};

/// What the environment says.
#[derive(Debug)]
pub struct Config {
    /// `PORTAL_ADDRESS`: where to listen, 127.0.0.1:3000 by default.
    pub address: SocketAddr,
    /// `PORTAL_ORIGIN`: the https origin of a proxy in front, without which the portal listens on loopback only: browsers hide
    /// from plain http where a request comes from.
    pub origin: Option<Instance>,
    /// `PORTAL_PASSWORD`: the demo agents' password; made up by default.
    pub password: Option<Password>,
    /// `COBROWSE_AGENT_SDK`: the folder of the npm package `cobrowse-agent-sdk`; beside this crate by default.
    pub agent_sdk: PathBuf,
    /// The account, or none for the stand-in.
    pub account: Option<AccountConfig>,
}

/// An account of Cobrowse.
#[derive(Debug)]
pub struct AccountConfig {
    /// `COBROWSE_LICENSE_KEY`.
    pub license_key: LicenseKey,
    /// `COBROWSE_KEY`: a key URI such as `file:///etc/cobrowse/key.pem` or `env:COBROWSE_PRIVATE_KEY`, and with the feature
    /// `aws-kms` also `awskms:///alias/cobrowse`.
    pub key: String,
    /// `COBROWSE_INSTANCE`: the origin of a self-hosted instance, or <https://cobrowse.io> by default.
    pub instance: Instance,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names what is set wrongly, or missing beside what is set.
    pub fn from_env() -> Result<Self, ConfigError> {
        let address: SocketAddr =
            variable("PORTAL_ADDRESS")?.map_or(Ok((Ipv4Addr::LOCALHOST, 3000).into()), |address| {
                address
                    .parse()
                    .map_err(|_| ConfigError("PORTAL_ADDRESS is no address; write one such as 127.0.0.1:3000"))
            })?;
        let origin = variable("PORTAL_ORIGIN")?.map(|origin| https(&origin)).transpose()?;
        if origin.is_none() && !address.ip().is_loopback() {
            return Err(ConfigError(
                "PORTAL_ADDRESS is not a loopback address; set PORTAL_ORIGIN to the https origin of the proxy in front",
            ));
        }
        let agent_sdk = env::var_os("COBROWSE_AGENT_SDK").map_or_else(beside_this_crate, PathBuf::from);
        let password = variable("PORTAL_PASSWORD")?.map(Password::new);
        Ok(Self { address, origin, password, agent_sdk, account: AccountConfig::from_env()? })
    }

    /// Opens the key, or starts the stand-in, and listens. The text is for whoever started the program.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the address or the key.
    pub async fn start(self) -> Result<(TcpListener, Portal, String), Box<dyn Error>> {
        let listener = TcpListener::bind(self.address).await?;
        let (minter, instance, about) = match self.account {
            Some(account) => account.open().await?,
            None => stand_in().await?,
        };
        let secure = self.origin.is_some();
        let address = listener.local_addr()?;
        let origin = self.origin.map_or_else(|| format!("http://{address}"), |origin| origin.origin().to_owned());
        let (password, told) = match self.password {
            Some(password) => (password, "the password of PORTAL_PASSWORD".to_owned()),
            None => Password::random()?,
        };
        let directory = Directory::demo(password);
        let greeting =
            format!("{about}\nsign in as {} with {told}\nlistening at {address}; open {origin}", directory.emails());
        Ok((listener, Portal { minter, instance, directory, agent_sdk: self.agent_sdk, secure }, greeting))
    }
}

impl AccountConfig {
    fn from_env() -> Result<Option<Self>, ConfigError> {
        let instance = variable("COBROWSE_INSTANCE")?;
        match (variable("COBROWSE_LICENSE_KEY")?, variable("COBROWSE_KEY")?) {
            (Some(license_key), Some(key)) => Ok(Some(Self {
                license_key: LicenseKey::new(license_key).map_err(|_| {
                    ConfigError("COBROWSE_LICENSE_KEY is none; copy it from the account settings again")
                })?,
                key,
                instance: instance.map_or(Ok(Instance::default()), |origin| Instance::new(&origin)).map_err(|_| {
                    ConfigError("COBROWSE_INSTANCE is no origin; write one such as https://cobrowse.example.com")
                })?,
            })),
            (None, None) if instance.is_none() => Ok(None),
            _ => Err(ConfigError("set both COBROWSE_LICENSE_KEY and COBROWSE_KEY, or nothing of Cobrowse")),
        }
    }

    async fn open(self) -> Result<(Minter, Instance, String), Box<dyn Error>> {
        let minter = Minter::new(self.license_key, KeyUriRegistry::new().open(&self.key.parse()?).await?);
        let public_key = minter.check_key().await?;
        let about = format!(
            "{} accepts the tokens if this stands in its dashboard, Settings > Integrations > JWT SSO:\n{}\
             it will know the demo agents as users of your account, and show devices whose user_id is 42, 43 or 44",
            self.instance.origin(),
            public_key.to_pem()
        );
        Ok((minter, self.instance, about))
    }
}

/// What is wrong with the environment.
#[derive(Debug)]
pub struct ConfigError(&'static str);

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for ConfigError {}

/// A new key, and a service on loopback that knows its public half.
async fn stand_in() -> Result<(Minter, Instance, String), Box<dyn Error>> {
    let key = PemKey::generate(RsaKeySize::Rsa2048)?;
    let stub = Stub::new(vec![Account::new("trial", key.public_key().to_pem())?]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    // By name, so that it is another site than the portal, as it is in earnest.
    let instance = Instance::new(&format!("http://localhost:{}", listener.local_addr()?.port()))?;
    tokio::spawn(async move { axum::serve(listener, stub.router()).await });
    let about = format!(
        "a stand-in for Cobrowse runs at {}\n\
         for your account set COBROWSE_LICENSE_KEY, COBROWSE_KEY, such as file:///etc/cobrowse/key.pem, and\n\
         COBROWSE_INSTANCE if it is self-hosted; a key in AWS KMS needs --features aws-kms",
        instance.origin()
    );
    Ok((Minter::new(LicenseKey::new("trial")?, key), instance, about))
}

/// An instance is an origin too, and plain http would be none here.
fn https(origin: &str) -> Result<Instance, ConfigError> {
    Instance::new(origin)
        .ok()
        .filter(|origin| origin.origin().starts_with("https://"))
        .ok_or(ConfigError("PORTAL_ORIGIN is no https origin; write one such as https://portal.example.com"))
}

fn beside_this_crate() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/cobrowse-agent-sdk")
}

fn variable(name: &str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => {
            Err(ConfigError("a COBROWSE_ or PORTAL_ variable is set to nothing; give it a value or unset it"))
        }
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(ConfigError("a COBROWSE_ or PORTAL_ variable is not Unicode; set it again"))
        }
    }
}
