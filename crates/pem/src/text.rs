//! Finds the private key block in a text, and tolerates changes that variables, YAML files and editors make to it.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::{PemError, problem::Problem};

/// A block with the label of an RSA private key.
pub(crate) struct Block {
    pub(crate) label: Label,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// `PRIVATE KEY`
    Pkcs8,
    /// `RSA PRIVATE KEY`
    Pkcs1,
    /// `ENCRYPTED PRIVATE KEY`
    EncryptedPkcs8,
}

/// Returns the only private key block. Public blocks are ignored; a second private key of any kind is an error.
pub(crate) fn private_key_block(text: &[u8]) -> Result<Block, PemError> {
    let blocks = Blocks(text).collect::<Result<Vec<_>, _>>()?;
    let (private, public): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.label.ends_with(b"PRIVATE KEY"));
    match (private.as_slice(), public.first()) {
        ([key], _) => Ok(Block { label: parse_label(key.label)?, der: decode(key.body)? }),
        ([], Some(block)) => Err(parse_label(block.label).err().unwrap_or(Problem::UnexpectedLabel).into()),
        ([], None) => Err(no_block(text).into()),
        _ => Err(Problem::MultipleKeys.into()),
    }
}

fn parse_label(label: &[u8]) -> Result<Label, Problem> {
    match label {
        b"PRIVATE KEY" => Ok(Label::Pkcs8),
        b"RSA PRIVATE KEY" => Ok(Label::Pkcs1),
        b"ENCRYPTED PRIVATE KEY" => Ok(Label::EncryptedPkcs8),
        b"EC PRIVATE KEY" | b"EC PARAMETERS" => Err(Problem::EcKey),
        b"DSA PRIVATE KEY" | b"DSA PARAMETERS" => Err(Problem::DsaKey),
        b"OPENSSH PRIVATE KEY" => Err(Problem::OpenSshKey),
        b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => Err(Problem::Certificate),
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => Err(Problem::CertificateRequest),
        public if public.ends_with(b"PUBLIC KEY") => Err(Problem::PublicKey),
        private if private.ends_with(b"PRIVATE KEY") => Err(Problem::UnsupportedAlgorithm),
        _ => Err(Problem::UnexpectedLabel),
    }
}

fn no_block(text: &[u8]) -> Problem {
    match text {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Problem::Utf16,
        [0x30, 0x80..=0x84, ..] => Problem::Der,
        _ => Problem::NoBlock,
    }
}

struct RawBlock<'t> {
    label: &'t [u8],
    body: &'t [u8],
}

/// The blocks of a text, each from its BEGIN line to the END line of the same label (RFC 7468, section 2).
struct Blocks<'t>(&'t [u8]);

impl<'t> Iterator for Blocks<'t> {
    type Item = Result<RawBlock<'t>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, rest) = split_once(self.0, b"-----BEGIN ")?;
        self.0 = &[];
        let Some((label, rest)) = split_once(rest, b"-----") else { return Some(Err(Problem::Truncated)) };
        let Some((body, rest)) = split_once(rest, b"-----END ") else { return Some(Err(Problem::Truncated)) };
        if find(body, b"-----BEGIN ").is_some() {
            return Some(Err(Problem::Truncated));
        }
        let Some((end, rest)) = split_once(rest, b"-----") else { return Some(Err(Problem::Truncated)) };
        if end != label {
            return Some(Err(Problem::Malformed));
        }
        self.0 = rest;
        Some(Ok(RawBlock { label, body }))
    }
}

/// Decodes base64 with white space, which can be written as `\n`.
fn decode(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    if find(body, b"Proc-Type:").is_some() {
        return Err(Problem::LegacyEncryption);
    }
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut rest = body;
    loop {
        rest = match rest {
            [] => break,
            [b'\\', b'n' | b'r' | b't', rest @ ..] => rest,
            [space, rest @ ..] if space.is_ascii_whitespace() => rest,
            [byte, rest @ ..] => {
                base64.push(*byte);
                rest
            }
        };
    }
    if !base64.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')) {
        return Err(Problem::Malformed);
    }
    if base64.len() % 4 != 0 {
        return Err(Problem::Truncated);
    }
    let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3]);
    let length = Base64::decode(&*base64, &mut der).map_err(|_| Problem::Malformed)?.len();
    der.truncate(length);
    Ok(der)
}

fn split_once<'t>(text: &'t [u8], separator: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let start = find(text, separator)?;
    Some((&text[..start], &text[start + separator.len()..]))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PRIVATE KEY-----\nTUlJ\nRQ==\n-----END PRIVATE KEY-----\n";

    fn read(text: &[u8]) -> Result<(Label, Vec<u8>), Problem> {
        private_key_block(text).map(|block| (block.label, block.der.to_vec())).map_err(|error| error.problem())
    }

    #[test]
    fn private_key_block_with_harmless_changes_returns_the_key() {
        let escaped = GOOD.replace('\n', "\\n");
        let public = GOOD.replace("PRIVATE KEY", "CERTIFICATE");
        for text in [
            GOOD.to_owned(),
            GOOD.replace('\n', "\r\n"),
            GOOD.replace('\n', "\r"),
            format!("\u{feff}{GOOD}"),
            GOOD.replace('\n', "\n    "),
            GOOD.trim_end().to_owned(),
            escaped.clone(),
            GOOD.replace('\n', "\\r\\n"),
            format!("\"{escaped}\""),
            format!("'{GOOD}'"),
            GOOD.replace('\n', ""),
            GOOD.replace('\n', " "),
            format!("Bag Attributes\n    friendlyName: \u{fc}\n{GOOD}\nthe end"),
            format!("{public}{GOOD}{public}"),
        ] {
            assert_eq!(read(text.as_bytes()), Ok((Label::Pkcs8, b"MIIE".to_vec())), "{text}");
        }
        let latin_1 = [b"Schl\xfcssel\n", GOOD.as_bytes()].concat();
        assert!(read(&latin_1).is_ok());
    }

    #[test]
    fn private_key_block_without_rsa_key_returns_what_it_found() {
        for (label, expected) in [
            ("PUBLIC KEY", Problem::PublicKey),
            ("RSA PUBLIC KEY", Problem::PublicKey),
            ("CERTIFICATE", Problem::Certificate),
            ("CERTIFICATE REQUEST", Problem::CertificateRequest),
            ("EC PRIVATE KEY", Problem::EcKey),
            ("DSA PRIVATE KEY", Problem::DsaKey),
            ("OPENSSH PRIVATE KEY", Problem::OpenSshKey),
            ("ANY PRIVATE KEY", Problem::UnsupportedAlgorithm),
            ("PGP MESSAGE", Problem::UnexpectedLabel),
        ] {
            assert_eq!(read(GOOD.replace("PRIVATE KEY", label).as_bytes()), Err(expected), "{label}");
        }
        assert_eq!(read(b""), Err(Problem::NoBlock));
        assert_eq!(read(b"SPGqPIcVnsOEJQ"), Err(Problem::NoBlock));
        assert_eq!(read(b"\x30\x82\x04\xbe\x02\x01\x00"), Err(Problem::Der));
        assert_eq!(read(b"\xff\xfe-\0-\0"), Err(Problem::Utf16));
    }

    #[test]
    fn private_key_block_with_damage_returns_error() {
        let legacy = GOOD.replace("\nTUlJ", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nTUlJ");
        for (text, expected) in [
            (GOOD.replace("-----END PRIVATE KEY-----", ""), Problem::Truncated),
            (GOOD.replace("-----END PRIVATE KEY-----", "-----END PRIV"), Problem::Truncated),
            ("-----BEGIN PRIVATE".to_owned(), Problem::Truncated),
            (GOOD.replace("RQ==", "RQ"), Problem::Truncated),
            (GOOD.replace("END PRIVATE", "END PUBLIC"), Problem::Malformed),
            (GOOD.replace("TUlJ", "TU*J"), Problem::Malformed),
            (GOOD.replace("RQ==", "RR=="), Problem::Malformed),
            (GOOD.repeat(2), Problem::MultipleKeys),
            (format!("{GOOD}{}", GOOD.replace("PRIVATE", "RSA PRIVATE")), Problem::MultipleKeys),
            (format!("{}{GOOD}", GOOD.replace("PRIVATE", "EC PRIVATE")), Problem::MultipleKeys),
            (format!("{GOOD}{}", GOOD.replace("PRIVATE", "OPENSSH PRIVATE")), Problem::MultipleKeys),
            (GOOD.replace("RQ==", "RQ\u{a0}=="), Problem::Malformed),
            (format!("-----BEGIN PRIVATE KEY-----\nTUlJ\n{GOOD}"), Problem::Truncated),
            (legacy, Problem::LegacyEncryption),
        ] {
            assert_eq!(read(text.as_bytes()), Err(expected), "{text}");
        }
    }
}
