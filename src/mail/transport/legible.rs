//! A relay's answers in the form that the SMTP client reads. RFC 5321 §4.2 lets a line be a code alone, keywords come in
//! any case (§2.4), and relays write in whatever letters they have, as much as they like: an answer that could not be
//! read would have a mail that was taken sent again.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What stands behind this in a line is left out (RFC 5321 §4.5.3.1.5: 512 bytes at most).
const LONGEST: usize = 512;
/// More lines of one answer are none: no relay needs so many, and a client would read on for ever.
const LINES_MOST: usize = 256;

/// A connection whose lines are text, end as they should and have a space behind their code.
#[derive(Debug)]
pub(super) struct Legible<S> {
    stream: S,
    /// What came of the line that has not ended.
    line: Vec<u8>,
    /// How many answers ended: the greeting is the first, and the second tells what the relay can do.
    answers: u32,
    /// What stands behind the codes of the answer under way.
    answer: Vec<String>,
    /// What the client has not read yet.
    lines: BytesMut,
}

impl<S> Legible<S> {
    /// The client reads `answer` first, which was read from the connection before.
    pub(super) fn after(answer: &[u8], stream: S) -> Self {
        let mut legible =
            Self { stream, line: vec![], answers: 0, answer: vec![], lines: BytesMut::new() };
        legible.take(answer);
        legible
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line();
            } else if self.line.len() < LONGEST {
                self.line.push(*byte);
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let line = line.trim_end_matches('\r');
        let mut text: String = line.chars().skip(4).collect();
        // Its first line is the relay's name.
        if self.answers == 1 && !self.answer.is_empty() {
            text.make_ascii_uppercase();
        }
        self.answer.push(text);
        if line.as_bytes().get(3) == Some(&b'-') {
            return;
        }
        // The last line's code is the answer's (RFC 5321 §4.2.1).
        let code: String = line.chars().take(3).collect();
        for (n, text) in (1..).zip(&self.answer) {
            let separator = if n == self.answer.len() { ' ' } else { '-' };
            self.lines.extend_from_slice(format!("{code}{separator}{text}\r\n").as_bytes());
        }
        self.answers = self.answers.saturating_add(1);
        self.answer.clear();
    }
}

impl<S: AsyncTokioStream> AsyncTokioStream for Legible<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Legible<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.lines.is_empty() {
            if this.answer.len() > LINES_MOST {
                return Poll::Ready(Err(io::Error::other("the relay's answer has no end")));
            }
            let mut bytes = [0; 1024];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                // What was cut off is no answer.
                return Poll::Ready(Ok(()));
            }
            this.take(read.filled());
        }
        let count = buffer.remaining().min(this.lines.len());
        buffer.put_slice(&this.lines[..count]);
        this.lines.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Legible<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn read(first: &[u8], rest: &[u8]) -> String {
        let mut text = String::new();
        Legible::after(first, rest).read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn every_answer_can_be_read() {
        for (said, read_as) in [
            (&b"250 OK\r\n"[..], "250 OK\r\n"),
            (b"250\r\n", "250 \r\n"),
            (b"250-a\r\n250-\r\n250\n", "250-a\r\n250-\r\n250 \r\n"),
            (b"550-a\r\n250\tok\r\n", "250-a\r\n250 ok\r\n"),
            (b"250 d\xe9j\xe0 vu\r\n", "250 d\u{fffd}j\u{fffd} vu\r\n"),
            ("250 déjà vu\n".as_bytes(), "250 déjà vu\r\n"),
            (b"250 OK\r\n421 cut off", "250 OK\r\n"),
            (b"", ""),
        ] {
            assert_eq!(read(b"", said).await, read_as);
            assert_eq!(read(said, b"").await, read_as);
        }
        let endless = format!("220\r\n250 {}\r\n250 OK\r\n", "x".repeat(3000));
        let lines: Vec<usize> =
            read(b"", endless.as_bytes()).await.split("\r\n").map(str::len).collect();
        assert_eq!(lines, [4, LONGEST, 6, 0]);
    }

    #[tokio::test]
    async fn an_answer_without_end_is_none() {
        let endless = "250-a\r\n".repeat(100_000);
        let mut read = vec![];
        let told = Legible::after(b"", endless.as_bytes()).read_to_end(&mut read).await;
        assert!(told.is_err() && read.is_empty());
    }

    #[tokio::test]
    async fn what_a_relay_can_do_is_read_in_any_case() {
        let said = "220-relay.example\r\n220 ready\r\n250-relay.example\r\n250-starttls\r\n250 Auth plain Login\r\n\
                    334 VXNlcm5hbWU6\r\n";
        let read_as =
            said.replace("starttls", "STARTTLS").replace("Auth plain Login", "AUTH PLAIN LOGIN");
        assert_eq!(read(said.as_bytes(), b"").await, read_as);
    }
}
