//! As much HTTP/1.1 (RFC 9112) as an SDK speaks.

use std::fmt::Write as _;

use serde_json::json;

/// No request for KMS is longer.
const MAX_REQUEST: usize = 64 * 1024;

/// A request that has arrived whole.
#[derive(Debug)]
pub(super) struct Request {
    /// The header `X-Amz-Target`, or nothing.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
}

/// What is in a buffer of received bytes.
#[derive(Debug)]
pub(super) enum Received {
    /// One whole request, taken out of the buffer.
    Request(Request),
    /// A beginning.
    Part,
    /// Something else.
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
        if !text.starts_with("POST ") || length > MAX_REQUEST {
            return Received::Garbage;
        }
        let target = header("x-amz-target").unwrap_or_default().to_owned();
        let body = head + 4..head + 4 + length;
        if buffer.len() < body.end {
            return Received::Part;
        }
        let body = buffer.drain(..body.end).skip(body.start).collect();
        Received::Request(Request { target, body })
    }
}

/// What KMS would send, before the wire spoils it.
#[derive(Debug)]
pub(super) struct Response {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(super) fn exception(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, json!({"__type": code, "message": message}).to_string())
    }

    pub(super) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Status line and headers, announcing a body of this length, or chunks.
    pub(super) fn head(&self, length: Option<usize>) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            400 => "Bad Request",
            403 => "Forbidden",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            _ => "Service Unavailable",
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
