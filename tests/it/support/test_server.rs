//! An HTTP server of a story's own, which answers as the story says, or not at all.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, spawn_blocking};

/// What it does with a question.
pub enum Reply {
    /// Answers with this status, type and body.
    Says(u16, &'static str, Vec<u8>),
    /// Leads elsewhere.
    LeadsTo(String),
    /// Answers without end.
    Endless,
    /// Answers 200, says a word, and leaves the rest open.
    Open,
    /// Says nothing.
    Silent,
}

/// What it is asked: the request's line and headers as they came, its path, and its body.
pub struct Asked<'a> {
    pub head: &'a str,
    pub path: &'a str,
    pub body: &'a [u8],
}

type Answers = Arc<dyn Fn(&Asked<'_>) -> Reply + Send + Sync>;

/// One that listens; it ends with the story, or when it is dropped.
pub struct TestServer {
    pub address: SocketAddr,
    listens: AbortHandle,
}

impl TestServer {
    /// Answers each question, by its path and its body, on a free port.
    pub async fn start(answers: impl Fn(&str, &[u8]) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(0, answers).await
    }

    /// The same on this port.
    pub async fn start_at(
        port: u16,
        answers: impl Fn(&str, &[u8]) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(port, move |asked| answers(asked.path, asked.body)).await
    }

    /// Answers each question by all that it says, on a port, or a free one where that is 0.
    pub async fn listen(
        port: u16,
        answers: impl Fn(&Asked<'_>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answers: Answers = Arc::new(answers);
        let listens = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answers = answers.clone();
                tokio::spawn(async move {
                    // Who asks may hang up.
                    let _ = answer(stream, answers).await;
                });
            }
        });
        Self { address, listens: listens.abort_handle() }
    }

    /// The address of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

async fn answer(mut stream: TcpStream, answers: Answers) -> std::io::Result<()> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    while read.len() < head + length {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    let line = String::from_utf8_lossy(&read).lines().next().unwrap_or_default().to_owned();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let answering = move || {
        let text = String::from_utf8_lossy(&read[..head]);
        answers(&Asked { head: &text, path: &path, body: &read[head..] })
    };
    let reply = spawn_blocking(answering).await.expect("a reply");
    match reply {
        Reply::Says(status, kind, body) => {
            let head = format!(
                "HTTP/1.1 {status} So\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        }
        Reply::LeadsTo(to) => {
            let head = format!(
                "HTTP/1.1 307 So\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 So\r\ncontent-type: text/plain\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 4096]).await?;
            }
        }
        Reply::Open => {
            let begun =
                b"HTTP/1.1 200 So\r\ncontent-type: text/plain\r\ncontent-length: 99\r\n\r\nok";
            stream.write_all(begun).await?;
            while stream.read_buf(&mut Vec::new()).await? > 0 {}
            Ok(())
        }
        Reply::Silent => {
            // Until who asks hangs up.
            while stream.read_buf(&mut Vec::new()).await? > 0 {}
            Ok(())
        }
    }
}
