//! How a conversation with the relay begins: with STARTTLS where that is wanted and offered (RFC 3207). The client
//! that goes on reads answers through [`Legible`], which must stand above the encryption.

use std::io;

use lettre::transport::smtp::client::AsyncTokioStream;
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::legible::Legible;
use super::tls_stream::Encrypted;

/// The longest answer in bytes.
const ANSWER_MOST: u64 = 64 * 1024;

/// A conversation that is about to begin.
pub(super) struct Opened {
    /// The client begins on this by reading a greeting.
    pub stream: Box<dyn AsyncTokioStream>,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

impl Opened {
    /// One that nothing was said on yet.
    pub(super) fn in_clear(stream: TcpStream) -> Self {
        Self { stream: Box::new(Legible::after(b"", stream)), encrypted: false }
    }

    /// The same, encrypted.
    pub(super) fn encrypted(stream: Encrypted) -> Self {
        Self { stream: Box::new(Legible::after(b"", stream)), encrypted: true }
    }
}

/// Encrypts by STARTTLS, if the relay of this name offers it.
///
/// # Errors
/// When the connection fails, or the relay's certificate is not trusted.
pub(super) async fn try_starttls(
    stream: TcpStream,
    host: &str,
    hello: &ClientId,
) -> io::Result<Opened> {
    let mut talk = BufReader::new(stream);
    let greeting = answer(&mut talk).await?;
    if !greeting.starts_with(b"220") {
        return Ok(goes_on_in_clear(&greeting, talk));
    }
    talk.write_all(format!("EHLO {hello}\r\n").as_bytes()).await?;
    let offers = String::from_utf8_lossy(&answer(&mut talk).await?).to_ascii_uppercase();
    let offered = offers.starts_with("250")
        && offers.lines().any(|line| line.get(4..).is_some_and(|word| word.trim() == "STARTTLS"));
    if !offered {
        return Ok(goes_on_in_clear(&greeting, talk));
    }
    talk.write_all(b"STARTTLS\r\n").await?;
    let ready = answer(&mut talk).await?;
    if !ready.starts_with(b"220") {
        return Ok(goes_on_in_clear(&ready, talk));
    }
    // Whoever stands between could have put it there, to be read as if it had come encrypted.
    if !talk.buffer().is_empty() {
        return Err(io::Error::other("it said more before it was encrypted"));
    }
    let stream = Encrypted::over(talk.into_inner(), host).await?;
    Ok(Opened { stream: Box::new(Legible::after(&ready, stream)), encrypted: true })
}

/// The client reads this answer as the greeting, and begins anew.
fn goes_on_in_clear(answer: &[u8], talk: BufReader<TcpStream>) -> Opened {
    let said = [answer, talk.buffer()].concat();
    Opened { stream: Box::new(Legible::after(&said, talk.into_inner())), encrypted: false }
}

/// One whole answer: the last of its lines has no hyphen behind its code (RFC 5321 §4.2.1).
async fn answer(talk: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut answer = vec![];
    let mut rest = talk.take(ANSWER_MOST);
    loop {
        let begins = answer.len();
        let read = rest.read_until(b'\n', &mut answer).await?;
        if read == 0 || !answer.ends_with(b"\n") {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if answer.get(begins + 3) != Some(&b'-') {
            return Ok(answer);
        }
    }
}
