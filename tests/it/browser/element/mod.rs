//! The form as an element on somebody else's page, which allows nothing but our script and our API: from another origin, with
//! and without script.

mod checked;
mod journey;
mod looks;
mod refusals;
mod unavailable;

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};

use super::reader::{Reader, Rules, Screen};
use crate::support::app::{Database, TestApp};
use crate::support::browser::Script;
use crate::support::poll;
use crate::support::test_server::{Reply, TestServer};

const ADA: &str = "ada@b.example";
const BUTTON: &str = "form .button";

/// The page, our script, the document of each of at most three forms, and what is sent.
const RULES: Rules =
    Rules { title: "An article", requests: 9, bytes: 20_000, pictures: "element/" };
const WIDE: Screen = Screen { width: 1000, dark: false };

/// Before anything else of a page: what the element tells the page, and what the page's policy refused.
const LISTEN: &str = "window.heard = []; window.refused = [];
    for (const name of ['ready', 'submitted', 'confirmed'])
        addEventListener('assent:' + name, event =>
            heard.push([name, event.composedPath()[0].localName, event.detail]));
    addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective));";

/// The focus within the element that a page begins with.
const FOCUS: &str = "return document.activeElement?.shadowRoot?.activeElement?.id ?? null";

/// Somebody who reads an article with forms in it.
struct Article {
    reader: Reader,
    app: TestApp,
    host: TestServer,
    /// Which of the elements is meant.
    which: &'static str,
}

/// `/PORT/FORMS`: an article that takes its forms from the program at this port.
fn article(path: &str, _: &[u8]) -> Reply {
    let path = path.split('?').next().unwrap_or_default();
    let Some((port, forms)) = path.trim_start_matches('/').split_once('/') else {
        return Reply::Says(404, "text/plain", Vec::new());
    };
    let ours = format!("http://127.0.0.1:{port}");
    let element = |form: &str| match form {
        "newsletters" => format!(
            "<h2>Letters</h2><assent-form newsletters heading-level=3><a href=\"{ours}/newsletters\">Newsletters</a></assent-form>"
        ),
        slug => format!(
            "<assent-form report={slug}><a href=\"{ours}/reports/{slug}\">Get the report</a></assent-form>"
        ),
    };
    let forms: String = forms.split('+').map(element).collect();
    let page = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">
        <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src {ours}; connect-src {ours};
        require-trusted-types-for 'script'\"><title>An article</title><script src={ours}/embed.js async></script></head>
        <body><main><h1>An article</h1><p>It goes on for a while.</p>{forms}</main></body></html>"
    );
    Reply::Says(200, "text/html", page.into_bytes())
}

impl Article {
    /// With these forms in it, and these settings of the program besides.
    async fn with(forms: &str, set: &[(&str, &str)]) -> Self {
        Self::on((Script::On, WIDE), forms, set).await
    }

    async fn on((script, screen): (Script, Screen), forms: &str, set: &[(&str, &str)]) -> Self {
        let host = TestServer::start(article).await;
        let origin = host.url("");
        let allowed = [("ASSENT_EMBED_ORIGINS", origin.as_str())];
        let app = TestApp::start_with(Database::Sqlite, &[&allowed, set].concat()).await;
        let reader = Reader::visits(&app.base, RULES, script, screen).await;
        let listen = json!({ "source": LISTEN });
        reader.browser.devtools("Page.addScriptToEvaluateOnNewDocument", listen).await;
        let article = Self { reader, app, host, which: "assent-form" };
        article.open(forms).await;
        article
    }

    /// Opens the article anew.
    async fn open(&self, forms: &str) {
        let path = format!("/{}/{forms}", self.app.address.port());
        self.reader.browser.goto(&self.host.url(&path)).await.unwrap();
    }

    async fn look(&self, css: &str) -> Option<Element> {
        let host = self.reader.browser.find(Locator::Css(self.which)).await.ok()?;
        host.shadow_root().await.ok()?.find(Locator::Css(css)).await.ok()
    }

    /// Something in the element, once it is there.
    async fn find(&self, css: &str) -> Element {
        poll::until(css, || self.look(css)).await
    }

    async fn text(&self, css: &str) -> Option<String> {
        self.look(css).await?.text().await.ok()
    }

    /// Waits for a place in the element that says this.
    async fn reads(&self, css: &str, what: &str) {
        poll::until(what, || async { self.text(css).await?.contains(what).then_some(()) }).await;
    }

    async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Types in place of what stands there.
    async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.unwrap().unwrap()
    }

    async fn is_ticked(&self, css: &str) -> bool {
        self.find(css).await.is_selected().await.unwrap()
    }

    /// The id of what has the focus.
    async fn focus(&self) -> String {
        self.asks(FOCUS).await.as_str().unwrap_or_default().to_owned()
    }

    async fn asks(&self, script: &str) -> Value {
        self.reader.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Fills the form in with the one required box ticked, and sends it.
    async fn signs_up(&self, email: &str) {
        self.fill("#email", email).await;
        self.click("#consent").await;
        self.click(BUTTON).await;
        self.reads(".heading", "Check your inbox").await;
    }

    /// Waits for the summary of what is wrong, which has the focus.
    async fn is_refused(&self, why: &str) {
        self.reads("#errors", why).await;
        assert_eq!(self.focus().await, "errors");
        let each =
            "const said = [...document.activeElement.shadowRoot.querySelectorAll('#errors li')]
                .map(item => item.textContent);
            return new Set(said).size === said.length;";
        assert_eq!(self.asks(each).await, true, "each fault is told once");
    }

    /// Nothing that the page's policy forbids was tried.
    async fn kept_to_the_policy(&self) {
        assert_eq!(self.asks("return window.refused").await, json!([]));
    }

    async fn heard(&self) -> Value {
        self.asks("return window.heard").await
    }

    /// Takes a picture and looks for faults, within the element too.
    async fn looks_good(&mut self, name: &str) {
        self.reader.looks_at(name).await;
        let faults = std::mem::take(&mut self.reader.faults);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
