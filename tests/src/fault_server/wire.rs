//! How the bytes of an answer go out.

use std::{future, io, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    net::tcp::WriteHalf,
    time::{interval, sleep},
};

use super::{Fault, http::Response};

/// What becomes of the connection.
#[derive(Debug)]
pub(super) enum After {
    /// It takes the next request.
    Next,
    /// It is closed in order (FIN).
    Close,
    /// It is reset (RST).
    Reset,
}

/// Sends the answer, truthfully but for the fault.
pub(super) async fn send(writer: &mut WriteHalf<'_>, response: &Response, fault: Option<Fault>) -> io::Result<After> {
    let body = &response.body;
    let head = response.head(body.len());
    match fault {
        Some(Fault::ResetBeforeHeaders) => return Ok(After::Reset),
        Some(Fault::ResetDuringHeaders) => return reset_after(writer, &head[..head.len() / 2]).await,
        Some(Fault::ResetAfterHeaders) => return reset_after(writer, &head).await,
        Some(Fault::SilenceAfterAccept) => return silence().await,
        Some(Fault::SilenceAfterHeaders) => {
            writer.write_all(&head).await?;
            return silence().await;
        }
        Some(Fault::SilenceMidBody) => {
            writer.write_all(&[&head, &body[..body.len() / 2]].concat()).await?;
            return silence().await;
        }
        Some(Fault::BytePerSecond) => {
            writer.write_all(&head).await?;
            drip(writer, body).await?;
        }
        Some(Fault::SlowHeaders) => {
            drip(writer, &head).await?;
            writer.write_all(body).await?;
        }
        Some(Fault::TruncatedBody) => {
            writer.write_all(&[&head, &body[..body.len() / 2]].concat()).await?;
            return Ok(After::Close);
        }
        Some(Fault::HugeBody) => flood(writer, response).await?,
        _ => writer.write_all(&[&head[..], body].concat()).await?,
    }
    Ok(After::Next)
}

/// A reset overtakes what is not yet delivered, so the bytes get a moment.
async fn reset_after(writer: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<After> {
    writer.write_all(bytes).await?;
    sleep(Duration::from_millis(20)).await;
    Ok(After::Reset)
}

/// Until the client goes, which the caller sees.
async fn silence() -> io::Result<After> {
    future::pending().await
}

async fn drip(writer: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<()> {
    let mut seconds = interval(Duration::from_secs(1));
    for byte in bytes {
        seconds.tick().await;
        writer.write_all(&[*byte]).await?;
    }
    Ok(())
}

/// Puts 100 MB in front of the field's value, without ever holding them.
async fn flood(writer: &mut WriteHalf<'_>, response: &Response) -> io::Result<()> {
    static CHUNK: [u8; 50_000] = [b'A'; 50_000];
    const CHUNKS: usize = 2_000;
    let position = |field: &[u8]| response.body.windows(field.len()).position(|window| window == field);
    let mut field = [&br#""Signature":""#[..], br#""PublicKey":""#].into_iter();
    // A refusal has no such field, and goes out as it is.
    let Some(value) = field.find_map(|field| Some(position(field)? + field.len())) else {
        return writer.write_all(&[&response.head(response.body.len())[..], &response.body].concat()).await;
    };
    let (before, after) = response.body.split_at(value);
    writer.write_all(&response.head(response.body.len() + CHUNK.len() * CHUNKS)).await?;
    writer.write_all(before).await?;
    for _ in 0..CHUNKS {
        writer.write_all(&CHUNK).await?;
    }
    writer.write_all(after).await
}
