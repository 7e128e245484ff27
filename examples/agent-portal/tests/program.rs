//! What a newcomer gets without any configuration, and with half of one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
};

use cobrowse_jwt::{
    LicenseKey, Verifier,
    pem::{PemKey, RsaKeySize},
};

#[test]
fn without_configuration_it_signs_an_agent_in_at_its_own_stand_in() {
    let portal = Portal::start(&[]);
    let cookie = portal.sign_in();
    let page = portal.ask("GET", "/customers/42?by=redirect", &format!("Cookie: {cookie}"), "");
    assert!(page.contains("Ada Lindqvist") && page.contains(r#"src="/customers/42/cobrowse""#), "{page}");
    let location = portal.redirected(&cookie);

    // The address that the iframe ends up at answers, and its interface accepts the token.
    let (address, rest) = location.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(ask(address, "GET", &format!("/{rest}"), "", "").starts_with("HTTP/1.1 200"));
    let token = rest.split_once("token=").unwrap().1;
    let devices = ask(address, "GET", "/api/1/devices", &format!("Authorization: Bearer {token}"), "");
    assert!(devices.contains("device-42-phone") && !devices.contains("device-43-phone"), "{devices}");
}

#[test]
fn a_key_in_a_file_or_a_variable_signs_an_agent_in_to_an_account() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_pkcs8_pem().unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    let verifier = Verifier::new(LicenseKey::new("SPGqPIcVnsOEJQ").unwrap(), key.public_key().clone());
    for uri in [file.path().to_str().unwrap(), "env:COBROWSE_PRIVATE_KEY"] {
        let portal = Portal::start(&account(&pem, uri));
        assert!(portal.greeting.contains(key.public_key().to_pem()), "{}", portal.greeting);
        let location = portal.redirected(&portal.sign_in());
        let (page, token) = location.split_once("&token=").unwrap();
        assert_eq!(page, "https://cobrowse.example.com/dashboard?filter_user_id=42");
        assert_eq!(verifier.verify(token).unwrap().claims.subject().as_str(), "jane@example.com");
    }
}

#[test]
fn only_its_own_pages_get_a_token() {
    let portal = Portal::start(&[]);
    let cookie = portal.sign_in();
    for (said, method, path, status) in [
        ("same-origin", "POST", "/customers/42/token", 200),
        ("same-origin", "POST", "/customers/44/token", 404),
        ("same-origin", "GET", "/customers/42/token", 405),
        ("same-origin", "GET", "/customers/42/cobrowse", 403),
        ("same-site", "POST", "/customers/42/token", 403),
        ("cross-site", "POST", "/customers/42/token", 403),
        ("none", "POST", "/customers/42/token", 403),
        ("same-origin\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 303),
        ("same-origin\r\nSec-Fetch-Dest: iframe", "GET", "/customers/44/cobrowse", 404),
        ("same-origin\r\nSec-Fetch-Dest: document", "GET", "/customers/42/cobrowse", 403),
        ("same-site\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 403),
        ("cross-site\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 403),
        ("none\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 403),
        ("cross-site", "POST", "/login", 403),
        ("cross-site", "POST", "/logout", 403),
    ] {
        let answer = portal.ask(method, path, &format!("Cookie: {cookie}\r\nSec-Fetch-Site: {said}"), "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{said} {method} {path}: {answer}");
        assert_eq!(answer.contains("eyJ"), matches!(status, 200 | 303), "{answer}");
        assert!(answer.contains("cache-control: no-store"), "{answer}");
    }
    let silent = portal.ask("POST", "/customers/42/token", &format!("Cookie: {cookie}"), "");
    assert!(silent.starts_with("HTTP/1.1 403"), "{silent}");
    let signed_out = portal.ask("POST", "/customers/42/token", "Sec-Fetch-Site: same-origin", "");
    assert!(signed_out.starts_with("HTTP/1.1 401") && !signed_out.contains("eyJ"), "{signed_out}");
}

#[test]
fn browsers_are_told_to_let_nothing_but_the_instance_in() {
    let pem = PemKey::generate(RsaKeySize::Rsa2048).unwrap().to_pkcs8_pem().unwrap();
    let portal = Portal::start(&account(&pem, "env:COBROWSE_PRIVATE_KEY"));
    let page = portal.ask("GET", "/login", "", "");
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
                  connect-src 'self' https://cobrowse.example.com wss://cobrowse.example.com; \
                  frame-src 'self' https://cobrowse.example.com; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'none'\r\n";
    for header in [policy, "cross-origin-opener-policy: same-origin\r\n", "x-content-type-options: nosniff\r\n"] {
        assert!(page.contains(header), "{page}");
    }
}

#[test]
fn behind_https_the_cookie_is_for_https_alone() {
    let portal = Portal::start(&[("PORTAL_ORIGIN", "https://portal.example.com")]);
    let login = portal.ask("POST", "/login", "Sec-Fetch-Site: same-origin", &portal.credentials());
    let cookie = login.split_once("set-cookie: ").unwrap().1.lines().next().unwrap();
    assert!(cookie.starts_with("__Host-portal=") && cookie.contains("; Secure; "), "{cookie}");
    assert!(portal.greeting.ends_with("; open https://portal.example.com\n"), "{}", portal.greeting);
}

#[test]
fn what_is_set_wrongly_is_named_and_not_shown() {
    for (settings, expected) in [
        (&[("COBROWSE_LICENSE_KEY", "trial")][..], "COBROWSE_KEY"),
        (&[("COBROWSE_LICENSE_KEY", "a secret"), ("COBROWSE_KEY", "a secret")], "COBROWSE_LICENSE_KEY"),
        (&[("PORTAL_PASSWORD", "")], "set to nothing"),
        (&[("PORTAL_ORIGIN", "portal.example.com")], "PORTAL_ORIGIN"),
        (&[("PORTAL_ORIGIN", "http://127.0.0.1")], "PORTAL_ORIGIN"),
        (&[("PORTAL_ADDRESS", "0.0.0.0:0")], "PORTAL_ORIGIN"),
        (&[("PORTAL_ADDRESS", "a secret")], "PORTAL_ADDRESS"),
    ] {
        let output = program(settings).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.starts_with("error: "), "{errors}");
        assert!(errors.contains(expected) && !errors.contains("a secret"), "{settings:?}: {errors}");
    }
}

#[test]
fn a_password_of_the_operator_s_is_not_printed() {
    let portal = Portal::start(&[("PORTAL_PASSWORD", "correct horse")]);
    assert!(!portal.greeting.contains("correct horse"), "{}", portal.greeting);
}

fn account<'a>(pem: &'a str, uri: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("COBROWSE_LICENSE_KEY", "SPGqPIcVnsOEJQ"),
        ("COBROWSE_INSTANCE", "https://cobrowse.example.com"),
        ("COBROWSE_KEY", uri),
        ("COBROWSE_PRIVATE_KEY", pem),
    ]
}

struct Portal {
    child: Child,
    /// Held, so that the program can go on writing.
    _stderr: BufReader<ChildStderr>,
    greeting: String,
    address: String,
}

impl Portal {
    fn start(settings: &[(&str, &str)]) -> Self {
        let mut child = program(settings).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut greeting = String::new();
        while !greeting.contains("listening at ") {
            assert_ne!(stderr.read_line(&mut greeting).unwrap(), 0, "{greeting}");
        }
        let address = greeting.split_once("listening at ").unwrap().1.split(';').next().unwrap().to_owned();
        Self { child, _stderr: stderr, greeting, address }
    }

    fn credentials(&self) -> String {
        let password = self.greeting.split_once("with the password ").unwrap().1.lines().next().unwrap();
        format!("email=jane%40example.com&password={password}")
    }

    fn sign_in(&self) -> String {
        let login = self.ask("POST", "/login", "Sec-Fetch-Site: same-origin", &self.credentials());
        assert!(login.starts_with("HTTP/1.1 303") && login.contains("HttpOnly; SameSite=Strict"), "{login}");
        login.split_once("set-cookie: ").unwrap().1.split(';').next().unwrap().to_owned()
    }

    fn redirected(&self, cookie: &str) -> String {
        let from_iframe = format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe");
        let redirect = self.ask("GET", "/customers/42/cobrowse", &from_iframe, "");
        assert!(redirect.starts_with("HTTP/1.1 303") && redirect.contains("cache-control: no-store"), "{redirect}");
        redirect.split_once("location: ").unwrap().1.lines().next().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, headers: &str, form: &str) -> String {
        ask(&self.address, method, path, headers, form)
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn program(settings: &[(&str, &str)]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_agent-portal"));
    for variable in ["COBROWSE_LICENSE_KEY", "COBROWSE_KEY", "COBROWSE_INSTANCE", "PORTAL_ORIGIN", "PORTAL_PASSWORD"] {
        program.env_remove(variable);
    }
    program.env("PORTAL_ADDRESS", "127.0.0.1:0").envs(settings.iter().copied());
    program
}

/// One request, as bytes go; answers the head and the body.
fn ask(address: &str, method: &str, path: &str, headers: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    let length = form.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
