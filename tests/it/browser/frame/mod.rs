//! The form in a frame on a page of another site, which lets nothing of ours in but the frame and the script that makes it
//! as tall as it says: with and without script.

mod journey;
mod looks;
mod pasted;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::reader::{Reader, Rules, Screen};
use crate::support::app::{Database, TestApp};
use crate::support::browser::Script;
use crate::support::poll;
use crate::support::test_server::{Reply, TestServer};

const ADA: &str = "ada@b.example";
/// What a page in the frame loads: itself, the stylesheet, its script.
const RULES: Rules =
    Rules { title: "Sample Press", requests: 3, bytes: 20_000, pictures: "frame/" };
const WIDE: Screen = Screen { width: 1000, dark: false };
const SMALL: Screen = Screen { width: 320, dark: false };

/// What the page hears of frames, and what its policy refused.
const LISTEN: &str = "window.heard = []; window.refused = [];
    addEventListener('message', ({ origin, data }) => heard.push({ origin, data }));
    addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective));";

/// Somebody who reads an article with frames in it.
struct Article {
    reader: Reader,
    app: TestApp,
    /// The article, by a name that is another site than ours.
    url: String,
    /// What stands in it.
    holds: Arc<Mutex<String>>,
    _host: TestServer,
}

impl Article {
    /// With these frames in it, each by its path.
    async fn with((script, screen): (Script, Screen), frames: &[&str]) -> Self {
        let holds = Arc::new(Mutex::new(String::new()));
        let page = holds.clone();
        let host = TestServer::start(move |_, _| {
            Reply::Says(200, "text/html", page.lock().unwrap().clone().into_bytes())
        });
        let host = host.await;
        let url = host.url("").replace("127.0.0.1", "localhost");
        let app = TestApp::start_with(Database::Sqlite, &[("ASSENT_EMBED_ORIGINS", &url)]).await;
        let reader = Reader::visits(&app.base, RULES, script, screen).await;
        let listen = json!({ "source": LISTEN });
        reader.browser.devtools("Page.addScriptToEvaluateOnNewDocument", listen).await;
        let article = Self { reader, app, url, holds, _host: host };
        let frame = |path: &&str| {
            format!(
                "<iframe src=\"{}{path}\" title=\"A form\" width=\"100%\" height=\"600\"
                referrerpolicy=\"strict-origin-when-cross-origin\"></iframe>",
                article.app.base
            )
        };
        let script = format!("<script src=\"{}/frame.js\" async></script>", article.app.base);
        let frames: String = frames.iter().map(frame).collect();
        article.shows(&format!("{frames}{script}")).await;
        article
    }

    /// Opens the article with this at its end.
    async fn shows(&self, pasted: &str) {
        let ours = &self.app.base;
        let page = format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">
            <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src {ours}; frame-src {ours};
            style-src-attr 'unsafe-inline'; require-trusted-types-for 'script'\"><title>An article</title></head>
            <body><main><h1>An article</h1>{}{pasted}</main></body></html>",
            "<p>It goes on for a while.</p>".repeat(30)
        );
        *self.holds.lock().unwrap() = page;
        self.reader.browser.goto(&self.url).await.unwrap();
    }

    /// Goes into a frame, once its form is there: some are loaded when they are seen.
    async fn enters(&self, frame: u16) {
        let loaded = format!(
            "const frame = document.querySelectorAll('iframe')[{frame}];
            frame.scrollIntoView();
            return !frame.contentDocument || !!frame.contentDocument.querySelector('h1');"
        );
        poll::until("a frame", || async { (self.asks(&loaded).await == true).then_some(()) }).await;
        self.reader.browser.enter_frame(frame).await.unwrap();
        poll::until("the form", || self.reader.text("h1")).await;
    }

    async fn leaves(&self) {
        self.reader.browser.enter_parent_frame().await.unwrap();
    }

    async fn asks(&self, script: &str) -> Value {
        self.reader.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// From within the frame: waits until the page around it has made it as tall as it is.
    async fn is_as_tall_as_it_says(&self, frame: u16) {
        let inside = "return Math.ceil(document.documentElement.getBoundingClientRect().height)";
        let outside = format!("return document.querySelectorAll('iframe')[{frame}].clientHeight");
        poll::until("a frame as tall as it says", || async {
            let inside = self.asks(inside).await;
            self.leaves().await;
            let outside = self.asks(&outside).await;
            self.reader.browser.enter_frame(frame).await.unwrap();
            (inside == outside && inside != 600).then_some(())
        })
        .await;
    }

    /// Fills the form in with the one required box ticked, and sends it.
    async fn signs_up(&self, email: &str) {
        self.reader.fill("email", email).await;
        self.reader.tick("consent").await;
        self.reader.press("Email me the report").await;
        self.reader.sees("Check your inbox").await;
    }

    /// Takes a picture and looks for faults within the frame.
    async fn looks_good(&mut self, name: &str) {
        self.reader.looks_at(name).await;
        let faults = std::mem::take(&mut self.reader.faults);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
