use std::{
    env, fs, iter,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use axum::{Json, Router, http::StatusCode, routing::post};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cobrowse_jwt::vault::{VaultAuth, VaultKey, VaultKeyBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use crate::{kms::wrap, web::serve};

/// An OpenBao server, called with its root token.
#[derive(Clone, Debug)]
pub struct OpenBao {
    /// Its address.
    pub url: String,
    /// Its root token.
    pub token: String,
}

impl OpenBao {
    /// Returns the server that `cargo xtask test` has started, with a transit secrets engine and `AppRole`.
    pub async fn from_env() -> Self {
        let url = variable("COBROWSE_TEST_OPENBAO");
        let server = Self { url, token: "root".to_owned() };
        // Another test can have done it.
        server.call("POST", "sys/mounts/transit", &json!({"type": "transit"})).await;
        server.call("POST", "sys/auth/approle", &json!({"type": "approle"})).await;
        server
    }

    /// Returns a builder for the key with this name, with the root token. Its deadline is long, for a busy machine.
    pub fn key(&self, name: &str) -> VaultKeyBuilder {
        VaultKey::builder(&self.url, name)
            .auth(VaultAuth::token(self.token.as_str()))
            .operation_timeout(Duration::from_mins(1))
    }

    /// Sends a request, and returns status and body.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.try_call(method, path, body).await.unwrap()
    }

    async fn try_call(&self, method: &str, path: &str, body: &Value) -> std::io::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).await?;
        let body = body.to_string();
        // HTTP/1.0, so that the response has no chunks.
        let head = format!(
            "{method} /v1/{path} HTTP/1.0\r\nX-Vault-Token: {}\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok((status, serde_json::from_str(body).unwrap_or_default()))
    }

    /// Writes to a path, and returns the body of the response.
    pub async fn write(&self, path: &str, body: Value) -> Value {
        let (status, response) = self.call("POST", path, &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {response}");
        response
    }

    /// Deletes the key that an earlier run has left at a server that still runs.
    async fn delete(&self, name: &str) {
        self.call("POST", &format!("transit/keys/{name}/config"), &json!({"deletion_allowed": true})).await;
        self.call("DELETE", &format!("transit/keys/{name}"), &Value::Null).await;
    }

    /// Creates a transit key.
    pub async fn create(&self, name: &str, key_type: &str) {
        self.delete(name).await;
        self.write(&format!("transit/keys/{name}"), json!({"type": key_type})).await;
    }

    /// Imports a private key in PKCS#8 DER.
    pub async fn import(&self, name: &str, pkcs8: &[u8]) {
        self.delete(name).await;
        let (_, response) = self.call("GET", "transit/wrapping_key", &Value::Null).await;
        let pem = response["data"]["public_key"].as_str().unwrap();
        let (_, wrapping_key) = pem_rfc7468::decode_vec(pem.trim().as_bytes()).unwrap();
        let ciphertext = STANDARD.encode(wrap(pkcs8, &wrapping_key));
        let body = json!({"type": "rsa-2048", "hash_function": "SHA256", "ciphertext": ciphertext});
        self.write(&format!("transit/keys/{name}/import"), body).await;
    }

    /// Allows to sign with this key.
    pub async fn allow(&self, key: &str) {
        let policy = format!(
            "path \"transit/keys/{key}\" {{ capabilities = [\"read\"] }}\n\
             path \"transit/sign/{key}\" {{ capabilities = [\"update\"] }}"
        );
        self.write(&format!("sys/policies/acl/{key}"), json!({"policy": policy})).await;
    }

    /// Creates a role that may sign with the key of the same name, and logs in with it.
    pub async fn app_role(&self, key: &str, token_ttl: &str) -> VaultAuth {
        self.allow(key).await;
        let role = format!("auth/approle/role/{key}");
        self.write(&role, json!({"token_policies": key, "token_ttl": token_ttl, "token_max_ttl": token_ttl})).await;
        let (_, role_id) = self.call("GET", &format!("{role}/role-id"), &Value::Null).await;
        let secret_id = self.write(&format!("{role}/secret-id"), json!({})).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        VaultAuth::app_role(text(&role_id["data"]["role_id"]), text(&secret_id["data"]["secret_id"]))
    }

    /// Creates a role that may sign with the key of the same name, for a service account that this function's cluster accepts. `mount` is
    /// where the authentication method is mounted, and `jwt_file` is the token of the service account.
    pub async fn kubernetes(&self, key: &str, mount: Option<&str>, jwt_file: &Path) -> VaultAuth {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "status": {"authenticated": true, "user": {"username": "system:serviceaccount:default:app", "uid": "uid-1"}},
        });
        let review = move || async move { (StatusCode::CREATED, Json(review)) };
        let cluster = serve(Router::new().route("/apis/authentication.k8s.io/v1/tokenreviews", post(review))).await;
        self.allow(key).await;
        let path = mount.unwrap_or("kubernetes");
        self.call("POST", &format!("sys/auth/{path}"), &json!({"type": "kubernetes"})).await;
        let config = json!({"kubernetes_host": cluster, "disable_local_ca_jwt": true, "kubernetes_ca_cert": "none"});
        self.write(&format!("auth/{path}/config"), config).await;
        let role = json!({
            "bound_service_account_names": "app",
            "bound_service_account_namespaces": "default",
            "token_policies": key,
        });
        self.write(&format!("auth/{path}/role/{key}"), role).await;
        let jwt = [
            json!({"alg": "RS256"}),
            json!({
                "iss": "kubernetes/serviceaccount",
                "sub": "system:serviceaccount:default:app",
                "kubernetes.io/serviceaccount/namespace": "default",
                "kubernetes.io/serviceaccount/service-account.name": "app",
                "kubernetes.io/serviceaccount/service-account.uid": "uid-1",
            }),
            json!("the cluster verifies it"),
        ];
        fs::write(jwt_file, jwt.map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")).unwrap();
        let auth = VaultAuth::kubernetes(key).jwt_file(jwt_file);
        if let Some(mount) = mount { auth.mount(mount) } else { auth }
    }

    /// Creates a token that may sign with the key.
    pub async fn token(&self, key: &str, options: Value) -> String {
        self.allow(key).await;
        let mut body = options;
        body["policies"] = json!([key]);
        self.write("auth/token/create", body).await["auth"]["client_token"].as_str().unwrap().to_owned()
    }
}

/// A server for https, with a key `tls` and a certificate of its own authority.
#[derive(Debug)]
pub struct HttpsServer {
    /// Its address.
    pub url: String,
    folder: TempDir,
    process: Child,
}

impl HttpsServer {
    /// Starts a server.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new(variable("COBROWSE_TEST_OPENBAO_PROGRAM"));
        command.args(["server", "-dev", "-dev-tls", "-dev-no-store-token", "-dev-root-token-id=root"]);
        command.arg(format!("-dev-tls-cert-dir={}", folder.path().display()));
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { url: format!("https://127.0.0.1:{port}"), folder, process };
        while !server.run(&["secrets", "enable", "transit"]) {
            sleep(Duration::from_millis(100)).await;
        }
        assert!(server.run(&["write", "-f", "transit/keys/tls", "type=rsa-2048"]));
        server
    }

    /// Returns the certificate of its authority.
    #[must_use]
    pub fn ca_cert_file(&self) -> PathBuf {
        self.folder.path().join("vault-ca.pem")
    }

    fn run(&self, args: &[&str]) -> bool {
        let mut command = Command::new(variable("COBROWSE_TEST_OPENBAO_PROGRAM"));
        command.args(args).env("BAO_ADDR", &self.url).env("BAO_TOKEN", "root").env("BAO_CACERT", self.ca_cert_file());
        command.output().unwrap().status.success()
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A server with a storage of its own, which a test can seal, kill and restart.
#[derive(Debug)]
pub struct OwnServer {
    /// The server.
    pub server: OpenBao,
    unseal_key: String,
    folder: TempDir,
    process: Child,
}

impl OwnServer {
    /// Starts and unseals a server, with a transit secrets engine and `AppRole`.
    pub async fn start() -> Self {
        let own = Self::start_empty().await;
        own.server.write("sys/mounts/transit", json!({"type": "transit"})).await;
        own.server.write("sys/auth/approle", json!({"type": "approle"})).await;
        own
    }

    /// Starts and unseals a server.
    pub async fn start_empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port, cluster_port] = [(); 2].map(|()| free_port());
        let config = format!(
            "storage \"raft\" {{\n path = \"{0}\"\n node_id = \"1\"\n}}\nlistener \"tcp\" {{\n address = \"127.0.0.1:{port}\"\n \
             tls_disable = true\n}}\napi_addr = \"http://127.0.0.1:{port}\"\ncluster_addr = \"http://127.0.0.1:{cluster_port}\"\n",
            folder.path().display()
        );
        fs::write(folder.path().join("config.hcl"), config).unwrap();
        let process = spawn(folder.path());
        let server = OpenBao { url: format!("http://127.0.0.1:{port}"), token: String::new() };
        let mut own = Self { server, unseal_key: String::new(), folder, process };
        let body = json!({"secret_shares": 1, "secret_threshold": 1});
        let initialized = own.until("POST", "sys/init", &body).await;
        own.server.token = initialized["root_token"].as_str().unwrap().to_owned();
        own.unseal_key = initialized["keys"][0].as_str().unwrap().to_owned();
        own.unseal().await;
        own
    }

    /// Seals the server: it refuses every request.
    pub async fn seal(&self) {
        self.server.write("sys/seal", json!({})).await;
    }

    /// Unseals the server, and waits until it is active.
    pub async fn unseal(&self) {
        self.until("POST", "sys/unseal", &json!({"key": self.unseal_key})).await;
        self.until("GET", "sys/health", &Value::Null).await;
    }

    /// Kills the server.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts the server again. It is sealed.
    pub fn restart(&mut self) {
        self.process = spawn(self.folder.path());
    }

    /// Sends a request until the server accepts it, and returns the body of the response.
    async fn until(&self, method: &str, path: &str, body: &Value) -> Value {
        let start = Instant::now();
        loop {
            let response = self.server.try_call(method, path, body).await;
            if let Ok((200, body)) = response {
                return body;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "not within a minute: {path}: {response:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(folder: &Path) -> Child {
    let mut command = Command::new(variable("COBROWSE_TEST_OPENBAO_PROGRAM"));
    command.args(["server", "-config=config.hcl"]).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn free_port() -> u16 {
    // Outside the range from which connections of other tests get their ports.
    let mut ports = iter::repeat_with(|| fastrand::u16(10_000..30_000));
    ports.find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).unwrap()
}

fn variable(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; run `cargo xtask test`, or `cargo xtask services up` first"))
}
