//! `/sockets/1/ws`: notifications in CBOR. The stub sends none, and acknowledges each message.

use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    response::Response,
    routing::get,
};
use ciborium::Value;

use crate::Stub;

pub(crate) fn routes() -> Router<Stub> {
    Router::new().route("/sockets/1/ws", get(upgrade))
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["cbor"]).on_upgrade(acknowledge)
}

async fn acknowledge(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Binary(bytes) = message else { continue };
        let Some(reply) = acknowledgement(&bytes) else { continue };
        if socket.send(Message::Binary(reply.into())).await.is_err() {
            return;
        }
    }
}

/// `{"ack": id}` for `{"id": id, ..}`.
fn acknowledgement(message: &[u8]) -> Option<Vec<u8>> {
    let message: Value = ciborium::from_reader(message).ok()?;
    let (_, id) = message.into_map().ok()?.into_iter().find(|(key, _)| key.as_text() == Some("id"))?;
    let mut reply = Vec::new();
    ciborium::into_writer(&Value::Map(vec![(Value::Text("ack".into()), id)]), &mut reply).ok()?;
    Some(reply)
}
