//! Unusable keys are refused when they are loaded, with a kind and a message for each case. Harmless damage is tolerated.

use std::process::Command;

use cobrowse_jwt::{
    KeySource as _,
    pem::{
        Passphrase, PemError,
        PemErrorKind::{
            self, InvalidKey, MissingPassphrase, NotPem, NotPrivateKey, UnsupportedEncryption, UnsupportedKey,
            WrongPassphrase,
        },
        PemKey,
    },
};
use cobrowse_jwt_tests::{Openssl, PASSPHRASE, python_json};
use pollster::block_on;
use serde_json::Value;

fn load(pem: &[u8]) -> Result<PemKey, PemError> {
    PemKey::from_pem(pem)
}

fn decrypt(pem: &[u8], passphrase: &str) -> Result<PemKey, PemError> {
    PemKey::from_encrypted_pem(pem, &Passphrase::new(passphrase))
}

#[track_caller]
fn refused(case: &str, loaded: Result<PemKey, PemError>, kind: PemErrorKind, message: &str) {
    let error = loaded.expect_err(case);
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{case}");
}

const RSA: &str = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem";

#[test]
#[ignore = "needs openssl and ssh-keygen, which `cargo xtask test` checks for"]
fn load_unsupported_key_returns_its_kind_and_message() {
    let pss = "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048";
    let dsa = "genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -out parameters.pem";
    for (commands, kind, message) in [
        (
            &["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out out.pem"][..],
            UnsupportedKey,
            "expected an RSA key, found an elliptic-curve key",
        ),
        (
            &["ecparam -name prime256v1 -genkey -out out.pem"],
            UnsupportedKey,
            "expected an RSA key, found an elliptic-curve key",
        ),
        (
            &["genpkey -algorithm ED25519 -out out.pem"],
            UnsupportedKey,
            "expected an RSA key, found an Edwards-curve key",
        ),
        (
            &["genpkey -algorithm X25519 -out out.pem"],
            UnsupportedKey,
            "expected an RSA key, found an Edwards-curve key",
        ),
        (
            &[dsa, "genpkey -paramfile parameters.pem -out out.pem"],
            UnsupportedKey,
            "expected an RSA key, found a DSA key",
        ),
        (
            &[dsa, "genpkey -paramfile parameters.pem -out dsa.pem", "pkey -in dsa.pem -traditional -out out.pem"],
            UnsupportedKey,
            "expected an RSA key, found a DSA key",
        ),
        (&[&format!("{pss} -out out.pem")], UnsupportedKey, "RSA key is restricted to RSASSA-PSS"),
        (
            &[&format!("{pss} -pkeyopt rsa_pss_keygen_md:sha256 -out out.pem")],
            UnsupportedKey,
            "RSA key is restricted to RSASSA-PSS",
        ),
        (
            &["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out out.pem"],
            UnsupportedKey,
            "RSA key has 1024 bits; expected at least 2048",
        ),
        (
            &["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2047 -out out.pem"],
            UnsupportedKey,
            "RSA key has 2047 bits; expected at least 2048",
        ),
        (
            &["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out out.pem"],
            UnsupportedKey,
            "multi-prime RSA keys are not supported",
        ),
        (&[RSA, "pkey -in key.pem -pubout -out out.pem"], NotPrivateKey, "expected a private key, found a public key"),
        (
            &[RSA, "rsa -in key.pem -RSAPublicKey_out -out out.pem"],
            NotPrivateKey,
            "expected a private key, found a public key",
        ),
        (
            &[RSA, "req -new -x509 -key key.pem -days 1 -subj /CN=test -out out.pem"],
            NotPrivateKey,
            "expected a private key, found a certificate",
        ),
        (
            &[RSA, "req -new -key key.pem -subj /CN=test -out out.pem"],
            NotPrivateKey,
            "expected a private key, found a certificate signing request",
        ),
        (&[RSA, "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out out.pem"], NotPem, "expected PEM, found DER"),
        (
            &[RSA, "rsa -in key.pem -traditional -aes256 -passout $PASS -out out.pem"],
            UnsupportedEncryption,
            "legacy OpenSSL key encryption is not supported",
        ),
    ] {
        let openssl = commands.iter().fold(Openssl::new(), |openssl, command| openssl.run(command));
        refused(&commands.join("; "), load(&openssl.read("out.pem")), kind, message);
    }
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "out.pem"]);
    refused(
        "ssh-keygen",
        load(&Openssl::new().program(&mut keygen).read("out.pem")),
        UnsupportedKey,
        "expected PKCS#8, found an OpenSSH key",
    );
}

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn load_encrypted_key_requires_its_passphrase() {
    let make =
        |how: &str| Openssl::new().run(RSA).run(&format!("pkcs8 -topk8 -in key.pem {how} -passout $PASS -out out.pem"));
    for how in [
        "-v2 aes-256-cbc",
        "-v2 aes-192-cbc -v2prf hmacWithSHA512",
        "-v2 aes-128-cbc -v2prf hmacWithSHA1",
        "-v2 des3",
        "-scrypt -v2 aes-256-cbc",
    ] {
        let openssl = make(how);
        let pem = openssl.read("out.pem");
        let plain = load(&openssl.read("key.pem")).unwrap();
        assert_eq!(decrypt(&pem, PASSPHRASE).unwrap().public_key(), plain.public_key(), "{how}");
        refused(how, load(&pem), MissingPassphrase, "missing passphrase for an encrypted key");
        for wrong in ["", "Correct horse battery staple", &PASSPHRASE.repeat(100)] {
            refused(how, decrypt(&pem, wrong), WrongPassphrase, "wrong passphrase");
        }
        assert!(decrypt(&openssl.read("key.pem"), "not needed").is_ok());
    }
    refused(
        "2,000,001 iterations",
        decrypt(&make("-v2 aes-256-cbc -iter 2000001").read("out.pem"), PASSPHRASE),
        UnsupportedEncryption,
        "key derivation exceeds 2,000,000 iterations, 256 MiB of memory, or 1 GiB of memory over all scrypt passes",
    );
    refused(
        "PBES1",
        decrypt(&make("-v1 PBE-SHA1-3DES").read("out.pem"), PASSPHRASE),
        UnsupportedEncryption,
        "unsupported key encryption",
    );
}

/// One wrong passphrase in 256 yields valid padding and must not be reported as a damaged key.
#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn decrypt_with_wrong_passphrase_always_returns_wrong_passphrase() {
    let how = "pkcs8 -topk8 -in key.pem -v2 aes-128-cbc -iter 1 -passout $PASS -out out.pem";
    let pem = Openssl::new().run(RSA).run(how).read("out.pem");
    for wrong in 0..2_000 {
        refused(&wrong.to_string(), decrypt(&pem, &wrong.to_string()), WrongPassphrase, "wrong passphrase");
    }
}

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn load_damaged_key_repairs_or_refuses_it() {
    let openssl = Openssl::new()
        .run(RSA)
        .run("pkey -in key.pem -traditional -out pkcs1.pem")
        .run(&RSA.replace("key.pem", "other.pem"));
    for file in ["key.pem", "pkcs1.pem"] {
        let pem = String::from_utf8(openssl.read(file)).unwrap();
        let key = load(pem.as_bytes()).unwrap();
        let escaped = pem.replace('\n', "\\n");
        for repaired in [
            pem.replace('\n', "\r\n"),
            format!("\u{feff}{pem}"),
            pem.replace('\n', "\n\t  "),
            pem.trim_end().to_owned(),
            escaped.clone(),
            format!("\"{escaped}\""),
            format!("'{pem}'"),
            format!("subject=/CN=test\n\n{pem}\nThe end.\n"),
        ] {
            assert_eq!(load(repaired.as_bytes()).unwrap().public_key(), key.public_key(), "{repaired:.60}");
        }

        let other = String::from_utf8(openssl.read("other.pem")).unwrap();
        refused("two keys", load(format!("{pem}{other}").as_bytes()), InvalidKey, "found more than one private key");
        refused("twice the same", load(pem.repeat(2).as_bytes()), InvalidKey, "found more than one private key");
        for end in [30, 200, 800, pem.len() - 40, pem.len() - 10] {
            refused(&format!("cut at {end}"), load(&pem.as_bytes()[..end]), InvalidKey, "truncated PEM");
        }
        let lines: Vec<&str> = pem.lines().collect();
        let shortened = [&lines[..10], &lines[lines.len() - 1..]].concat().join("\n");
        refused("lines missing", load(shortened.as_bytes()), InvalidKey, "truncated PEM");
    }
}

#[test]
fn load_key_with_any_changed_byte_is_refused() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use cobrowse_jwt::pem::RsaKeySize;
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_pkcs8_pem().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    let wrap = |der: &[u8]| pem_rfc7468::encode_string("PRIVATE KEY", pem_rfc7468::LineEnding::LF, der).unwrap();

    let mut accepted = Vec::new();
    for place in 0..der.len() {
        let mut changed = der.clone();
        changed[place] ^= 0x10;
        if let Ok(changed) = load(wrap(&changed).as_bytes()) {
            assert!(block_on(changed.signing_key()).is_ok());
            accepted.push(place);
        }
    }
    assert!(accepted.is_empty(), "changed bytes that were accepted: {accepted:?}");
    refused(
        "a byte after the key",
        load(wrap(&[&der[..], &[0]].concat()).as_bytes()),
        InvalidKey,
        "trailing data after the key",
    );
}

/// 113 private keys and as many public blocks from pyca/cryptography.
#[test]
#[ignore = "needs python packages, which `cargo xtask test` sets up"]
fn load_pyca_vectors_accepts_exactly_the_usable_keys() {
    let samples = python_json("key_vectors.py");
    let samples = samples.as_array().unwrap();
    assert!(samples.len() > 200, "{} samples", samples.len());
    let mut loaded = 0;
    for sample in samples {
        let path = sample["path"].as_str().unwrap();
        let text = sample["text"].as_str().unwrap().as_bytes();
        let key = match sample["password"].as_str() {
            Some(passphrase) => decrypt(text, passphrase),
            None => load(text),
        };
        match (key, usable(sample)) {
            (Ok(key), Some(bits)) => {
                assert_eq!(key.public_key().bits(), bits, "{path}");
                loaded += 1;
            }
            (Ok(_), None) => panic!("{path} was loaded"),
            (Err(error), Some(_)) if error.kind() == UnsupportedEncryption => {}
            (Err(_), None) => {}
            (Err(error), Some(_)) => panic!("{path} was refused: {error}"),
        }
    }
    assert!(loaded >= 6, "{loaded} keys were loaded");
}

/// Returns the size of the key in bits if it can sign RS256.
fn usable(sample: &Value) -> Option<usize> {
    let restricted = sample["path"].as_str()?.contains("rsa_pss_");
    let bits = usize::try_from(sample["python"]["bits"].as_u64()?).ok()?;
    (sample["python"]["kind"] == "RSAPrivateKey" && !restricted && bits >= 2048).then_some(bits)
}
