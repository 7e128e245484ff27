use std::{
    env,
    error::Error,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use cobrowse_jwt::{
    Instance, KeyUris, LicenseKey, Minter,
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
    /// `PORTAL_ORIGIN`: how browsers reach the portal, if by a proxy; its scheme decides whether the cookie is `Secure`.
    pub origin: Option<String>,
    /// `PORTAL_PASSWORD`: the demo agents' password; made up by default.
    pub password: Option<String>,
    /// `COBROWSE_AGENT_SDK`: the folder of the npm package `cobrowse-agent-sdk`; beside this crate by default.
    pub agent_sdk: PathBuf,
    /// The account, or none for the stand-in.
    pub account: Option<AccountConfig>,
}

/// An account of Cobrowse.
#[derive(Debug)]
pub struct AccountConfig {
    /// `COBROWSE_LICENSE_KEY`.
    pub license_key: String,
    /// `COBROWSE_PRIVATE_KEY`: a key URI such as `file:///etc/cobrowse/key.pem`, or `awskms:///alias/cobrowse` with the feature
    /// `aws-kms`.
    pub key: String,
    /// `COBROWSE_INSTANCE`: the origin of a self-hosted instance, or <https://cobrowse.io> by default.
    pub instance: Option<String>,
}

/// What is wrong with the environment.
#[derive(Debug)]
pub struct ConfigError(&'static str);

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when half an account is set, or an address is none.
    pub fn from_env() -> Result<Self, ConfigError> {
        let account = match (variable("COBROWSE_LICENSE_KEY")?, variable("COBROWSE_PRIVATE_KEY")?) {
            (Some(license_key), Some(key)) => {
                Some(AccountConfig { license_key, key, instance: variable("COBROWSE_INSTANCE")? })
            }
            (None, None) if variable("COBROWSE_INSTANCE")?.is_none() => None,
            _ => return Err(ConfigError("set both COBROWSE_LICENSE_KEY and COBROWSE_PRIVATE_KEY, or neither")),
        };
        let address = variable("PORTAL_ADDRESS")?.map_or(Ok((Ipv4Addr::LOCALHOST, 3000).into()), |address| {
            address.parse().map_err(|_| ConfigError("PORTAL_ADDRESS is no address; write one such as 127.0.0.1:3000"))
        })?;
        let agent_sdk = env::var_os("COBROWSE_AGENT_SDK").map_or_else(beside_this_crate, PathBuf::from);
        let (origin, password) = (variable("PORTAL_ORIGIN")?, variable("PORTAL_PASSWORD")?);
        Ok(Self { address, origin, password, agent_sdk, account })
    }

    /// Opens the key, or starts the stand-in, and listens. The text is for whoever started the program.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the address or the account.
    pub async fn start(self) -> Result<(TcpListener, Portal, String), Box<dyn Error>> {
        let taken =
            |error| format!("cannot listen on {}; set PORTAL_ADDRESS to another address: {error}", self.address);
        let listener = TcpListener::bind(self.address).await.map_err(taken)?;
        let origin =
            self.origin.map_or_else(|| Ok(format!("http://{}", listener.local_addr()?)), Ok::<_, io::Error>)?;
        let (minter, instance, about) = match self.account {
            Some(account) => account.open().await?,
            None => stand_in().await?,
        };
        let password = match self.password {
            Some(password) => Password::new(password),
            None => Password::random()?,
        };
        let directory = Directory::demo(password);
        let greeting = format!("{about}\n{}\nopen {origin}", directory.how_to_sign_in());
        let secure = origin.starts_with("https://");
        Ok((listener, Portal { minter, instance, directory, agent_sdk: self.agent_sdk, secure }, greeting))
    }
}

impl AccountConfig {
    async fn open(self) -> Result<(Minter, Instance, String), Box<dyn Error>> {
        let key = KeyUris::new().open(&self.key).await?;
        let minter = Minter::new(LicenseKey::new(self.license_key)?, key);
        let public_key = minter.check().await?;
        let instance = self.instance.map_or_else(|| Ok(Instance::default()), |origin| Instance::new(&origin))?;
        let about = format!(
            "{} accepts the tokens if this stands in its dashboard, Settings > Integrations > JWT SSO:\n{}",
            instance.origin(),
            public_key.to_pem()
        );
        Ok((minter, instance, about))
    }
}

/// A new key, and a service on loopback that knows its public half.
async fn stand_in() -> Result<(Minter, Instance, String), Box<dyn Error>> {
    let key = PemKey::generate(RsaKeySize::Rsa2048)?;
    let stub = Stub::new(vec![Account::new("trial", key.public_key().to_pem())?]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let instance = Instance::new(&format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(async move { axum::serve(listener, stub.router()).await });
    let about = format!(
        "a stand-in for Cobrowse runs at {}; for a real account set COBROWSE_LICENSE_KEY and COBROWSE_PRIVATE_KEY,\n\
         such as file:///etc/cobrowse/key.pem, and COBROWSE_INSTANCE if it is self-hosted",
        instance.origin()
    );
    Ok((Minter::new(LicenseKey::new("trial")?, key), instance, about))
}

fn beside_this_crate() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/cobrowse-agent-sdk")
}

fn variable(name: &str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(ConfigError("a COBROWSE_ or PORTAL_ variable is not Unicode; set it again"))
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for ConfigError {}
