use std::sync::Arc;

use cobrowse_jwt_core::{KeySource, async_trait};
use pollster::block_on;

use super::{uri::split_scheme, *};

fn open(registry: &KeyUriRegistry, uri: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
    block_on(async { registry.open(&uri.parse()?).await })
}

fn refused(uri: &str) -> KeyUriError {
    open(&KeyUriRegistry::new(), uri).unwrap_err()
}

#[test]
fn what_is_no_key_uri_is_named_and_not_echoed() {
    for uri in
        ["", "  ", "vault:secret", "pkcs11:token=secret", "-----BEGIN PRIVATE KEY-----\\nMIIsecret", "http://secret/"]
    {
        let error = refused(uri);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    assert!(matches!(refused(""), KeyUriError::Empty));
    assert!(matches!(refused("vault:x"), KeyUriError::UnknownScheme));
    assert!(matches!(refused("pkcs11:token=x"), KeyUriError::UnknownScheme));
    assert!(matches!(refused("-----BEGIN RSA PRIVATE KEY-----"), KeyUriError::PrivateKeyInUri));
}

#[test]
fn schemes_are_told_from_paths() {
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
fn a_third_party_adds_its_scheme_on_a_value() {
    struct Refusing;
    #[async_trait]
    impl KeyUriScheme for Refusing {
        async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
            assert_eq!(rest, "//a/b");
            Err(KeyUriError::Empty)
        }
    }
    let uris = KeyUriRegistry::new().with_scheme("vault", Refusing).unwrap();
    assert!(matches!(open(&uris, "vault://a/b"), Err(KeyUriError::Empty)));
    assert!(matches!(refused("vault://a/b"), KeyUriError::UnknownScheme), "no other value knows it");
    for scheme in ["", "v", "1v", "a b", "a/b"] {
        assert!(matches!(KeyUriRegistry::new().with_scheme(scheme, Refusing), Err(KeyUriError::InvalidScheme)));
    }
}

#[cfg(not(feature = "aws-kms"))]
#[test]
fn a_feature_that_is_off_is_named() {
    assert!(matches!(refused("awskms:///alias/x"), KeyUriError::FeatureDisabled { feature: "aws-kms" }));
}

#[test]
fn file_uri_names_a_path() {
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
    for uri in ["file://server/etc/k", "file:///etc/k?x", "file:///etc/k#x", "file://", "file:///%ff", "file:///a%00b"]
    {
        assert!(matches!(uri.parse::<KeyUri>(), Err(KeyUriError::InvalidFile)), "{uri}");
    }
}

#[test]
fn debug_shows_the_scheme_alone() {
    for uri in ["/etc/secret.pem", "env:SECRET", "awskms:///alias/secret", "vault:secret"] {
        let uri: KeyUri = uri.parse().unwrap();
        assert!(!format!("{uri:?} {:?}", uri.location()).to_lowercase().contains("secret"));
    }
}

#[cfg(feature = "pem")]
#[test]
fn missing_file_is_not_found() {
    let KeyUriError::Key(error) = refused("/nowhere/key.pem") else { panic!("opened") };
    assert_eq!(error.kind(), cobrowse_jwt_core::KeyErrorKind::NotFound);
}

#[cfg(feature = "env")]
#[test]
fn variables_are_read_by_name() {
    for uri in ["env:", "env://X", "env:A B"] {
        assert!(matches!(refused(uri), KeyUriError::InvalidVariable), "{uri}");
    }
    assert!(matches!(refused("env:COBROWSE_JWT_TEST_IS_NOT_SET"), KeyUriError::Key(_)));
}

#[test]
fn awskms_uri_names_endpoint_and_key_id() {
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
        ("//localhost.example.com/k", Some("https://localhost.example.com"), "k"),
    ] {
        let expected = KeyLocation::AwsKms { endpoint: endpoint.map(str::to_owned), key_id: key_id.to_owned() };
        assert!(parse(rest).unwrap().location() == &expected, "{rest}");
    }
    for rest in
        ["", "//", "///", "alias/x", "//1234abcd?region=eu-central-1", "//alias/x", "//host/", &format!("//{arn}")]
    {
        assert!(matches!(parse(rest), Err(KeyUriError::MissingKeyId)), "{rest}");
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
    ] {
        assert!(matches!(parse(rest), Err(KeyUriError::InvalidEndpoint)), "{rest}");
    }
}

#[cfg(all(unix, feature = "encrypted-pem"))]
fn readable_by_all(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[cfg(all(unix, feature = "encrypted-pem"))]
#[test]
fn a_passphrase_opens_an_encrypted_file_and_leaves_others_as_they_are() {
    use cobrowse_jwt_pem::{Passphrase, PemKey, RsaKeySize};
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let passphrase = Passphrase::new("correct horse battery staple");
    let folder = tempfile::tempdir().unwrap();
    for (name, pem) in [("plain.pem", key.to_pkcs8_pem()), ("encrypted.pem", key.to_encrypted_pkcs8_pem(&passphrase))] {
        let path = folder.path().join(name);
        std::fs::write(&path, &*pem.unwrap()).unwrap();
        let uris = KeyUriRegistry::new().with_passphrase(passphrase.clone());
        let uri = format!("file://{}", path.display());
        let source = open(&uris, &uri).unwrap();
        assert_eq!(block_on(source.signing_key()).unwrap().public_key(), key.public_key());
        readable_by_all(&path);
        assert!(open(&uris, &uri).is_ok());
        assert!(open(&uris.with_strict_permissions(true), &uri).is_err());
    }
    let encrypted = folder.path().join("encrypted.pem");
    assert!(matches!(refused(encrypted.to_str().unwrap()), KeyUriError::Key(_)));
}

#[cfg(all(feature = "encrypted-pem", feature = "env"))]
#[test]
fn options_never_replace_a_registered_scheme() {
    struct Mine;
    #[async_trait]
    impl KeyUriScheme for Mine {
        async fn open(&self, _: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
            Err(KeyUriError::Empty)
        }
    }
    let passphrase = || cobrowse_jwt_pem::Passphrase::new("x");
    for scheme in ["file", "env"] {
        let registry = KeyUriRegistry::new().with_scheme(scheme, Mine).unwrap();
        let registry = registry.with_strict_permissions(true).with_passphrase(passphrase());
        assert!(matches!(open(&registry, &format!("{scheme}:x")), Err(KeyUriError::Empty)), "{scheme}");
    }
}

#[cfg(feature = "aws-kms")]
#[test]
fn only_an_awskms_uri_makes_a_kms_key() {
    for uri in ["key.pem", "env:awskms", "awskmsx:///alias/x"] {
        let error = block_on(KeyUriRegistry::aws_kms_builder(&uri.parse().unwrap())).unwrap_err();
        assert!(matches!(error, KeyUriError::UnknownScheme));
    }
}
