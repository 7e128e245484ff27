use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream, tcp::ReadHalf},
    time::sleep,
};

use super::{
    Fault, Operation, Shared,
    http::{Received, Request, Response},
    response::respond,
    vault,
    wire::{self, After},
};

/// Serves every connection.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, Arc::clone(&shared)))),
            // The process is out of file descriptors. Some become free later.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Counts the connection as open until its socket is closed: locals are dropped in reverse order.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let open = Open::new(shared);
    let mut connection = Connection { stream, received: Vec::new() };
    // The client sees how a connection ends.
    let _ = connection.serve(&open.0).await;
}

struct Open(Arc<Shared>);

impl Open {
    fn new(shared: Arc<Shared>) -> Self {
        shared.open_connections.fetch_add(1, Ordering::SeqCst);
        shared.accepted_connections.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_connections.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Connection {
    stream: TcpStream,
    /// Received bytes without a response yet.
    received: Vec<u8>,
}

impl Connection {
    async fn serve(&mut self, shared: &Shared) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        while let Some(request) = self.request().await? {
            match self.respond(shared, &request).await? {
                After::Next => {}
                After::Close => break,
                After::Reset => return self.stream.set_zero_linger(),
            }
        }
        Ok(())
    }

    async fn request(&mut self) -> io::Result<Option<Request>> {
        loop {
            match Request::take_from(&mut self.received) {
                Received::Request(request) => return Ok(Some(request)),
                Received::Garbage => return Ok(None),
                Received::Part => {}
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Responds, unless the client disconnects first: a silent response ends in no other way.
    async fn respond(&mut self, shared: &Shared, request: &Request) -> io::Result<After> {
        let (mut reader, mut writer) = self.stream.split();
        let response = async {
            let (content, fault) = prepare(shared, request).await;
            wire::send(&mut writer, &content, fault).await
        };
        tokio::select! {
            after = response => after,
            error = disconnected(&mut reader, &mut self.received) => Err(error),
        }
    }
}

async fn prepare(shared: &Shared, request: &Request) -> (Response, Option<Fault>) {
    if let Some(operation) = vault::operation(request) {
        let (latency, fault) = shared.plan.next(operation, None);
        if !latency.is_zero() {
            sleep(latency).await;
        }
        return (vault::respond(&shared.account, operation, request, fault), fault);
    }
    let operation = match request.target.as_str() {
        "TrentService.GetPublicKey" => Operation::GetPublicKey,
        "TrentService.Sign" => Operation::Sign,
        _ => return (Response::exception(400, "UnknownOperationException", ""), None),
    };
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return (Response::exception(400, "SerializationException", ""), None);
    };
    let (latency, fault) = shared.plan.next(operation, body["KeyId"].as_str());
    if !latency.is_zero() {
        sleep(latency).await;
    }
    (respond(&shared.account, operation, &body, fault), fault)
}

/// Returns when the client has closed its side.
async fn disconnected(reader: &mut ReadHalf<'_>, received: &mut Vec<u8>) -> io::Error {
    loop {
        match reader.read_buf(received).await {
            Ok(0) => return io::ErrorKind::ConnectionAborted.into(),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}
