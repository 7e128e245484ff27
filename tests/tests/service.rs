//! A small service that uses every conversion of the configuration types, and mints from `Config`.

use std::{error::Error, fmt, str::FromStr};

use clap::{Arg, Command, value_parser};
use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, ClockSkew, Config, DisplayName, Instance, KeyUri, LicenseKey, Lifetime, Minter,
    PublicKey, Role, Subject, Verifier,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::write_private_key;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The service: from configuration to a token.
mod service {
    use super::{Access, AgentClaims, AgentToken, Config, Error, Minter, Role};

    pub(super) async fn start(settings: &str) -> Result<Minter, Box<dyn Error>> {
        let config: Config = toml::from_str(settings)?;
        Ok(config.minter().await?)
    }

    pub(super) async fn sign_in(minter: &Minter, email: &str) -> Result<AgentToken, Box<dyn Error>> {
        let claims = AgentClaims::new(email, Access::Role(Role::Agent))?;
        Ok(minter.mint(&claims).await?)
    }
}

fn key() -> PemKey {
    PemKey::generate(RsaKeySize::Rsa2048).unwrap()
}

#[test]
fn service_with_toml_configuration_mints_accepted_token() {
    let folder = tempfile::tempdir().unwrap();
    let (key, path) = (key(), folder.path().join("key.pem"));
    write_private_key(&path, &key.to_pkcs8_pem().unwrap());
    let settings = format!(
        "license_key = 'trial'\nkey = '{}'\ndefault_lifetime = '15m'\npublic_keys = ['''\n{}''']\n",
        path.display(),
        key.public_key().to_pem()
    );
    pollster::block_on(async {
        let minter = service::start(&settings).await.unwrap();
        let token = service::sign_in(&minter, "jane@example.com").await.unwrap();
        let verifier = Verifier::new(LicenseKey::new("trial").unwrap(), key.public_key().clone());
        let claims = verifier.verify(token.expose_secret()).unwrap();
        assert_eq!(claims.expires_at.duration_since(claims.issued_at).unwrap().as_secs(), 900);
    });
}

#[test]
fn toml_error_message_does_not_contain_pasted_key() {
    let settings = "license_key = 'trial'\nkey = '-----BEGIN PRIVATE KEY-----MIIsecret'\n";
    let error = toml::from_str::<Config>(settings).unwrap_err();
    assert_eq!(error.message(), "expected a key URI, found a private key");
}

/// Parses the text in every way, and formats the value again.
fn convert<T>(text: &str) -> T
where
    T: Clone + FromStr + TryFrom<String> + fmt::Display + Serialize + DeserializeOwned + PartialEq + fmt::Debug,
    <T as FromStr>::Err: fmt::Debug,
    <T as TryFrom<String>>::Error: fmt::Debug,
{
    #[derive(Deserialize, Serialize)]
    struct Field<T> {
        value: T,
    }
    let value: T = text.parse().unwrap();
    assert_eq!(T::try_from(text.to_owned()).unwrap(), value);
    assert_eq!(value.to_string(), text);
    let written = toml::to_string(&Field { value: value.clone() }).unwrap();
    assert_eq!(toml::from_str::<Field<T>>(&written).unwrap().value, value, "{written}");
    let read: Field<T> = toml::from_str(&format!("value = '''\n{text}'''")).unwrap();
    assert_eq!(read.value, value);
    value
}

#[test]
fn every_configuration_type_converts_from_and_to_text() {
    let text: [&dyn AsRef<str>; 4] = [
        &convert::<LicenseKey>("SPGqPIcVnsOEJQ"),
        &convert::<Subject>("jane@example.com"),
        &convert::<DisplayName>("Jane Doe"),
        &convert::<Instance>("https://cobrowse.example.com"),
    ];
    assert_eq!(text[1].as_ref(), "jane@example.com");
    assert_eq!(convert::<Lifetime>("15m").as_secs(), 900);
    assert_eq!(convert::<ClockSkew>("30s").as_secs(), 30);
    assert_eq!(convert::<Role>("administrator"), Role::Administrator);
    let key = key();
    assert_eq!(&convert::<PublicKey>(key.public_key().to_pem()), key.public_key());
}

#[test]
fn every_configuration_type_is_a_clap_value() {
    let key = key();
    let command = Command::new("service").args([
        Arg::new("license").long("license").value_parser(value_parser!(LicenseKey)),
        Arg::new("agent").long("agent").value_parser(value_parser!(Subject)),
        Arg::new("name").long("name").value_parser(value_parser!(DisplayName)),
        Arg::new("instance").long("instance").value_parser(value_parser!(Instance)),
        Arg::new("lifetime").long("lifetime").value_parser(value_parser!(Lifetime)),
        Arg::new("leeway").long("leeway").value_parser(value_parser!(ClockSkew)),
        Arg::new("role").long("role").value_parser(value_parser!(Role)),
        Arg::new("registered").long("registered").value_parser(value_parser!(PublicKey)),
        Arg::new("key").long("key").value_parser(value_parser!(KeyUri)),
    ]);
    let matches = command
        .try_get_matches_from([
            "service",
            "--license=trial",
            "--agent=jane@example.com",
            "--name=Jane Doe",
            "--instance=https://cobrowse.example.com",
            "--lifetime=15m",
            "--leeway=30s",
            "--role=agent",
            &format!("--registered={}", key.public_key().to_pem()),
            "--key=awskms:///alias/cobrowse",
        ])
        .unwrap();
    assert_eq!(matches.get_one::<LicenseKey>("license").unwrap().as_str(), "trial");
    assert_eq!(matches.get_one::<Subject>("agent").unwrap().as_str(), "jane@example.com");
    assert_eq!(matches.get_one::<DisplayName>("name").unwrap().as_str(), "Jane Doe");
    assert_eq!(matches.get_one::<Instance>("instance").unwrap().origin(), "https://cobrowse.example.com");
    assert_eq!(matches.get_one::<Lifetime>("lifetime").unwrap().as_secs(), 900);
    assert_eq!(matches.get_one::<ClockSkew>("leeway").unwrap().as_secs(), 30);
    assert_eq!(matches.get_one("role"), Some(&Role::Agent));
    assert_eq!(matches.get_one("registered"), Some(key.public_key()));
    assert_eq!(matches.get_one::<KeyUri>("key").unwrap().scheme(), "awskms");
}
