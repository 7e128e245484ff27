//! Every wrong key is refused when it is loaded, by name; harmless damage is repaired.

use std::process::Command;

use cobrowse_jwt::{
    KeySource as _,
    pem::{Passphrase, PemErrorKind, PemKey},
};
use cobrowse_jwt_tests::{Openssl, PASSPHRASE, python_json};
use pollster::block_on;
use serde_json::Value;

fn load(pem: &[u8]) -> Result<PemKey, PemErrorKind> {
    PemKey::from_pem(pem).map_err(|error| error.kind())
}

fn decrypt(pem: &[u8], passphrase: &str) -> Result<PemKey, PemErrorKind> {
    PemKey::from_encrypted_pem(pem, &Passphrase::new(passphrase)).map_err(|error| error.kind())
}

fn refused(case: &str, loaded: Result<PemKey, PemErrorKind>, expected: PemErrorKind) {
    assert_eq!(loaded.map(|key| key.public_key().bits()), Err(expected), "{case}");
}

const RSA: &str = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem";

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn keys_of_other_kinds() {
    let pss = "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048";
    let dsa = "genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -out parameters.pem";
    for (commands, expected) in [
        (&["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out out.pem"][..], PemErrorKind::EcKey),
        (&["ecparam -name prime256v1 -genkey -out out.pem"], PemErrorKind::EcKey),
        (&["genpkey -algorithm ED25519 -out out.pem"], PemErrorKind::EdwardsKey),
        (&["genpkey -algorithm X25519 -out out.pem"], PemErrorKind::EdwardsKey),
        (&[dsa, "genpkey -paramfile parameters.pem -out out.pem"], PemErrorKind::DsaKey),
        (
            &[dsa, "genpkey -paramfile parameters.pem -out dsa.pem", "pkey -in dsa.pem -traditional -out out.pem"],
            PemErrorKind::DsaKey,
        ),
        (&[&format!("{pss} -out out.pem")], PemErrorKind::RsaPssKey),
        (&[&format!("{pss} -pkeyopt rsa_pss_keygen_md:sha256 -out out.pem")], PemErrorKind::RsaPssKey),
        (&["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out out.pem"], PemErrorKind::TooSmall { bits: 1024 }),
        (&["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2047 -out out.pem"], PemErrorKind::TooSmall { bits: 2047 }),
        (
            &["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out out.pem"],
            PemErrorKind::MultiPrime,
        ),
        (&[RSA, "pkey -in key.pem -pubout -out out.pem"], PemErrorKind::PublicKey),
        (&[RSA, "rsa -in key.pem -RSAPublicKey_out -out out.pem"], PemErrorKind::PublicKey),
        (&[RSA, "req -new -x509 -key key.pem -days 1 -subj /CN=test -out out.pem"], PemErrorKind::Certificate),
        (&[RSA, "req -new -key key.pem -subj /CN=test -out out.pem"], PemErrorKind::CertificateRequest),
        (&[RSA, "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out out.pem"], PemErrorKind::Der),
        (&[RSA, "rsa -in key.pem -traditional -aes256 -passout $PASS -out out.pem"], PemErrorKind::LegacyEncryption),
    ] {
        let openssl = commands.iter().fold(Openssl::new(), |openssl, command| openssl.run(command));
        refused(&commands.join("; "), load(&openssl.read("out.pem")), expected);
    }
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "out.pem"]);
    refused("ssh-keygen", load(&Openssl::new().program(&mut keygen).read("out.pem")), PemErrorKind::OpenSshKey);
}

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn encrypted_keys() {
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
        refused(how, load(&pem), PemErrorKind::PassphraseMissing);
        for wrong in ["", "Correct horse battery staple", &PASSPHRASE.repeat(100)] {
            refused(how, decrypt(&pem, wrong), PemErrorKind::WrongPassphrase);
        }
        assert!(decrypt(&openssl.read("key.pem"), "not needed").is_ok());
    }
    refused(
        "PBES1",
        decrypt(&make("-v1 PBE-SHA1-3DES").read("out.pem"), PASSPHRASE),
        PemErrorKind::UnsupportedEncryption,
    );
}

/// One wrong passphrase in 256 leaves correct padding behind; it must not be called a damaged key.
#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn a_wrong_passphrase_is_always_called_so() {
    let how = "pkcs8 -topk8 -in key.pem -v2 aes-128-cbc -iter 1 -passout $PASS -out out.pem";
    let pem = Openssl::new().run(RSA).run(how).read("out.pem");
    for wrong in 0..2_000 {
        refused(&wrong.to_string(), decrypt(&pem, &wrong.to_string()), PemErrorKind::WrongPassphrase);
    }
}

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn damage() {
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
        refused("two keys", load(format!("{pem}{other}").as_bytes()), PemErrorKind::SeveralKeys);
        refused("twice the same", load(pem.repeat(2).as_bytes()), PemErrorKind::SeveralKeys);
        for end in [30, 200, 800, pem.len() - 40, pem.len() - 10] {
            refused(&format!("cut at {end}"), load(&pem.as_bytes()[..end]), PemErrorKind::Truncated);
        }
        let lines: Vec<&str> = pem.lines().collect();
        let shortened = [&lines[..10], &lines[lines.len() - 1..]].concat().join("\n");
        refused("lines missing", load(shortened.as_bytes()), PemErrorKind::Truncated);
    }
}

#[test]
fn every_changed_byte_of_a_key_is_noticed() {
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
    assert!(accepted.is_empty(), "changed bytes that were not noticed: {accepted:?}");
    refused("a byte after the key", load(wrap(&[&der[..], &[0]].concat()).as_bytes()), PemErrorKind::TrailingBytes);
}

/// 113 private keys and as many public blocks, collected by pyca/cryptography.
#[test]
#[ignore = "needs python packages, which `cargo xtask test` sets up"]
fn the_collection_of_pyca() {
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
            (Err(PemErrorKind::LegacyEncryption | PemErrorKind::UnsupportedEncryption), Some(_)) | (Err(_), None) => {}
            (Err(kind), Some(_)) => panic!("{path} was refused: {kind:?}"),
        }
    }
    assert!(loaded >= 6, "{loaded} keys were loaded");
}

/// The size of the key if it is one that RS256 can be signed with.
fn usable(sample: &Value) -> Option<usize> {
    let restricted = sample["path"].as_str()?.contains("rsa_pss_");
    let bits = usize::try_from(sample["python"]["bits"].as_u64()?).ok()?;
    (sample["python"]["kind"] == "RSAPrivateKey" && !restricted && bits >= 2048).then_some(bits)
}
