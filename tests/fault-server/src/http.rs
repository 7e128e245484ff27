//! The part of HTTP/1.1 (RFC 9112) that the clients use.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Fault;

/// More than any request of the SDK.
const MAX_REQUEST: usize = 64 * 1024;

/// A complete request.
#[derive(Debug)]
pub(super) struct Request {
    /// The path of the URL.
    pub(super) path: String,
    /// The header `X-Amz-Target`, or empty.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
}

/// The content of a buffer of received bytes.
#[derive(Debug)]
pub(super) enum Received {
    /// One complete request, removed from the buffer.
    Request(Request),
    /// The beginning of a request.
    Part,
    /// Not a request for KMS.
    Garbage,
}

impl Request {
    pub(super) fn take_from(buffer: &mut Vec<u8>) -> Received {
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if buffer.len() > MAX_REQUEST { Received::Garbage } else { Received::Part };
        };
        let Ok(text) = std::str::from_utf8(&buffer[..head]) else { return Received::Garbage };
        let header = |wanted: &str| {
            let mut headers = text.lines().skip(1).filter_map(|line| line.split_once(':'));
            headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let Ok(length) = header("content-length").unwrap_or("0").parse::<usize>() else { return Received::Garbage };
        if !(text.starts_with("POST ") || text.starts_with("GET ")) || length > MAX_REQUEST {
            return Received::Garbage;
        }
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let target = header("x-amz-target").unwrap_or_default().to_owned();
        let body = head + 4..head + 4 + length;
        if buffer.len() < body.end {
            return Received::Part;
        }
        let body = buffer.drain(..body.end).skip(body.start).collect();
        Received::Request(Request { path, target, body })
    }
}

/// A response of KMS, before [`wire`](super::wire) sends it.
#[derive(Debug)]
pub(super) struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// Returns a response with this JSON.
    pub(super) fn json(fields: &Value, fault: Option<Fault>) -> Self {
        let mut body = fields.to_string().into_bytes();
        if fault == Some(Fault::TruncatedJson) {
            body.truncate(body.len() / 2);
        }
        Self::new(200, body)
    }

    pub(super) fn exception(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, json!({"__type": code, "message": message}).to_string())
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the status line and the headers, for a body of this length or for chunks.
    pub(super) fn head(&self, length: Option<usize>) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\nContent-Type: application/x-amz-json-1.1\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match length {
            Some(length) => write!(head, "Content-Length: {length}\r\n\r\n"),
            None => write!(head, "Transfer-Encoding: chunked\r\n\r\n"),
        };
        head.into_bytes()
    }
}
