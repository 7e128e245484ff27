use std::{
    array,
    cell::OnceCell,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use cobrowse_jwt::{
    AgentToken, MintError,
    vault::{VaultAuth, VaultKey},
};
use tokio::runtime::{Builder, Runtime};

use crate::{account, errors};

const NAME: &str = "cobrowse-agents";
const TOKEN: &str = "hvs.CAESIJ5h3mZ0kq8vY2";
const SECRET_ID: &str = "841771dc-11c9-bbc7-bcac-6a3945a69cd9";

/// Input: three responses of Vault, to a log-in with `AppRole`, to `GET transit/keys/NAME` and to `POST transit/sign/NAME`. Each has a line
/// with the status, and a body in which `@SIGNATURE` is replaced by the signature of the fixed key, and `@TOKEN`, `@SECRET_ID` and `@NAME` by
/// the token, the secret id and the name of the key. Property: a mint returns a token that verifies, or an error that contains none of these.
pub fn vault_response(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match SERVER.with(|server| server.get_or_init(Server::start).mint(text)) {
        Ok(token) => {
            account::verifier().verify(token.expose_secret()).expect("only the fixed key signs");
        }
        Err(error) => {
            errors::check(&error);
            assert_ne!(error.to_string(), "timed out logging in to Vault", "a task has panicked");
            for shown in errors::messages(&error).chain([format!("{error:?}")]) {
                assert!([NAME, TOKEN, SECRET_ID].iter().all(|secret| !shown.contains(secret)), "{shown}");
            }
        }
    }
}

thread_local! {
    static SERVER: OnceCell<Server> = const { OnceCell::new() };
}

/// Responds to each request as the current input says, and closes the connection.
struct Server {
    runtime: Runtime,
    url: String,
    responses: Arc<Mutex<[String; 3]>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let responses = Arc::<Mutex<[String; 3]>>::default();
        let shared = Arc::clone(&responses);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // The client sees a connection that breaks.
                let _ = stream.and_then(|stream| respond(stream, &shared));
            }
        });
        Self { runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"), url, responses }
    }

    fn mint(&self, text: &str) -> Result<AgentToken, MintError> {
        let mut parts = text.splitn(3, "\n--\n").map(str::to_owned);
        *self.responses.lock().expect("no panic") = array::from_fn(|_| parts.next().unwrap_or_default());
        self.runtime.block_on(async {
            let auth = VaultAuth::app_role("a-role-id", SECRET_ID);
            let key = VaultKey::builder(&*self.url, NAME).auth(auth).build().expect("valid configuration");
            account::mint(key).await
        })
    }
}

fn respond(mut stream: TcpStream, responses: &Mutex<[String; 3]>) -> io::Result<()> {
    let mut request = BufReader::new(&stream);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    request.read_line(&mut first)?;
    while request.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        line.clear();
    }
    // A connection that is closed before its request is read is reset.
    io::copy(&mut request.take(length), &mut io::sink())?;

    let [log_in, resolve, sign] = &*responses.lock().expect("no panic");
    let text = match &*first {
        first if first.contains("/login ") => log_in,
        first if first.contains("/transit/keys/") => resolve,
        _ => sign,
    };
    let (status, body) = text.split_once('\n').unwrap_or((text, ""));
    let status = status.parse::<u16>().ok().filter(|status| (100..1000).contains(status)).unwrap_or(200);
    let mut body = body.replace("@TOKEN", TOKEN).replace("@SECRET_ID", SECRET_ID).replace("@NAME", NAME);
    if body.contains("@SIGNATURE") {
        body = body.replace("@SIGNATURE", &account::signature());
    }
    let length = body.len();
    let response = format!("HTTP/1.1 {status} \r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(response.as_bytes())
}
