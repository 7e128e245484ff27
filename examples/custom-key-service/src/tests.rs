use std::time::Duration;

use cobrowse_jwt_conformance::Suite;
use cobrowse_jwt_core::{KeyErrorKind, SigningInput};
use cobrowse_jwt_remote::{KeyService as _, KeyVersion, RemoteKey};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{adapter::HttpKeyService, server::Server};

const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

/// Returns the URL of a server that responds to one request with this head, and then with chunks until the client closes the connection.
async fn endless(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(b"8\r\n        \r\n").await.is_ok() {}
    });
    url
}

#[tokio::test]
async fn response_over_64_kib_is_refused_while_it_is_read() {
    for head in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n",
    ] {
        let service = HttpKeyService::new(endless(head).await, "cobrowse", "");
        assert_eq!(service.authenticate().await.unwrap_err().kind(), KeyErrorKind::InvalidResponse);
    }
}

#[tokio::test]
async fn errors_of_the_service_have_the_kind_that_says_what_to_do() {
    use KeyErrorKind::{AccessDenied, NotFound, Superseded, Unavailable};
    let server = Server::start().await.unwrap();
    let service = |key: &str, password: &str| HttpKeyService::new(server.url(), key, password);
    let wrong_password = service("cobrowse", "").resolve().await.unwrap_err();
    let wrong_name = service("other", Server::PASSWORD).resolve().await.unwrap_err();
    let good = service("cobrowse", Server::PASSWORD);
    let old_version = good.sign(&KeyVersion::new("0"), &INPUT).await.unwrap_err();
    let unreachable = HttpKeyService::new("http://127.0.0.1:1", "", "").resolve().await.unwrap_err();
    let kinds = [wrong_password, wrong_name, old_version, unreachable].map(|error| error.kind());
    assert_eq!(kinds, [AccessDenied, NotFound, Superseded, Unavailable]);
}

#[tokio::test]
async fn session_is_reused_and_replaced_after_the_service_ended_it() {
    let server = Server::start().await.unwrap();
    let service = HttpKeyService::new(server.url(), "cobrowse", Server::PASSWORD);
    for _ in 0..2 {
        service.resolve().await.unwrap();
    }
    assert_eq!(server.logins(), 1);
    server.end_session();
    service.resolve().await.unwrap();
    assert_eq!(server.logins(), 2);
}

#[tokio::test]
async fn service_passes_the_conformance_suite() {
    let server = Server::start().await.unwrap();
    let service = |key: &str, password: &str| HttpKeyService::new(server.url(), key, password);
    // Long, because a loaded machine is slow.
    let source = |service| RemoteKey::builder(service).operation_timeout(Duration::from_secs(20)).build();
    let report = Suite::builder_for_service(service("cobrowse", Server::PASSWORD))
        .failing_source(KeyErrorKind::AccessDenied, source(service("cobrowse", "wrong")))
        .failing_source(KeyErrorKind::NotFound, source(service("other", Server::PASSWORD)))
        .secret(Server::PASSWORD)
        .secret(server.url())
        .build()
        .run()
        .await;
    assert!(report.is_passed(), "\n{report}");
}
