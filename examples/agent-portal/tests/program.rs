//! What a newcomer gets without any configuration, and with half of one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

const JANE: &str = "email=jane%40example.com&password=demo";

#[test]
fn without_configuration_it_signs_an_agent_in_at_its_own_stand_in() {
    let portal = Portal::start();
    let login = portal.ask("POST", "/login", "Sec-Fetch-Site: same-origin", JANE);
    assert!(
        login.starts_with("HTTP/1.1 303") && login.contains("SameSite=Strict") && login.contains("HttpOnly"),
        "{login}"
    );
    let cookie = login.split_once("set-cookie: ").unwrap().1.split(';').next().unwrap();

    let page = portal.ask("GET", "/customers/42?by=redirect", &format!("Cookie: {cookie}"), "");
    assert!(page.contains("Ada Lindqvist") && page.contains(r#"src="/customers/42/cobrowse""#), "{page}");
    let from_iframe = format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe");
    let redirect = portal.ask("GET", "/customers/42/cobrowse", &from_iframe, "");
    assert!(redirect.starts_with("HTTP/1.1 303") && redirect.contains("cache-control: no-store"), "{redirect}");

    // The address that the iframe ends up at answers, and its interface accepts the token.
    let location = redirect.split_once("location: ").unwrap().1.lines().next().unwrap();
    let (address, rest) = location.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(ask(address, "GET", &format!("/{rest}"), "", "").starts_with("HTTP/1.1 200"));
    let token = rest.split_once("token=").unwrap().1;
    let devices = ask(address, "GET", "/api/1/devices", &format!("Authorization: Bearer {token}"), "");
    assert!(devices.contains("device-42-phone") && !devices.contains("device-43-phone"), "{devices}");
}

#[test]
fn only_its_own_pages_get_a_token() {
    let portal = Portal::start();
    let login = portal.ask("POST", "/login", "Sec-Fetch-Site: same-origin", JANE);
    let cookie = login.split_once("set-cookie: ").unwrap().1.split(';').next().unwrap();
    for (said, method, path, status) in [
        ("same-origin", "POST", "/customers/42/token", 200),
        ("same-origin", "POST", "/customers/44/token", 404),
        ("same-origin", "GET", "/customers/42/token", 405),
        ("same-origin", "GET", "/customers/42/cobrowse", 403),
        ("same-site", "POST", "/customers/42/token", 403),
        ("cross-site", "POST", "/customers/42/token", 403),
        ("none", "POST", "/customers/42/token", 403),
        ("cross-site", "POST", "/login", 403),
        ("cross-site", "POST", "/logout", 403),
    ] {
        let answer = portal.ask(method, path, &format!("Cookie: {cookie}\r\nSec-Fetch-Site: {said}"), JANE);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{said} {method} {path}: {answer}");
        assert_eq!(answer.contains("eyJ"), status == 200, "{answer}");
    }
    let silent = portal.ask("POST", "/customers/42/token", &format!("Cookie: {cookie}"), "");
    assert!(silent.starts_with("HTTP/1.1 403"), "{silent}");
    let signed_out = portal.ask("POST", "/customers/42/token", "Sec-Fetch-Site: same-origin", "");
    assert!(signed_out.starts_with("HTTP/1.1 401") && !signed_out.contains("eyJ"), "{signed_out}");
}

#[test]
fn half_an_account_is_an_error_that_says_what_is_missing() {
    let output = program().env("COBROWSE_LICENSE_KEY", "trial").output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && errors.contains("COBROWSE_PRIVATE_KEY"), "{errors}");
}

struct Portal {
    child: Child,
    address: String,
}

impl Portal {
    fn start() -> Self {
        let mut child = program().stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = lines.into_iter().find_map(|line| Some(line.strip_prefix("open http://")?.to_owned())).unwrap();
        Self { child, address }
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

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_agent-portal"));
    for variable in ["COBROWSE_LICENSE_KEY", "COBROWSE_PRIVATE_KEY", "COBROWSE_INSTANCE", "PORTAL_ORIGIN"] {
        program.env_remove(variable);
    }
    program.env("PORTAL_ADDRESS", "127.0.0.1:0").env("PORTAL_PASSWORD", "demo");
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
