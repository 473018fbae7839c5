//! The client: patient for so long, reads so much, and follows no redirect.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use tokio::sync::OnceCell;
use url::Url;

use crate::tls;

/// How long one answer may take, to its end.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It cannot be reached, or what came is no HTTP.
    #[error("it cannot be reached")]
    Away(#[source] reqwest::Error),
    /// It took too long.
    #[error("it did not answer within {} seconds", DEADLINE.as_secs())]
    TooSlow,
    /// More than belongs there.
    #[error("its answer was larger than {} KiB", .0 / 1024)]
    TooLarge(usize),
}

impl HttpError {
    /// Whether it may be over soon.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Away(_) | Self::TooSlow)
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TooSlow } else { Self::Away(error.without_url()) }
    }
}

/// What is said, and in what.
pub struct Question {
    /// The type of the body.
    pub kind: &'static str,
    /// The type of the answer that is asked for.
    pub accepts: &'static str,
    /// The longest answer that is read, in bytes.
    pub answer_most: usize,
    /// The body.
    pub body: Vec<u8>,
}

/// What was answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The type of the body, where it was named.
    pub kind: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// One client; what it asks over is made when it is asked first.
#[derive(Clone, Default)]
pub struct HttpClient(Arc<OnceCell<Client>>);

impl HttpClient {
    /// Asks an address.
    ///
    /// # Errors
    /// When no whole answer came. Of what status one is, is for whoever asked to judge.
    pub async fn post(&self, to: &Url, question: Question) -> Result<Answer, HttpError> {
        let client = self.0.get_or_try_init(|| async { client() }).await?;
        let request = client
            .post(to.clone())
            .header(CONTENT_TYPE, question.kind)
            .header(ACCEPT, question.accepts)
            .body(question.body);
        let mut answer = request.send().await?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let (status, kind) = (answer.status().as_u16(), kind.map(str::to_owned));
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            if body.len() + piece.len() > question.answer_most {
                return Err(HttpError::TooLarge(question.answer_most));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, kind, body })
    }
}

fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .tls_backend_preconfigured(tls::client().as_ref().clone())
        .user_agent(concat!("assent/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .timeout(DEADLINE)
        .build()
}
