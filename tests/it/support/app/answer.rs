//! What the program answers.

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a body").to_vec();
        Self { status, headers, body }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// The cookie to send back.
    pub fn cookie(&self) -> String {
        let set = self.header(SET_COOKIE.as_str());
        set.split(';').next().unwrap_or_default().to_owned()
    }

    /// The same for the cookie of this name, among several; nothing when it was not set.
    pub fn cookie_named(&self, name: &str) -> String {
        let mut set =
            self.headers.get_all(SET_COOKIE).iter().map(|set| set.to_str().expect("ASCII"));
        let set = set.find(|set| set.split('=').next() == Some(name)).unwrap_or_default();
        set.split(';').next().unwrap_or_default().to_owned()
    }
}
