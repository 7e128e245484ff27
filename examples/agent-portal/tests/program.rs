//! Tests the program over HTTP, without a configuration and with several configurations.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
};

use cobrowse_jwt::{
    LicenseKey, Verifier,
    pem::{PemKey, RsaKeySize},
};

#[test]
fn start_without_configuration_signs_an_agent_in_at_the_mock() {
    let portal = Portal::start(&[]);
    let cookie = portal.sign_in();
    let page = portal.send("GET", "/customers/42?embed=redirect", &format!("Cookie: {cookie}"), "");
    assert!(page.contains("Ada Lindqvist") && page.contains(r#"data-src="/customers/42/cobrowse""#), "{page}");
    let location = portal.redirected(&cookie);

    // The iframe's final URL exists, and the API accepts the token.
    let (address, rest) = location.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(send(address, "GET", &format!("/{rest}"), "", "").starts_with("HTTP/1.1 200"));
    let token = rest.split_once("token=").unwrap().1;
    let devices = send(address, "GET", "/api/1/devices", &format!("Authorization: Bearer {token}"), "");
    assert!(devices.contains("device-42-phone") && !devices.contains("device-43-phone"), "{devices}");
    assert!(devices.contains("cache-control: no-store"), "{devices}");
}

#[test]
fn key_in_a_file_or_a_variable_signs_an_agent_in_to_an_account() {
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
fn request_of_another_site_gets_no_token() {
    let portal = Portal::start(&[]);
    let cookie = portal.sign_in();
    let own = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin", portal.address);
    for (headers, method, path, status) in [
        (own.as_str(), "POST", "/customers/42/token", 200),
        (&own, "POST", "/customers/44/token", 404),
        (&own, "GET", "/customers/42/token", 405),
        (&own, "GET", "/customers/42/cobrowse", 403),
        ("Sec-Fetch-Site: same-site", "POST", "/customers/42/token", 403),
        ("Sec-Fetch-Site: cross-site", "POST", "/customers/42/token", 403),
        ("Sec-Fetch-Site: none", "POST", "/customers/42/token", 403),
        ("Sec-Fetch-Site: same-origin", "POST", "/customers/42/token", 403),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: null", "POST", "/customers/42/token", 403),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://rebound.example", "POST", "/customers/42/token", 403),
        ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 303),
        ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe", "GET", "/customers/44/cobrowse", 404),
        (
            "Origin: http://rebound.example\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe",
            "GET",
            "/customers/42/cobrowse",
            403,
        ),
        ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: document", "GET", "/customers/42/cobrowse", 403),
        ("Sec-Fetch-Site: same-site\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 403),
        ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 403),
        ("Sec-Fetch-Site: none\r\nSec-Fetch-Dest: iframe", "GET", "/customers/42/cobrowse", 403),
        ("Sec-Fetch-Site: cross-site", "POST", "/login", 403),
        ("Sec-Fetch-Site: cross-site", "POST", "/logout", 403),
    ] {
        let response = portal.send(method, path, &format!("Cookie: {cookie}\r\n{headers}"), "");
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{headers} {method} {path}: {response}");
        assert_eq!(response.contains("eyJ"), matches!(status, 200 | 303), "{response}");
        assert!(response.contains("cache-control: no-store"), "{response}");
    }
    let without_metadata = portal.send("POST", "/customers/42/token", &format!("Cookie: {cookie}"), "");
    assert!(without_metadata.starts_with("HTTP/1.1 403"), "{without_metadata}");
    let signed_out = portal.send("POST", "/customers/42/token", &own, "");
    assert!(signed_out.starts_with("HTTP/1.1 401") && !signed_out.contains("eyJ"), "{signed_out}");
}

#[test]
fn request_for_another_host_is_refused() {
    let portal = Portal::start(&[]);
    let cookie = portal.sign_in();
    let port = portal.address.rsplit(':').next().unwrap();
    for host in [format!("rebound.example:{port}"), format!("localhost:{port}"), "127.0.0.1".into(), String::new()] {
        for (method, path) in [("GET", "/login"), ("GET", "/customers/42"), ("POST", "/customers/42/token")] {
            let headers =
                format!("Host: {host}\r\nCookie: {cookie}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin");
            let response = portal.send(method, path, &headers, "");
            assert!(response.starts_with("HTTP/1.1 421") && response.contains("Wrong address"), "{host}: {response}");
        }
    }
}

#[test]
fn start_page_signed_out_redirects_to_the_form() {
    let portal = Portal::start(&[]);
    let response = portal.send("GET", "/", "", "");
    assert!(response.starts_with("HTTP/1.1 303") && response.contains("location: /login\r\n"), "{response}");
    let form = portal.send("GET", "/login", "", "");
    assert!(form.contains("This log-in is a placeholder."), "{form}");
}

#[test]
fn sign_in_returns_to_the_page_if_the_agent_serves_the_customer() {
    let portal = Portal::start(&[]);
    let form = portal.send("GET", "/customers/43?embed=redirect", "", "");
    assert!(form.starts_with("HTTP/1.1 401"), "{form}");
    for input in [r#"name="customer" value="43""#, r#"name="embed" value="redirect""#] {
        assert!(form.contains(input), "{form}");
    }
    for (next, location) in [
        ("&customer=43&embed=redirect", "/customers/43?embed=redirect"),
        ("&customer=43", "/customers/43"),
        ("&customer=44&embed=redirect", "/"),
        ("&customer=//evil.example", "/"),
        ("", "/"),
    ] {
        let response = portal.log_in(next);
        assert!(response.contains(&format!("location: {location}\r\n")), "{next}: {response}");
    }
}

#[test]
fn wrong_password_returns_the_form_with_the_email_and_the_page() {
    let portal = Portal::start(&[]);
    let form = "email=jane%22%40example.com&password=wrong&customer=43&embed=redirect";
    let response = portal.send("POST", "/login", &portal.own_origin(), form);
    assert!(response.starts_with("HTTP/1.1 401") && response.contains("Email or password is wrong."), "{response}");
    for input in
        [r#"value="jane&quot;@example.com""#, r#"name="customer" value="43""#, r#"name="embed" value="redirect""#]
    {
        assert!(response.contains(input), "{response}");
    }
    assert!(!response.contains("set-cookie"), "{response}");
}

#[test]
fn links_to_other_customers_keep_the_embedding() {
    let portal = Portal::start(&[]);
    let cookie = format!("Cookie: {}", portal.sign_in());
    for (query, link) in [
        ("?embed=redirect", "/customers/43?embed=redirect"),
        ("?embed=post-message", "/customers/43?embed=post-message"),
        ("", "/customers/43"),
    ] {
        let page = portal.send("GET", &format!("/customers/42{query}"), &cookie, "");
        assert!(page.contains(&format!(r#"href="{link}""#)), "{page}");
        assert!(page.contains("Token by"), "the choice has a label: {page}");
    }
}

#[test]
fn error_is_a_page() {
    let portal = Portal::start(&[]);
    let cookie = portal.sign_in();
    for (method, path, status, text) in [
        ("GET", "/no-such", 404, "Not found"),
        ("GET", "/customers/44", 404, "Not found"),
        ("GET", "/customers/42?embed=no-such", 400, "Request failed"),
        ("GET", "/customers/%ff", 400, "Request failed"),
        ("DELETE", "/login", 405, "Request failed"),
        ("POST", "/login", 403, "Refused"),
        ("GET", "/customers/42/cobrowse", 403, "Refused"),
    ] {
        let response = portal.send(method, path, &format!("Cookie: {cookie}"), "");
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{method} {path}: {response}");
        assert!(response.contains("content-type: text/html; charset=utf-8\r\n"), "{response}");
        assert!(
            response.contains(&format!("<h1>{text}</h1>")) && response.contains("/assets/portal.css"),
            "{response}"
        );
    }
    let framed = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe";
    let signed_out = portal.send("GET", "/customers/42/cobrowse", framed, "");
    assert!(
        signed_out.contains("<h1>Signed out</h1>") && signed_out.contains("img-src 'self'; frame-ancestors 'self'"),
        "{signed_out}"
    );
    assert!(!signed_out.contains("<form"), "{signed_out}");
}

#[test]
fn page_has_an_icon_that_the_policy_allows() {
    let portal = Portal::start(&[]);
    let page = portal.send("GET", "/login", "", "");
    assert!(page.contains(r#"<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">"#), "{page}");
    let icon = portal.send("GET", "/assets/icon.svg", "", "");
    assert!(icon.starts_with("HTTP/1.1 200") && icon.contains("content-type: image/svg+xml\r\n"), "{icon}");
}

#[test]
fn redirect_token_lives_five_minutes_and_post_message_token_fifteen() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let portal = Portal::start(&account(&key.to_pkcs8_pem().unwrap(), "env:COBROWSE_PRIVATE_KEY"));
    let verifier = Verifier::new(LicenseKey::new("SPGqPIcVnsOEJQ").unwrap(), key.public_key().clone());
    let lifetime = |token: &str| {
        let token = verifier.verify(token).unwrap();
        token.expires_at.duration_since(token.issued_at).unwrap().as_secs()
    };
    let cookie = portal.sign_in();
    assert_eq!(lifetime(portal.redirected(&cookie).split_once("&token=").unwrap().1), 300);
    let headers = format!("Cookie: {cookie}\r\n{}", portal.own_origin());
    let response = portal.send("POST", "/customers/42/token", &headers, "");
    let token = response.split_once(r#""token":""#).unwrap().1.split('"').next().unwrap();
    assert_eq!(lifetime(token), 900);
}

#[test]
fn content_security_policy_allows_the_instance_only() {
    let pem = PemKey::generate(RsaKeySize::Rsa2048).unwrap().to_pkcs8_pem().unwrap();
    let portal = Portal::start(&account(&pem, "env:COBROWSE_PRIVATE_KEY"));
    let page = portal.send("GET", "/login", "", "");
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                  connect-src 'self' https://cobrowse.example.com wss://cobrowse.example.com; \
                  frame-src 'self' https://cobrowse.example.com; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'none'\r\n";
    for header in [policy, "cross-origin-opener-policy: same-origin\r\n", "x-content-type-options: nosniff\r\n"] {
        assert!(page.contains(header), "{page}");
    }
}

#[test]
fn https_origin_makes_the_cookie_secure() {
    let portal = Portal::start(&[("PORTAL_ORIGIN", "https://portal.example.com")]);
    let headers = "Host: portal.example.com\r\nOrigin: https://portal.example.com\r\nSec-Fetch-Site: same-origin";
    let response = portal.send("POST", "/login", headers, &portal.credentials());
    let cookie = response.split_once("set-cookie: ").unwrap().1.lines().next().unwrap();
    assert!(cookie.starts_with("__Host-portal=") && cookie.contains("; Secure; "), "{cookie}");
    assert!(portal.greeting.ends_with("; open https://portal.example.com\n"), "{}", portal.greeting);
}

#[test]
fn invalid_variable_is_named_and_its_value_not_shown() {
    for (settings, expected) in [
        (&[("COBROWSE_LICENSE_KEY", "trial")][..], "COBROWSE_KEY"),
        (&[("COBROWSE_LICENSE_KEY", "a secret"), ("COBROWSE_KEY", "a secret")], "COBROWSE_LICENSE_KEY"),
        (&[("PORTAL_PASSWORD", "")], "PORTAL_PASSWORD is empty"),
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
fn configured_password_is_not_printed() {
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
    /// Keeps the pipe open for the program.
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

    fn own_origin(&self) -> String {
        format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin", self.address)
    }

    fn log_in(&self, next: &str) -> String {
        self.send("POST", "/login", &self.own_origin(), &format!("{}{next}", self.credentials()))
    }

    fn sign_in(&self) -> String {
        let login = self.log_in("");
        assert!(login.starts_with("HTTP/1.1 303") && login.contains("HttpOnly; SameSite=Strict"), "{login}");
        login.split_once("set-cookie: ").unwrap().1.split(';').next().unwrap().to_owned()
    }

    fn redirected(&self, cookie: &str) -> String {
        let from_iframe = format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe");
        let redirect = self.send("GET", "/customers/42/cobrowse", &from_iframe, "");
        assert!(redirect.starts_with("HTTP/1.1 303") && redirect.contains("cache-control: no-store"), "{redirect}");
        redirect.split_once("location: ").unwrap().1.lines().next().unwrap().to_owned()
    }

    fn send(&self, method: &str, path: &str, headers: &str, form: &str) -> String {
        send(&self.address, method, path, headers, form)
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
    // Those of the shell that runs the tests.
    let is_setting = |name: &str| name.starts_with("COBROWSE_") || name.starts_with("PORTAL_");
    for (variable, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_setting)) {
        program.env_remove(variable);
    }
    program.env("PORTAL_ADDRESS", "127.0.0.1:0").envs(settings.iter().copied());
    program
}

/// Sends a request, with the address as `Host` unless the headers contain one, and returns the whole response.
fn send(address: &str, method: &str, path: &str, headers: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let host = if headers.starts_with("Host:") { String::new() } else { format!("Host: {address}\r\n") };
    let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    let length = form.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}
