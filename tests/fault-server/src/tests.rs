//! The bytes that a client receives.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cobrowse_jwt_core::{PublicKey, SigningInput};
use pollster::block_on;
use serde_json::{Value, json};

use super::*;

const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

/// The faults after which a response does not end in time.
const UNENDING: [Fault; 6] = [
    Fault::SilenceAfterAccept,
    Fault::SilenceAfterHeaders,
    Fault::SilenceMidBody,
    Fault::BytePerSecond,
    Fault::SlowHeaders,
    Fault::ChunkedSlowly,
];

/// One connection that stays open.
struct Client(TcpStream);

/// The received part of a response.
#[derive(Debug)]
struct Reply {
    bytes: Vec<u8>,
    /// How it ended, if it is not complete.
    end: Option<ErrorKind>,
}

impl Client {
    fn new(server: &FaultServer) -> Self {
        // Long, because a loaded machine is slow.
        Self::with_timeout(server, Duration::from_mins(1))
    }

    /// Connects for a response that does not end.
    fn with_short_timeout(server: &FaultServer) -> Self {
        // Shorter than the second between two bytes of a slow response.
        Self::with_timeout(server, Duration::from_millis(600))
    }

    fn with_timeout(server: &FaultServer, timeout: Duration) -> Self {
        let stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(timeout)).unwrap();
        Self(stream)
    }

    fn call(&mut self, operation: Operation, body: &Value) -> Reply {
        let body = body.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: TrentService.{operation:?}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all((head + &body).as_bytes()).unwrap();
        let mut reply = Reply { bytes: Vec::new(), end: None };
        let start = Instant::now();
        let mut chunk = vec![0; 65536];
        while !reply.is_complete() {
            match self.0.read(&mut chunk) {
                Ok(0) => reply.end = Some(ErrorKind::UnexpectedEof),
                Ok(length) => reply.bytes.extend(&chunk[..length]),
                // A loaded server begins late.
                Err(error)
                    if error.kind() == ErrorKind::WouldBlock
                        && reply.bytes.is_empty()
                        && start.elapsed() < Duration::from_secs(2) => {}
                Err(error) => reply.end = Some(error.kind()),
            }
            if reply.end.is_some() {
                break;
            }
        }
        reply
    }

    fn sign(&mut self, key_id: &str) -> Reply {
        self.call(Operation::Sign, &sign_request(key_id))
    }

    fn get_public_key(&mut self, key_id: &str) -> Reply {
        self.call(Operation::GetPublicKey, &json!({"KeyId": key_id}))
    }
}

impl Reply {
    /// Returns where the body starts, if the head is complete.
    fn body_start(&self) -> Option<usize> {
        Some(self.bytes.windows(4).take(1000).position(|window| window == b"\r\n\r\n")? + 4)
    }

    fn head(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.body_start().unwrap_or(self.bytes.len())]).unwrap()
    }

    fn body(&self) -> &[u8] {
        &self.bytes[self.body_start().unwrap()..]
    }

    fn is_chunked(&self) -> bool {
        self.head().contains("Transfer-Encoding: chunked")
    }

    /// Returns the body without its framing.
    fn dechunked(&self) -> Vec<u8> {
        let (mut rest, mut body) = (self.body(), Vec::new());
        while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
            let chunk = end + 2..end + 2 + size;
            body.extend(&rest[chunk.clone()]);
            rest = &rest[chunk.end + 2..];
        }
        body
    }

    fn is_complete(&self) -> bool {
        if self.body_start().is_some() && self.is_chunked() {
            return self.body().ends_with(b"\r\n0\r\n\r\n");
        }
        self.body_start().is_some_and(|start| self.bytes.len() - start >= self.announced())
    }

    fn announced(&self) -> usize {
        let (_, length) = self.head().split_once("Content-Length: ").unwrap();
        length.trim().parse().unwrap()
    }

    fn status(&self) -> &str {
        self.head().strip_prefix("HTTP/1.1 ").unwrap().get(..3).unwrap()
    }

    fn json(&self) -> Value {
        assert!(self.end.is_none(), "{:?} after {}", self.end, self.head());
        let body = if self.is_chunked() { self.dechunked() } else { self.body().to_vec() };
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    }

    fn exception(&self) -> String {
        format!("{} {}", self.status(), self.json()["__type"].as_str().unwrap_or_default())
    }

    fn field(&self, operation: Operation) -> Vec<u8> {
        let name = if operation == Operation::Sign { "Signature" } else { "PublicKey" };
        STANDARD.decode(self.json()[name].as_str().unwrap()).unwrap()
    }
}

fn sign_request(key_id: &str) -> Value {
    json!({
        "KeyId": key_id,
        "Message": STANDARD.encode(INPUT.sha256()),
        "MessageType": "DIGEST",
        "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
    })
}

fn wait_for(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_mins(1), "not within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn server_without_fault_signs_by_every_name_of_the_key() {
    let server = block_on(FaultServer::start());
    let mut client = Client::new(&server);
    let (arn, alias_arn) = (server.arn(), server.alias_arn());
    for key_id in [FaultServer::ALIAS, &alias_arn, &arn, arn.rsplit('/').next().unwrap()] {
        let reply = client.sign(key_id);
        assert!(server.public_key().verify(&INPUT, &reply.field(Operation::Sign)));
        assert_eq!(reply.json()["KeyId"], arn);
        assert_eq!(reply.json()["SigningAlgorithm"], "RSASSA_PKCS1_V1_5_SHA_256");
        assert_eq!(server.last_key_id(Operation::Sign).as_deref(), Some(key_id));

        let reply = client.get_public_key(key_id);
        assert_eq!(PublicKey::from_spki_der(&reply.field(Operation::GetPublicKey)).unwrap(), server.public_key());
        assert_eq!((&reply.json()["KeyId"], &reply.json()["KeySpec"]), (&arn.as_str().into(), &"RSA_2048".into()));
    }
    assert_eq!((server.calls(Operation::Sign), server.calls(Operation::GetPublicKey)), (4, 4));
    assert_eq!((server.open_connections(), server.accepted_connections()), (1, 1));
}

#[test]
fn given_key_signs_as_in_this_process() {
    let key = new_key();
    let server = block_on(FaultServer::start_with_key(&key));
    assert_eq!(server.public_key(), *key.public_key());
    let here = block_on(async {
        use cobrowse_jwt_core::KeySource as _;
        key.signing_key().await.unwrap().sign(&INPUT).await.unwrap()
    });
    assert_eq!(Client::new(&server).sign(FaultServer::ALIAS).field(Operation::Sign), here.as_bytes());
}

#[test]
fn invalid_request_is_refused() {
    let server = block_on(FaultServer::start());
    let mut client = Client::new(&server);
    let cases = [
        ("KeyId", Value::Null, "400 ValidationException"),
        ("KeyId", "alias/other".into(), "400 NotFoundException"),
        ("Message", STANDARD.encode([0; 31]).into(), "400 ValidationException"),
        ("Message", "not base64".into(), "400 ValidationException"),
        ("MessageType", Value::Null, "400 ValidationException"),
        ("MessageType", "RAW".into(), "400 ValidationException"),
        ("SigningAlgorithm", "RSASSA_PSS_SHA_256".into(), "400 ValidationException"),
    ];
    for (member, value, expected) in cases {
        let mut request = sign_request(FaultServer::ALIAS);
        request[member] = value.clone();
        assert_eq!(client.call(Operation::Sign, &request).exception(), expected, "{member}: {value}");
    }
}

#[test]
fn scheduled_faults_occur_in_order() {
    let server = block_on(FaultServer::start());
    let mut client = Client::new(&server);
    let mut seen = |calls: usize| (0..calls).map(|_| client.sign(FaultServer::ALIAS).exception()).collect::<Vec<_>>();
    server.fault(Operation::Sign, Fault::Throttling, Times::Exactly(0));
    server.fault(Operation::Sign, Fault::Throttling, Times::Twice);
    server.fault(Operation::Sign, Fault::Unavailable503, Times::Once);
    server.fault(Operation::Sign, Fault::Bare429, Times::Exactly(3));
    let throttled = "400 ThrottlingException";
    assert_eq!(seen(7), [throttled, throttled, "503 ", "429 ", "429 ", "429 ", "200 "]);
    server.fault(Operation::Sign, Fault::NotFound, Times::Always);
    server.fault(Operation::GetPublicKey, Fault::NotFound, Times::Always);
    assert_eq!(seen(4), ["400 NotFoundException"; 4]);
    server.clear_faults();
    assert_eq!(seen(1), ["200 "]);
}

#[test]
fn every_fault_has_its_documented_effect() {
    let server = block_on(FaultServer::start());
    for operation in [Operation::GetPublicKey, Operation::Sign] {
        let call = |mut client: Client| match operation {
            Operation::GetPublicKey => client.get_public_key(FaultServer::ALIAS),
            _ => client.sign(FaultServer::ALIAS),
        };
        let good = call(Client::new(&server));
        for fault in Fault::all_for(operation) {
            server.fault(operation, fault, Times::Once);
            let connect = if UNENDING.contains(&fault) { Client::with_short_timeout } else { Client::new };
            let reply = call(connect(&server));
            eprintln!("{operation:?} {fault:?}: {} {:?}", reply.head().replace("\r\n", " | "), reply.end);
            check(&server, operation, fault, &good, &reply);
        }
        assert_eq!(call(Client::new(&server)).json(), good.json());
    }
}

fn check(server: &FaultServer, operation: Operation, fault: Fault, good: &Reply, reply: &Reply) {
    let message = || reply.json()["message"].as_str().unwrap_or_default().to_owned();
    let (field, right) = (|| reply.field(operation), good.field(operation));
    let without_field = || reply.json().as_object().unwrap().len() + 1 == good.json().as_object().unwrap().len();
    let timed_out = reply.end == Some(ErrorKind::WouldBlock);
    let reset = reply.end == Some(ErrorKind::ConnectionReset);
    let half_body = || reply.body() == &good.body()[..good.body().len() / 2];
    let key_spec = || reply.json()["KeySpec"].clone();
    let holds = match fault {
        Fault::Throttling => reply.exception() == "400 ThrottlingException",
        Fault::RetryAfter20s => {
            reply.exception() == "400 ThrottlingException" && reply.head().contains("x-amz-retry-after: 20000\r\n")
        }
        Fault::InternalError500 => reply.exception() == "500 KMSInternalException",
        Fault::Unavailable503 => reply.exception() == "503 " && reply.body().is_empty(),
        Fault::Bare429 => reply.exception() == "429 " && reply.body().is_empty(),
        Fault::AccessDenied => {
            reply.exception() == "400 AccessDeniedException"
                && message().contains(&server.arn())
                && message().contains("arn:aws:sts::123456789012:assumed-role/")
        }
        Fault::Disabled => reply.exception() == "400 DisabledException" && message().contains(&server.arn()),
        Fault::NotFound => reply.exception() == "400 NotFoundException" && message().contains(&server.arn()),
        Fault::InvalidState => reply.exception() == "400 KMSInvalidStateException" && message().contains(&server.arn()),
        Fault::InvalidKeyUsage => reply.exception() == "400 InvalidKeyUsageException",
        Fault::ExpiredCredentials => reply.exception() == "400 ExpiredTokenException",
        Fault::ClockSkew => {
            reply.exception() == "400 InvalidSignatureException" && message().starts_with("Signature expired")
        }
        Fault::RequestTimeTooSkewed => reply.exception() == "403 RequestTimeTooSkewed",
        Fault::SymmetricKey => reply.exception() == "400 UnsupportedOperationException",
        Fault::ResetBeforeHeaders => reset && reply.bytes.is_empty(),
        Fault::ResetDuringHeaders => reset && reply.status() == "200" && reply.body_start().is_none(),
        Fault::ResetAfterHeaders => reset && reply.body().is_empty() && reply.announced() == good.announced(),
        Fault::SilenceAfterAccept => timed_out && reply.bytes.is_empty(),
        Fault::SilenceAfterHeaders => timed_out && reply.body().is_empty() && reply.announced() == good.announced(),
        Fault::SilenceMidBody => timed_out && half_body() && reply.announced() == good.announced(),
        Fault::BytePerSecond => timed_out && !reply.body().is_empty() && good.body().starts_with(reply.body()),
        Fault::SlowHeaders => timed_out && !reply.bytes.is_empty() && good.bytes.starts_with(&reply.bytes),
        Fault::TruncatedBody => {
            reply.end == Some(ErrorKind::UnexpectedEof) && half_body() && reply.announced() == good.announced()
        }
        Fault::TruncatedJson => reply.end.is_none() && half_body(),
        Fault::NotJson => reply.end.is_none() && reply.body().starts_with(b"<!doctype html>"),
        Fault::EmptyBody => reply.exception() == "200 " && reply.body().is_empty(),
        Fault::NullBody => reply.exception() == "200 " && reply.body() == b"null",
        // Not decoded: unoptimised, that takes seconds.
        Fault::HugeBody => {
            let value = reply.body().windows(10).position(|window| window == b"AAAAAAAAAA").unwrap();
            let (before, after) = good.body().split_at(value);
            let filler = reply.body().strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            filler.is_some_and(|filler| filler.len() == 100_000_000)
        }
        Fault::Chunked => reply.json() == good.json() && reply.dechunked().len() == 64 * 1024,
        Fault::ChunkedTooLarge => reply.json() == good.json() && reply.dechunked().len() == 64 * 1024 + 1,
        Fault::ChunkedHuge => reply.is_chunked() && reply.body().len() > 100_000_000,
        Fault::ChunkedSlowly => timed_out && reply.is_chunked() && reply.body().starts_with(b"1\r\n{\r\n"),
        Fault::DeeplyNested => {
            reply.end.is_none() && reply.body().starts_with(b"{\"Nested\":[[[[") && reply.announced() == 200_011
        }
        Fault::MissingField => without_field(),
        Fault::EmptyField => field().is_empty(),
        Fault::ZeroField => field() == vec![0; right.len()],
        Fault::ShortField => field() == right[..right.len() - 1],
        Fault::LongField => field() == [&right[..], &[0]].concat(),
        Fault::BitFlipped => {
            let differing = field().iter().zip(&right).map(|(one, other)| (one ^ other).count_ones()).sum::<u32>();
            let still_a_key = PublicKey::from_spki_der(&field()).is_ok();
            differing == 1 && still_a_key == (operation == Operation::GetPublicKey)
        }
        Fault::ForeignKey => {
            let unrelated = &account::unrelated_key().public;
            reply.json()["KeyId"] == server.arn()
                && (unrelated.verify(&INPUT, &field()) || unrelated.to_spki_der() == field())
        }
        Fault::WrongKeyId => reply.json()["KeyId"] == account::unrelated_key().arn && field() == right,
        Fault::WrongAlgorithm if operation == Operation::Sign => {
            reply.json()["SigningAlgorithm"] == "RSASSA_PSS_SHA_256" && field() == right
        }
        Fault::WrongAlgorithm => !reply.json()["SigningAlgorithms"].to_string().contains("PKCS1") && field() == right,
        Fault::LeadingZeroStripped => right.ends_with(&field()),
        Fault::PssSignature => field().len() == right.len() && field() != right,
        Fault::Ed25519Signature => field().len() == 64,
        Fault::EncryptDecryptKey => reply.json()["KeyUsage"] == "ENCRYPT_DECRYPT" && key_spec() == "RSA_2048",
        Fault::EccKey => key_spec() == "ECC_NIST_P256" && field().len() == 91,
        Fault::HmacKey => key_spec() == "HMAC_256" && reply.json()["PublicKey"].is_null(),
        Fault::Status(_) => unreachable!("not a fault of KMS"),
        Fault::SmallKey1024 => {
            let refused = PublicKey::from_spki_der(&field()).unwrap_err();
            refused == cobrowse_jwt_core::PublicKeyError::TooSmall { bits: 1024 }
        }
    };
    assert!(holds, "{operation:?} {fault:?}: {reply:.200?}");
}

#[test]
fn stripped_signature_is_shorter_and_verifies_when_padded() {
    let server = block_on(FaultServer::start());
    server.fault(Operation::Sign, Fault::LeadingZeroStripped, Times::Always);
    let mut client = Client::new(&server);
    let mut request = sign_request(FaultServer::ALIAS);
    for number in 0_u32.. {
        let message = number.to_string();
        let input = SigningInput::new(message.as_bytes());
        request["Message"] = STANDARD.encode(input.sha256()).into();
        let mut signature = client.call(Operation::Sign, &request).field(Operation::Sign);
        if signature.len() < 256 {
            signature.splice(..0, vec![0; 256 - signature.len()]);
            assert!(server.public_key().verify(&input, &signature));
            return;
        }
        assert!(server.public_key().verify(&input, &signature));
    }
}

#[test]
fn rotated_alias_leaves_the_old_key_under_its_arn() {
    let server = block_on(FaultServer::start());
    let mut client = Client::new(&server);
    let (old_arn, old) = (server.arn(), server.public_key());
    let new_arn = block_on(server.rotate());
    assert_eq!(server.arn(), new_arn);
    assert_ne!((&new_arn, server.public_key()), (&old_arn, old.clone()));
    let signed_by = |reply: Reply, arn: &str, key: &PublicKey| {
        reply.json()["KeyId"] == arn && key.verify(&INPUT, &reply.field(Operation::Sign))
    };
    assert!(signed_by(client.sign(FaultServer::ALIAS), &new_arn, &server.public_key()));
    assert!(signed_by(client.sign(&old_arn), &old_arn, &old));

    server.disable(&old_arn);
    assert_eq!(client.sign(&old_arn).exception(), "400 DisabledException");
    assert_eq!(client.get_public_key(&old_arn).exception(), "400 DisabledException");
    assert_eq!(client.sign(FaultServer::ALIAS).exception(), "200 ");
}

#[test]
fn connection_is_counted_until_the_client_closes_it() {
    let server = block_on(FaultServer::start());
    let mut clients = Vec::new();
    for fault in UNENDING {
        server.fault(Operation::Sign, fault, Times::Once);
        let mut client = Client::with_short_timeout(&server);
        client.sign(FaultServer::ALIAS);
        clients.push(client);
    }
    clients.push(Client::new(&server));
    wait_for(|| server.open_connections() == clients.len());
    clients.truncate(2);
    wait_for(|| server.open_connections() == 2);
    clients.clear();
    wait_for(|| server.open_connections() == 0);
    assert_eq!(server.accepted_connections(), UNENDING.len() + 1);
}

#[test]
fn dropped_server_closes_its_connections_and_its_port() {
    let server = block_on(FaultServer::start());
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let mut client = Client::with_short_timeout(&server);
    server.fault(Operation::Sign, Fault::SilenceAfterAccept, Times::Once);
    client.sign(FaultServer::ALIAS);
    let shared = Arc::downgrade(&server.shared);
    drop(server);
    assert_eq!(shared.strong_count(), 0, "a task holds it");
    let rest = client.0.read(&mut [0]);
    assert!(matches!(rest.as_ref().map_err(io::Error::kind), Ok(0) | Err(ErrorKind::ConnectionReset)), "{rest:?}");
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn server_starts_and_stops_inside_any_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = FaultServer::start().await;
        server.rotate().await;
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
        drop(server);
        // A start can be cancelled.
        drop(tokio::time::timeout(Duration::from_millis(1), FaultServer::start()).await);
    });
}

#[test]
fn latency_delays_the_response() {
    let server = block_on(FaultServer::start());
    server.latency(Duration::from_millis(150));
    let start = Instant::now();
    assert_eq!(Client::new(&server).sign(FaultServer::ALIAS).exception(), "200 ");
    assert!(start.elapsed() >= Duration::from_millis(150));
}
