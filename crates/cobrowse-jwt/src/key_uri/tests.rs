use std::sync::Arc;

use cobrowse_jwt_core::{KeySource, async_trait};
use pollster::block_on;

use super::{uri::split_scheme, *};

fn open(registry: &KeyUriRegistry, uri: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
    block_on(async { registry.open(&uri.parse()?).await })
}

const OPENED: KeyUriError = KeyUriError::invalid("opened", "");

fn refused(uri: &str) -> KeyUriError {
    open(&KeyUriRegistry::new(), uri).unwrap_err()
}

#[test]
fn parse_of_invalid_text_returns_error_without_the_text() {
    for uri in
        ["", "  ", "vault:secret", "pkcs11:token=secret", "-----BEGIN PRIVATE KEY-----\\nMIIsecret", "http://secret/"]
    {
        let error = refused(uri);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    assert_eq!(refused("").to_string(), "key URI is empty");
    assert!(matches!(refused("vault:x"), KeyUriError::UnknownScheme));
    assert!(matches!(refused("-----BEGIN RSA PRIVATE KEY-----"), KeyUriError::PrivateKeyInUri));
}

#[test]
fn split_scheme_of_path_returns_none() {
    for (uri, scheme) in [
        ("env:X", Some("env")),
        ("ENV:X", Some("env")),
        ("awskms:///x", Some("awskms")),
        ("key.pem", None),
        ("/etc/a:b", None),
        ("./env:x", None),
        ("C:\\key.pem", None),
        ("1a:x", None),
    ] {
        assert_eq!(split_scheme(uri).map(|(scheme, _)| scheme).as_deref(), scheme, "{uri}");
    }
}

#[test]
fn open_with_registered_scheme_calls_its_opener() {
    struct Refusing;
    #[async_trait]
    impl KeyUriScheme for Refusing {
        async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
            assert_eq!(rest, "//a/b");
            Err(OPENED)
        }
    }
    let registry = KeyUriRegistry::new().scheme("vault", Refusing).unwrap();
    assert_eq!(open(&registry, "vault://a/b").unwrap_err().to_string(), "opened");
    assert!(matches!(refused("vault://a/b"), KeyUriError::UnknownScheme), "not process-wide");
    for scheme in ["", "v", "1v", "a b", "a/b", "a:b"] {
        assert!(matches!(KeyUriRegistry::new().scheme(scheme, Refusing), Err(KeyUriError::InvalidScheme)));
    }
}

#[test]
fn scheme_registered_twice_returns_error() {
    struct Opener;
    #[async_trait]
    impl KeyUriScheme for Opener {
        async fn open(&self, _: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
            Err(OPENED)
        }
    }
    let registry = KeyUriRegistry::new().scheme("file", Opener).unwrap();
    let other = registry.clone().scheme("vault", Opener);
    assert!(other.is_ok());
    for scheme in ["file", "FILE"] {
        assert!(matches!(registry.clone().scheme(scheme, Opener), Err(KeyUriError::DuplicateScheme)), "{scheme}");
    }
}

#[test]
fn parse_of_uri_with_pin_returns_error_without_the_pin() {
    for uri in ["pkcs11:token=a;object=b?pin-value=secret", "PKCS11:token=a?PIN-VALUE=secret", "hsm:x?pin-value=secret"]
    {
        let error = uri.parse::<KeyUri>().unwrap_err();
        assert!(matches!(error, KeyUriError::PinInUri), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    assert!("pkcs11:token=a?module-path=/m.so&pin-source=file:/etc/pin".parse::<KeyUri>().is_ok());
}

#[test]
fn parse_of_aws_name_without_scheme_returns_hint() {
    for name in ["alias/cobrowse", "arn:aws:kms:eu-central-1:111122223333:key/x"] {
        let error = name.parse::<KeyUri>().unwrap_err();
        assert_eq!(error.to_string(), "key URI has no scheme");
        assert!(error.hint().unwrap().contains("awskms:///"), "{name}");
    }
    assert!("./alias/cobrowse".parse::<KeyUri>().is_ok());
}

#[test]
fn deserialize_accepts_what_parse_accepts() {
    let uri: KeyUri = serde_json::from_str("\"env:COBROWSE_PRIVATE_KEY\"").unwrap();
    assert_eq!(uri, "env:COBROWSE_PRIVATE_KEY".parse().unwrap());
    let error = serde_json::from_str::<KeyUri>("\"-----BEGIN PRIVATE KEY-----\\nMIIsecret\"").unwrap_err().to_string();
    assert!(error.contains("found a private key") && !error.contains("MII"), "{error}");
    assert!(serde_json::from_str::<KeyUri>("5").is_err());
}

#[test]
fn error_has_id_hint_and_transience() {
    use cobrowse_jwt_core::{KeyError, KeyErrorKind};
    let key = |kind| KeyUriError::from(KeyError::new(kind, "x").with_hint("y"));
    assert!(key(KeyErrorKind::Throttled).is_transient());
    assert!(!key(KeyErrorKind::NotFound).is_transient());
    assert_eq!(key(KeyErrorKind::NotFound).hint(), Some("y"));
    let uri = refused("vault:x");
    assert_eq!((uri.id(), uri.is_transient()), ("unknown-scheme", false));
    assert!(uri.hint().is_some());
}

#[cfg(not(feature = "pkcs11"))]
#[test]
fn open_of_token_with_disabled_feature_names_the_feature() {
    assert!(matches!(refused("pkcs11:token=x"), KeyUriError::FeatureDisabled { feature: "pkcs11" }));
}

#[cfg(feature = "pkcs11")]
#[test]
fn parse_of_pkcs11_uri_checks_its_attributes() {
    let uri: KeyUri = "PKCS11:token=secret?module-path=/m.so".parse().unwrap();
    assert!(uri.location() == &KeyLocation::Pkcs11 && !format!("{uri:?}").contains("secret"));
    assert!(KeyUriRegistry::new().pkcs11_builder(&uri).is_ok());
    let error = refused("pkcs11:token=secret");
    assert_eq!((error.to_string().as_str(), error.id()), ("pkcs11: URI has no module-path", "invalid-key-uri"));
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()));
    let error = KeyUriRegistry::new().pkcs11_builder(&"env:X".parse().unwrap()).unwrap_err();
    assert!(matches!(error, KeyUriError::UnknownScheme));
}

#[test]
fn open_with_disabled_feature_names_the_feature() {
    if cfg!(not(feature = "aws-kms")) {
        assert!(matches!(refused("awskms:///alias/x"), KeyUriError::FeatureDisabled { feature: "aws-kms" }));
    }
    if cfg!(not(feature = "vault")) {
        assert!(matches!(refused("hashivault://x"), KeyUriError::FeatureDisabled { feature: "vault" }));
    }
}

#[test]
fn parse_of_path_does_not_decode_it() {
    for path in ["/etc/key.pem", "//etc/key.pem", "///etc/a%20b.pem", "a?b#c", "C:\\key.pem", "//server/share/key.pem"]
    {
        let uri: KeyUri = path.parse().unwrap();
        assert!(uri.location() == &KeyLocation::File(path.into()), "{path}");
    }
}

#[test]
fn parse_of_file_uri_returns_path() {
    use std::path::Path;
    for (uri, path) in [
        ("file:///etc/a%20b.pem", "/etc/a b.pem"),
        ("file://localhost/etc/k", "/etc/k"),
        ("file:/etc/k", "/etc/k"),
        ("FILE:k%20.pem", "k%20.pem"),
        ("k%20.pem", "k%20.pem"),
    ] {
        let uri: KeyUri = uri.parse().unwrap();
        assert_eq!(uri.location(), &KeyLocation::File(Path::new(path).to_owned()));
    }
    for uri in [
        "file://server/etc/k",
        "file:///etc/k?x",
        "file:///etc/k#x",
        "file://",
        "file:///%ff",
        "file:///a%00b",
        "file:",
    ] {
        assert!(
            uri.parse::<KeyUri>().is_err_and(|error| error.to_string() == "file: URI is not a local path"),
            "{uri}"
        );
    }
}

#[test]
fn debug_shows_only_the_scheme() {
    for uri in
        ["/etc/secret.pem", "env:SECRET", "awskms:///alias/secret", "hashivault://secret", "vault:secret", "secret:x"]
    {
        let uri: KeyUri = uri.parse().unwrap();
        assert!(!format!("{uri:?} {:?}", uri.location()).to_lowercase().contains("secret"));
    }
}

#[cfg(feature = "pem")]
#[test]
fn open_of_missing_file_returns_not_found() {
    let KeyUriError::Key(error) = refused("/nowhere/key.pem") else { panic!("opened") };
    assert_eq!(error.kind(), cobrowse_jwt_core::KeyErrorKind::NotFound);
}

#[cfg(feature = "env")]
#[test]
fn open_of_unset_variable_returns_error() {
    for uri in ["env:", "env://X", "env:A B"] {
        assert_eq!(refused(uri).to_string(), "invalid variable name", "{uri}");
    }
    assert!(matches!(refused("env:COBROWSE_JWT_TEST_IS_NOT_SET"), KeyUriError::Key(_)));
}

#[test]
fn parse_of_awskms_uri_returns_endpoint_and_key_id() {
    let parse = |rest: &str| format!("awskms:{rest}").parse::<KeyUri>();
    let arn = "arn:aws:kms:eu-central-1:111122223333:key/mrk-1";
    for (rest, endpoint, key_id) in [
        ("///alias/cobrowse", None, "alias/cobrowse"),
        ("///1234abcd-12ab-34cd-56ef-1234567890ab", None, "1234abcd-12ab-34cd-56ef-1234567890ab"),
        (&format!("///{arn}"), None, arn),
        ("//kms.example.com/alias/x", Some("https://kms.example.com"), "alias/x"),
        ("//kms.example.com:8443/alias/x", Some("https://kms.example.com:8443"), "alias/x"),
        ("//localhost:4566/alias/x", Some("http://localhost:4566"), "alias/x"),
        ("//127.0.0.1:4566/k", Some("http://127.0.0.1:4566"), "k"),
        ("//[::1]:4566/k", Some("http://[::1]:4566"), "k"),
        ("//localhost/k", Some("http://localhost"), "k"),
        ("//emulator:4566/k", Some("https://emulator:4566"), "k"),
        ("//localhost.example.com/k", Some("https://localhost.example.com"), "k"),
    ] {
        let expected = KeyLocation::AwsKms { endpoint: endpoint.map(str::to_owned), key_id: key_id.to_owned() };
        assert!(parse(rest).unwrap().location() == &expected, "{rest}");
    }
    for rest in
        ["", "//", "///", "alias/x", "//1234abcd?region=eu-central-1", "//alias/x", "//host/", &format!("//{arn}")]
    {
        assert_eq!(parse(rest).unwrap_err().to_string(), "awskms: URI has no key id", "{rest}");
    }
    for rest in [
        "//LOCALHOST:4566/k",
        "//127.1:4566/k",
        "//2130706433/k",
        "//host./k",
        "//a..b/k",
        "//@localhost/k",
        "//%6cocalhost/k",
        "//local\thost/k",
        "//jane:secret@host/k",
        "//ho st/k",
        "//host/k?region=x",
        "//host:99999/k",
        "//hunter2/correct-horse",
    ] {
        assert_eq!(parse(rest).unwrap_err().to_string(), "invalid endpoint in awskms: URI", "{rest}");
    }
}

#[test]
fn parse_of_hashivault_uri_returns_name() {
    for name in ["cobrowse", "agent-tokens_2.prod", "X"] {
        let uri: KeyUri = format!("hashivault://{name}").parse().unwrap();
        assert!(uri.location() == &KeyLocation::Vault { name: name.to_owned() }, "{name}");
    }
    for rest in ["", "//", "///x", "x", "/x", "//a/b", "//a?version=1", "//a#b", "//jane@x", "//a b", "//%61", "//é"] {
        let error = format!("hashivault:{rest}").parse::<KeyUri>().unwrap_err();
        assert_eq!(error.to_string(), "hashivault: URI has no valid key name", "{rest}");
    }
}

#[cfg(feature = "vault")]
#[test]
fn vault_builder_with_other_scheme_returns_unknown_scheme() {
    for uri in ["key.pem", "env:hashivault", "vault://x"] {
        let error = KeyUriRegistry::new().vault_builder(&uri.parse().unwrap()).unwrap_err();
        assert!(matches!(error, KeyUriError::UnknownScheme), "{uri}");
    }
}

#[cfg(all(unix, feature = "encrypted-pem"))]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(all(unix, feature = "encrypted-pem"))]
#[test]
fn open_with_passphrase_opens_encrypted_and_plain_files() {
    use cobrowse_jwt_pem::{Passphrase, PemKey, RsaKeySize};
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let passphrase = Passphrase::new("correct horse battery staple");
    let folder = tempfile::tempdir().unwrap();
    for (name, pem) in [("plain.pem", key.to_pkcs8_pem()), ("encrypted.pem", key.to_encrypted_pkcs8_pem(&passphrase))] {
        let path = folder.path().join(name);
        std::fs::write(&path, &*pem.unwrap()).unwrap();
        set_mode(&path, 0o600);
        let registry = KeyUriRegistry::new().passphrase(passphrase.clone());
        let uri = format!("file://{}", path.display());
        let source = open(&registry, &uri).unwrap();
        assert_eq!(block_on(source.signing_key()).unwrap().public_key(), key.public_key());
        set_mode(&path, 0o644);
        assert!(open(&registry, &uri).is_ok());
        assert!(open(&registry.strict_permissions(true), &uri).is_err());
    }
    let encrypted = folder.path().join("encrypted.pem");
    assert!(matches!(refused(encrypted.to_str().unwrap()), KeyUriError::Key(_)));
}

#[cfg(all(feature = "encrypted-pem", feature = "env"))]
#[test]
fn options_do_not_replace_a_registered_scheme() {
    struct Mine;
    #[async_trait]
    impl KeyUriScheme for Mine {
        async fn open(&self, _: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
            Err(OPENED)
        }
    }
    let passphrase = || cobrowse_jwt_pem::Passphrase::new("x");
    for scheme in ["file", "env"] {
        let registry = KeyUriRegistry::new().strict_permissions(true).passphrase(passphrase());
        let registry = registry.scheme(scheme, Mine).unwrap().strict_permissions(true).passphrase(passphrase());
        let opened = open(&registry, &format!("{scheme}:x"));
        assert_eq!(opened.unwrap_err().to_string(), "opened", "{scheme}");
    }
}

#[cfg(feature = "aws-kms")]
#[test]
fn aws_kms_builder_with_other_scheme_returns_unknown_scheme() {
    for uri in ["key.pem", "env:awskms", "awskmsx:///alias/x"] {
        let error = block_on(KeyUriRegistry::new().aws_kms_builder(&uri.parse().unwrap())).unwrap_err();
        assert!(matches!(error, KeyUriError::UnknownScheme));
    }
}
