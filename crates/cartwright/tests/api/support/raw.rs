//! Requests byte for byte, for those that no decent client would send.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::reply::Reply;

/// A request that says it is the last on its connection.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends bytes and reads the reply until the server closes.
#[track_caller]
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Reply {
    let asked = first_line(bytes);
    try_exchange(address, bytes).unwrap_or_else(|e| panic!("{asked}: {e}"))
}

/// Like [`exchange`], for servers that may not be there.
pub(crate) fn try_exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    stream.set_write_timeout(Some(Duration::from_secs(15)))?;
    // A server may refuse before it has read everything; what it says then still counts.
    let written = stream.write_all(bytes);
    let mut received = Vec::new();
    let read = stream.read_to_end(&mut received);
    parse(bytes, &received).ok_or_else(|| {
        let shown = String::from_utf8_lossy(&received);
        io::Error::other(format!("no reply (written {written:?}, read {read:?}): {shown:?}"))
    })
}

fn parse(asked: &[u8], received: &[u8]) -> Option<Reply> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let said = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let is_in_parts = said("transfer-encoding") == Some("chunked") && !asked.starts_with(b"HEAD ");
    let body = if is_in_parts { together(&received[end + 4..])? } else { received[end + 4..].to_vec() };
    let announced = said("content-length");
    // A reply that breaks off is none.
    let is_whole = asked.starts_with(b"HEAD ") || announced.is_none_or(|length| length == body.len().to_string());
    is_whole.then(|| Reply { asked: first_line(asked), status, headers, body })
}

/// The parts of a body (RFC 9112, 7.1), up to the empty one at its end.
fn together(mut parts: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = parts.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&parts[..end]).ok()?, 16).ok()?;
        let part = parts.get(end + 2..)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(part.get(..length)?);
        parts = part.get(length + 2..)?;
    }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut shown = String::from_utf8_lossy(line).into_owned();
    if let Some((at, _)) = shown.char_indices().nth(200) {
        shown.truncate(at);
        shown.push('…');
    }
    shown
}
