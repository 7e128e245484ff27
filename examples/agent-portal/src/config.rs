use std::{
    env,
    error::Error,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use cobrowse_jwt::{
    ConfigError, Instance, LicenseKey, Minter,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_stub::{Account, Stub};
use tokio::net::TcpListener;

use crate::{Directory, Password, Portal};

/// The configuration, read from environment variables.
#[derive(Debug)]
pub struct Config {
    /// `PORTAL_ADDRESS`: the address to listen at, by default 127.0.0.1:3000.
    pub address: SocketAddr,
    /// `PORTAL_ORIGIN`: the https origin of a reverse proxy, which must forward the header `Host`. Without it the portal listens
    /// on loopback only, because browsers send fetch metadata to https and loopback origins only.
    pub origin: Option<Instance>,
    /// `PORTAL_PASSWORD`: the demo agents' password, by default random.
    pub password: Option<Password>,
    /// `COBROWSE_AGENT_SDK`: the folder of the npm package `cobrowse-agent-sdk`, by default in this crate's `node_modules`.
    pub agent_sdk: PathBuf,
    /// The Cobrowse account, from the variables of [`cobrowse_jwt::Config`]. Without one, the portal starts a mock of the service.
    pub account: Option<cobrowse_jwt::Config>,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// If a variable is invalid, or if a variable is missing that another one requires.
    pub fn from_env() -> Result<Self, Box<dyn Error>> {
        let address = variable("PORTAL_ADDRESS")?.map(|address| {
            address
                .parse()
                .map_err(|_| VariableError("PORTAL_ADDRESS", "is not a socket address such as 127.0.0.1:3000"))
        });
        let address: SocketAddr = address.transpose()?.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 3000).into());
        let origin = variable("PORTAL_ORIGIN")?.map(|origin| https(&origin)).transpose()?;
        if origin.is_none() && !address.ip().is_loopback() {
            return Err(
                VariableError("PORTAL_ORIGIN", "is not set, and PORTAL_ADDRESS is not a loopback address").into()
            );
        }
        let agent_sdk = env::var_os("COBROWSE_AGENT_SDK").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/cobrowse-agent-sdk"),
            PathBuf::from,
        );
        let password = variable("PORTAL_PASSWORD")?.map(Password::new);
        let account = match cobrowse_jwt::Config::from_env() {
            Ok(account) => Some(account),
            Err(ConfigError::NotConfigured) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { address, origin, password, agent_sdk, account })
    }

    /// Opens the key or starts the mock, and binds the address. The text is for the operator.
    ///
    /// # Errors
    ///
    /// If the address or the key cannot be used.
    pub async fn start(self) -> Result<(TcpListener, Portal, String), Box<dyn Error>> {
        let listener = TcpListener::bind(self.address).await?;
        let (minter, instance, about) = match self.account {
            Some(account) => open(&account).await?,
            None => mock_service().await?,
        };
        let address = listener.local_addr()?;
        let origin = self.origin.map_or_else(|| Instance::new(&format!("http://{address}")), Ok)?;
        let (password, hint) = match self.password {
            Some(password) => (password, "the password of PORTAL_PASSWORD".to_owned()),
            None => Password::random()?,
        };
        let directory = Directory::demo(password);
        let emails = directory.emails();
        let greeting =
            format!("{about}\nsign in as {emails} with {hint}\nlistening at {address}; open {}", origin.origin());
        Ok((listener, Portal { minter, instance, directory, agent_sdk: self.agent_sdk, origin }, greeting))
    }
}

async fn open(account: &cobrowse_jwt::Config) -> Result<(Minter, Instance, String), Box<dyn Error>> {
    let minter = account.minter().await?;
    let public_key = minter.check_key().await?;
    let instance = account.instance().clone();
    let about = format!(
        "register this public key at {instance}, Settings > Integrations > JWT SSO:\n{public_key}\
         the demo agents become users of your account, and see devices whose user_id is 42, 43 or 44"
    );
    Ok((minter, instance, about))
}

/// Starts a mock of the Cobrowse service on loopback with a new key registered.
async fn mock_service() -> Result<(Minter, Instance, String), Box<dyn Error>> {
    let key = PemKey::generate(RsaKeySize::Rsa2048)?;
    let stub = Stub::new(vec![Account::new("trial", key.public_key().to_pem())?]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    // By name, so that browsers treat it as another site than the portal, as they treat Cobrowse.
    let instance = Instance::new(&format!("http://localhost:{}", listener.local_addr()?.port()))?;
    tokio::spawn(async move { axum::serve(listener, stub.router()).await });
    let about = format!(
        "a mock of Cobrowse runs at {}\n\
         to use your account, set COBROWSE_LICENSE_KEY, COBROWSE_KEY (such as file:///etc/cobrowse/key.pem) and,\n\
         if it is self-hosted, COBROWSE_INSTANCE; a key in AWS KMS needs --features aws-kms",
        instance.origin()
    );
    Ok((Minter::new(LicenseKey::new("trial")?, key), instance, about))
}

/// An `Instance` can also be http on loopback.
fn https(origin: &str) -> Result<Instance, VariableError> {
    Instance::new(origin)
        .ok()
        .filter(|origin| origin.origin().starts_with("https://"))
        .ok_or(VariableError("PORTAL_ORIGIN", "is not an https origin such as https://portal.example.com"))
}

fn variable(name: &'static str) -> Result<Option<String>, VariableError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Err(VariableError(name, "is empty")),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(VariableError(name, "is not Unicode")),
    }
}

/// The variable, and what is wrong with it.
#[derive(Debug)]
struct VariableError(&'static str, &'static str);

impl fmt::Display for VariableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.0, self.1)
    }
}

impl Error for VariableError {}
