use std::{collections::BTreeMap, ffi::OsString, fs};

use super::*;

fn public_key() -> PublicKey {
    PublicKey::from_components(&[0xff; 256], &[1, 0, 1]).unwrap()
}

fn read<V: Into<OsString>>(variables: impl IntoIterator<Item = (&'static str, V)>) -> Result<Config, ConfigError> {
    let variables: BTreeMap<_, OsString> = variables.into_iter().map(|(name, value)| (name, value.into())).collect();
    environment::read(|name| variables.get(name).cloned())
}

const REQUIRED: [(&str, &str); 2] = [("COBROWSE_LICENSE_KEY", "SPGqPIcVnsOEJQ"), ("COBROWSE_KEY", "/etc/key.pem")];

/// The required variables and this one.
fn with(name: &'static str, value: &str) -> Result<Config, ConfigError> {
    read(REQUIRED.into_iter().chain([(name, value)]))
}

#[test]
fn read_of_required_variables_uses_defaults() {
    let config = read(REQUIRED).unwrap();
    assert_eq!(config.license_key().as_str(), "SPGqPIcVnsOEJQ");
    assert_eq!(config.key(), &"/etc/key.pem".parse().unwrap());
    assert_eq!(config.instance(), &Instance::default());
    assert_eq!(config.default_lifetime(), Lifetime::default());
    assert!(config.public_keys().is_empty());
    assert!(!config.allow_http && !config.allow_foreign_owner && !config.strict_permissions);
}

#[test]
fn read_of_every_variable_sets_every_field() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registered.pem");
    let key = public_key();
    fs::write(&file, format!("{0}\n{0}", key.to_pem())).unwrap();
    let config = read(REQUIRED.into_iter().chain([
        ("COBROWSE_PUBLIC_KEY", file.to_str().unwrap()),
        ("COBROWSE_INSTANCE", "https://cobrowse.example.com"),
        ("COBROWSE_LIFETIME", "15m"),
        ("COBROWSE_PASSPHRASE", "secret"),
        ("COBROWSE_STRICT_PERMISSIONS", "true"),
        ("COBROWSE_ALLOW_FOREIGN_OWNER", "true"),
        ("COBROWSE_ALLOW_HTTP", "true"),
    ]))
    .unwrap();
    assert_eq!(config.public_keys(), [key.clone(), key]);
    assert_eq!(config.instance().origin(), "https://cobrowse.example.com");
    assert_eq!(config.default_lifetime().as_secs(), 900);
    assert!(config.allow_http && config.allow_foreign_owner && config.strict_permissions);
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn empty_variable_counts_as_unset() {
    assert!(matches!(read([("COBROWSE_KEY", ""), ("COBROWSE_INSTANCE", "")]), Err(ConfigError::NotConfigured)));
    let config = with("COBROWSE_LIFETIME", "").unwrap();
    assert_eq!(config.default_lifetime(), Lifetime::default());
}

#[test]
fn missing_variable_is_named() {
    assert!(matches!(read::<&str>([]), Err(ConfigError::NotConfigured)));
    for (set, missing) in [
        (REQUIRED[0], "COBROWSE_KEY"),
        (REQUIRED[1], "COBROWSE_LICENSE_KEY"),
        (("COBROWSE_INSTANCE", "https://cobrowse.io"), "COBROWSE_LICENSE_KEY"),
    ] {
        let error = read([set]).unwrap_err();
        assert_eq!((error.to_string(), error.id()), (format!("{missing} is not set"), "missing-setting"));
        assert!(error.hint().is_some() && !error.is_transient());
    }
}

#[test]
fn invalid_value_is_reported_by_its_variable_without_the_value() {
    for (variable, value) in [
        ("COBROWSE_LICENSE_KEY", "secret secret"),
        ("COBROWSE_KEY", "-----BEGIN PRIVATE KEY-----\nsecret"),
        ("COBROWSE_KEY", "pkcs11:token=x?pin-value=secret"),
        ("COBROWSE_PUBLIC_KEY", "secret"),
        ("COBROWSE_INSTANCE", "https://jane:secret@cobrowse.io"),
        ("COBROWSE_LIFETIME", "secret"),
        ("COBROWSE_LIFETIME", "2d"),
        ("COBROWSE_STRICT_PERMISSIONS", "secret"),
        ("COBROWSE_ALLOW_FOREIGN_OWNER", "1"),
        ("COBROWSE_ALLOW_HTTP", "yes"),
    ] {
        let error = with(variable, value).unwrap_err();
        assert_eq!((error.to_string(), error.id()), (format!("invalid {variable}"), "invalid-setting"));
        assert!(error.hint().is_some(), "{error:?}");
        let shown = format!("{error:?} {}", std::error::Error::source(&error).unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn value_that_is_not_unicode_is_reported_by_its_variable() {
    use std::os::unix::ffi::OsStringExt as _;
    let key = ("COBROWSE_KEY", OsString::from_vec(vec![b'k', 0xff]));
    let error = read([("COBROWSE_LICENSE_KEY", "trial".into()), key]).unwrap_err();
    assert_eq!(error.to_string(), "invalid COBROWSE_KEY");
}

#[test]
fn public_key_file_without_public_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registered");
    let file = path.to_str().unwrap();
    let key = public_key();
    let pem = key.to_pem();
    for text in ["", "text", &pem.replace("PUBLIC KEY", "PRIVATE KEY"), &format!("{pem}text"), "{}"] {
        fs::write(&path, text).unwrap();
        assert_eq!(with("COBROWSE_PUBLIC_KEY", file).unwrap_err().id(), "invalid-setting", "{text}");
    }
    fs::write(&path, format!("{pem}{}", " ".repeat(64 * 1024))).unwrap();
    let error = with("COBROWSE_PUBLIC_KEY", file).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "file exceeds 64 KiB");

    fs::write(&path, key.to_jwk()).unwrap();
    assert_eq!(with("COBROWSE_PUBLIC_KEY", file).unwrap().public_keys(), std::slice::from_ref(&key));
    let builder = || Config::builder(LicenseKey::new("trial").unwrap(), "key.pem".parse().unwrap());
    assert_eq!(builder().public_key_file(&path).build().unwrap().public_keys(), [key]);
    let error = builder().public_key_file(folder.path().join("missing")).build().unwrap_err();
    assert_eq!(error.to_string(), "invalid public_key_file");
}

#[test]
fn deserialize_refuses_unknown_fields() {
    let json = |more: &str| format!(r#"{{"license_key":"trial","key":"env:KEY"{more}}}"#);
    let config: Config = serde_json::from_str(&json(r#","passphrase_file":"/run/secrets/passphrase""#)).unwrap();
    assert!(!format!("{config:?}").contains("secrets"));
    let error = serde_json::from_str::<Config>(&json(r#","lifetime":"15m""#)).unwrap_err();
    assert!(error.to_string().contains("unknown field `lifetime`"), "{error}");
    let error = serde_json::from_str::<Config>(r#"{"license_key":"trial"}"#).unwrap_err();
    assert!(error.to_string().contains("missing field `key`"), "{error}");
}

#[test]
fn minter_with_disabled_or_unknown_scheme_returns_error() {
    let minter = |key: &str| {
        let config = Config::builder(LicenseKey::new("trial").unwrap(), key.parse().unwrap()).build().unwrap();
        pollster::block_on(config.minter()).unwrap_err()
    };
    assert_eq!(minter("vault:x").id(), "unknown-scheme");
    if cfg!(not(feature = "aws-kms")) {
        let error = minter("awskms:///alias/x");
        assert_eq!(error.to_string(), "key URI scheme needs the feature `aws-kms`");
    }
}

#[cfg(feature = "testing")]
#[test]
fn minter_signs_with_the_settings() {
    use std::sync::Arc;

    use cobrowse_jwt_core::{Access, AgentClaims, Role};

    use crate::{KeyUriError, KeyUriScheme, async_trait, testing::TestAccount};

    struct Opener(TestAccount);
    #[async_trait]
    impl KeyUriScheme for Opener {
        async fn open(&self, _: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
            Ok(Arc::new(self.0.key().clone()))
        }
    }

    let (account, other) = (TestAccount::new(), TestAccount::new());
    let mint = |public_key: &PublicKey| {
        let config = Config::builder(account.license_key().clone(), "test:".parse().unwrap())
            .public_key(public_key.clone())
            .default_lifetime("15m".parse().unwrap())
            .build()
            .unwrap();
        let registry = pollster::block_on(config.key_registry()).unwrap();
        let registry = registry.scheme("test", Opener(account.clone())).unwrap();
        let source = pollster::block_on(registry.open(config.key())).unwrap();
        let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent)).unwrap();
        pollster::block_on(config.minter_builder(source).clock(account.clock().clone()).build().mint(&claims))
    };
    let token = mint(account.key().public_key()).unwrap();
    let verified = account.assert_accepted(token.expose_secret());
    assert_eq!(verified.expires_at.duration_since(verified.issued_at).unwrap().as_secs(), 900);
    assert_eq!(mint(other.key().public_key()).unwrap_err().id(), "unregistered-key");
}

#[cfg(all(unix, feature = "pem"))]
#[test]
#[ignore = "needs `root`: only root can change the owner of a file"]
fn key_of_another_owner_is_refused_unless_allowed() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let key = cobrowse_jwt_pem::PemKey::generate(cobrowse_jwt_pem::RsaKeySize::Rsa2048).unwrap();
    fs::write(&path, &*key.to_pkcs8_pem().unwrap()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    chown(&path, Some(65_534), None).unwrap();
    for allowed in [false, true] {
        let config = read([
            ("COBROWSE_LICENSE_KEY", "trial"),
            ("COBROWSE_KEY", path.to_str().unwrap()),
            ("COBROWSE_ALLOW_FOREIGN_OWNER", if allowed { "true" } else { "false" }),
        ]);
        assert_eq!(pollster::block_on(config.unwrap().minter()).is_ok(), allowed);
    }
}

#[cfg(all(unix, feature = "encrypted-pem"))]
mod encrypted {
    use std::os::unix::fs::PermissionsExt as _;

    use cobrowse_jwt_pem::{Passphrase, PemKey, RsaKeySize};

    use super::*;

    #[test]
    fn passphrase_is_read_from_the_file_or_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let pem = key.to_encrypted_pkcs8_pem(&Passphrase::new("correct horse")).unwrap();
        let key_file = write("key.pem", &pem);
        let passphrase_file = write("passphrase", "correct horse\n");
        let open = |variables: &[(&'static str, &str)]| {
            let required = [("COBROWSE_LICENSE_KEY", "trial"), ("COBROWSE_KEY", key_file.as_str())];
            let config = read(required.into_iter().chain(variables.iter().copied())).unwrap();
            pollster::block_on(async { Ok(config.minter().await?.check_key().await.unwrap()) })
        };
        let opened = |variables: &[_]| {
            let opened: Result<_, ConfigError> = open(variables);
            opened.map(|public_key| assert_eq!(&public_key, key.public_key()))
        };
        opened(&[("COBROWSE_PASSPHRASE", "correct horse")]).unwrap();
        let file = ("COBROWSE_PASSPHRASE_FILE", passphrase_file.as_str());
        opened(&[file, ("COBROWSE_PASSPHRASE", "wrong")]).unwrap();
        assert!(matches!(opened(&[]), Err(ConfigError::Key(_))));
        let error = opened(&[("COBROWSE_PASSPHRASE_FILE", "/nonexistent")]).unwrap_err();
        assert_eq!(error.to_string(), "invalid COBROWSE_PASSPHRASE_FILE");
    }
}
