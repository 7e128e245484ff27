//! Sends the bytes of a response.

use std::{future, io, iter, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    net::tcp::WriteHalf,
    time::{interval, sleep},
};

use super::{Fault, http::Response};

/// What happens to the connection after a response.
#[derive(Debug)]
pub(super) enum After {
    /// It serves the next request.
    Next,
    /// It is closed (FIN).
    Close,
    /// It is reset (RST).
    Reset,
}

/// Sends the response, with the fault in it.
pub(super) async fn send(writer: &mut WriteHalf<'_>, response: &Response, fault: Option<Fault>) -> io::Result<After> {
    let body = &response.body;
    let head = response.head(Some(body.len()));
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
            send_slowly(writer, body).await?;
        }
        Some(Fault::SlowHeaders) => {
            send_slowly(writer, &head).await?;
            writer.write_all(body).await?;
        }
        Some(Fault::TruncatedBody) => {
            writer.write_all(&[&head, &body[..body.len() / 2]].concat()).await?;
            return Ok(After::Close);
        }
        Some(Fault::HugeBody) => send_huge(writer, response, false).await?,
        Some(Fault::ChunkedHuge) => send_huge(writer, response, true).await?,
        Some(Fault::Chunked) => padded_chunks(writer, response, LIMIT).await?,
        Some(Fault::ChunkedTooLarge) => padded_chunks(writer, response, LIMIT + 1).await?,
        Some(Fault::ChunkedSlowly) => {
            writer.write_all(&response.head(None)).await?;
            let mut seconds = interval(Duration::from_secs(1));
            for &byte in body {
                seconds.tick().await;
                write_chunk(writer, &[byte]).await?;
            }
            writer.write_all(LAST_CHUNK).await?;
        }
        _ => writer.write_all(&[&head[..], body].concat()).await?,
    }
    Ok(After::Next)
}

/// A reset discards bytes that are not delivered yet, so it waits a moment.
async fn reset_after(writer: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<After> {
    writer.write_all(bytes).await?;
    sleep(Duration::from_millis(20)).await;
    Ok(After::Reset)
}

/// Sends nothing. The caller sees when the client disconnects.
async fn silence() -> io::Result<After> {
    future::pending().await
}

async fn send_slowly(writer: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<()> {
    let mut seconds = interval(Duration::from_secs(1));
    for byte in bytes {
        seconds.tick().await;
        writer.write_all(&[*byte]).await?;
    }
    Ok(())
}

/// The most that a client should accept.
const LIMIT: usize = 64 * 1024;
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

async fn write_chunk(writer: &mut WriteHalf<'_>, chunk: &[u8]) -> io::Result<()> {
    writer.write_all(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()).await
}

/// Sends the body in chunks, with spaces in front of the JSON up to this size.
async fn padded_chunks(writer: &mut WriteHalf<'_>, response: &Response, size: usize) -> io::Result<()> {
    writer.write_all(&response.head(None)).await?;
    let padding = vec![b' '; size.saturating_sub(response.body.len())];
    for chunk in [padding, response.body.clone()].concat().chunks(10_000) {
        write_chunk(writer, chunk).await?;
    }
    writer.write_all(LAST_CHUNK).await
}

/// Sends 100 MB before the value of the field, without holding them in memory.
async fn send_huge(writer: &mut WriteHalf<'_>, response: &Response, chunked: bool) -> io::Result<()> {
    static FILLER: [u8; 50_000] = [b'A'; 50_000];
    const TIMES: usize = 2_000;
    let position = |field: &[u8]| response.body.windows(field.len()).position(|window| window == field);
    let mut field =
        ["\"Signature\":\"", "\"PublicKey\":\"", "\"signature\":\"vault:v1:", "-----BEGIN PUBLIC KEY-----\\n"]
            .into_iter();
    // An error response has no such field.
    let Some(value) = field.find_map(|field| Some(position(field.as_bytes())? + field.len())) else {
        return writer.write_all(&[&response.head(Some(response.body.len()))[..], &response.body].concat()).await;
    };
    let (before, after) = response.body.split_at(value);
    let length = response.body.len() + FILLER.len() * TIMES;
    writer.write_all(&response.head((!chunked).then_some(length))).await?;
    let parts = iter::once(before).chain(iter::repeat_n(&FILLER[..], TIMES)).chain(iter::once(after));
    for part in parts {
        if chunked {
            write_chunk(writer, part).await?;
        } else {
            writer.write_all(part).await?;
        }
    }
    writer.write_all(if chunked { LAST_CHUNK } else { b"" }).await
}
