//! The smallest HTTP/1.1 client that can tell a reply from another: requests are ready-made bytes, and of a reply only
//! the status line and `Content-Length` are read. It shares its cores with what it measures, so it must cost little.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// A connection that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A reply, as far as it was read.
pub(crate) struct Reply<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The body, whole.
    pub(crate) body: &'a [u8],
}

/// Why there was no reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection broke.
    Io(io::Error),
    /// What came is not what this client reads.
    Reply(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection broke: {error}"),
            Self::Reply(what) => write!(f, "unreadable reply: {what}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Connection {
    /// Connects to the server.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        Self::open_from(Ipv4Addr::LOCALHOST, address).await
    }

    /// Connects to the server from one of the machine's loopback addresses (all of 127.0.0.0/8), so that what is
    /// counted by address can be spread over several.
    pub(crate) async fn open_from(source: Ipv4Addr, address: SocketAddr) -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 * 1024] })
    }

    /// Sends one request and reads its reply whole.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Reply<'_>, Failure> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            let before = filled;
            filled += self.fill(filled).await?;
            // The end may straddle two reads.
            let from = before.saturating_sub(3);
            if let Some(at) = self.buffer[from..filled].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break from + at + 4;
            }
        };
        let (status, length) = parse_head(&self.buffer[..head])?;
        let end = head + length;
        while filled < end {
            filled += self.fill(filled).await?;
        }
        if filled > end {
            return Err(Failure::Reply("more bytes than Content-Length says"));
        }
        Ok(Reply { status, body: &self.buffer[head..end] })
    }

    /// Reads some bytes to `at`; gives how many.
    async fn fill(&mut self, at: usize) -> Result<usize, Failure> {
        if at == self.buffer.len() {
            self.buffer.resize(at * 2, 0);
        }
        match self.stream.read(&mut self.buffer[at..]).await? {
            0 => Err(Failure::Reply("the server closed the connection")),
            count => Ok(count),
        }
    }
}

/// Status and length of the body.
fn parse_head(head: &[u8]) -> Result<(u16, usize), Failure> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let status = lines.next().and_then(|line| line.strip_prefix(b"HTTP/1.1 ")).and_then(|rest| number(rest.get(..3)?));
    let status = status.and_then(|status| u16::try_from(status).ok()).ok_or(Failure::Reply("no HTTP/1.1 status"))?;
    for line in lines {
        let Some((name, value)) = line.split_at_checked(15) else { continue };
        if name.eq_ignore_ascii_case(b"content-length:") {
            return number(value.trim_ascii())
                .map(|length| (status, length))
                .ok_or(Failure::Reply("bad Content-Length"));
        }
    }
    match status {
        204 | 304 => Ok((status, 0)),
        _ => Err(Failure::Reply("no Content-Length")),
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A request without a body.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// A request with a JSON body; `headers` are whole lines.
pub(crate) fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let head = b"HTTP/1.1 201 Created\r\nserver: x\r\nCONTENT-LENGTH:  42 \r\n\r\n";
        assert_eq!(parse_head(head).expect("a head"), (201, 42));
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content\r\n\r\n").expect("a head"), (204, 0));
        for bad in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 2", b"content-length: 1"] {
            assert!(parse_head(bad).is_err());
        }
    }
}
