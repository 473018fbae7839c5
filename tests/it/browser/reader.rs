//! Somebody at a browser: what they do and what they see.

use assent::demo::texts::CONTROLLER_NAME;
use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::browser::{Browser, Script};
use crate::support::poll;
use crate::support::program::{Served, run_well};

/// Somebody at a browser.
pub struct Reader {
    pub browser: Browser,
    width: u32,
    scheme: &'static str,
    /// What was wrong with the pages looked at.
    pub faults: Vec<String>,
    base: String,
    pub rules: Rules,
    demo: Option<Demo>,
}

/// A demo of one's own.
struct Demo {
    served: Served,
    dir: TempDir,
}

/// What the pages looked at must keep to.
#[derive(Clone, Copy)]
pub struct Rules {
    /// How each title ends.
    pub title: &'static str,
    /// How many requests each page takes at most.
    pub requests: u64,
    /// How many bytes all of them bring, compressed, at most.
    pub bytes: u64,
    /// Where the pictures lie, below `target/screenshots/`.
    pub pictures: &'static str,
}

/// What pages are looked at on.
#[derive(Clone, Copy)]
pub struct Screen {
    pub width: u32,
    /// Whether its owner prefers dark pages.
    pub dark: bool,
}

const READER_PAGES: Rules =
    Rules { title: CONTROLLER_NAME, requests: 3, bytes: 20_000, pictures: "" };

const TAB: char = '\u{e004}';
pub const ENTER: char = '\u{e007}';
pub const SPACE: char = ' ';
/// More than any page has to go past.
const TABS: usize = 80;

async fn serve(dir: &TempDir, set: &[(&str, &str)]) -> Served {
    let demo = dir.path().join("demo");
    Served::start(dir.path(), set, &["demo", "--dir", demo.to_str().unwrap()]).await
}

fn button_path(button: &str) -> String {
    format!("//button[normalize-space()='{button}']")
}

impl Reader {
    /// With a demo of their own.
    pub async fn start(script: Script, width: u32, dark: bool, set: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let served = serve(&dir, set).await;
        let screen = Screen { width, dark };
        let mut reader = Self::visits(&served.base, READER_PAGES, script, screen).await;
        reader.demo = Some(Demo { served, dir });
        reader
    }

    /// At a program that is there already.
    pub async fn visits(base: &str, rules: Rules, script: Script, screen: Screen) -> Self {
        let Screen { width, dark } = screen;
        Self {
            browser: Browser::start(script, width, dark).await,
            width,
            scheme: if dark { "dark" } else { "light" },
            faults: Vec::new(),
            base: base.to_owned(),
            rules,
            demo: None,
        }
    }

    /// Publishes another version of the privacy policy that asks everybody again, and starts the demo again:
    /// at its start it asks.
    pub async fn is_asked_again(&mut self, set: &[(&str, &str)]) {
        let demo = self.demo.as_mut().unwrap();
        demo.served.child.kill().unwrap();
        demo.served.child.wait().unwrap();
        let file = demo.dir.path().join("policy.md");
        std::fs::write(&file, "# Privacy policy\n\nWe keep even less than before.\n").unwrap();
        let data = demo.dir.path().join("demo");
        let to = [("ASSENT_DATA_DIR", data.to_str().unwrap())];
        let publish = ["policy", "publish", file.to_str().unwrap(), "--version", "2027-01"];
        let asks = [
            "--change",
            "reconsent",
            "--until",
            "2027-01-31",
            "--what-changes",
            "We keep your details for one year, no longer for two.",
        ];
        run_well(demo.dir.path(), &to, &[&publish[..], &asks[..]].concat());
        demo.served = serve(&demo.dir, set).await;
        self.base.clone_from(&demo.served.base);
    }

    pub async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.browser.goto(&url).await.unwrap();
    }

    pub async fn find(&self, what: Locator<'_>) -> Element {
        let found = self.browser.find(what).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!("{what:?} on {}: {error}", self.title().await),
        }
    }

    pub async fn click(&self, what: Locator<'_>) {
        self.find(what).await.click().await.unwrap();
    }

    pub async fn press(&self, button: &str) {
        let path = button_path(button);
        self.click(Locator::XPath(&path)).await;
    }

    pub async fn key(&self, key: char) {
        let press = [KeyAction::Down { value: key }, KeyAction::Up { value: key }];
        let keys = press.into_iter().fold(KeyActions::new("keys".to_owned()), KeyActions::then);
        self.browser.perform_actions(keys).await.unwrap();
    }

    /// Goes on with the Tab key until this has the focus, and presses a key there.
    pub async fn keys(&self, what: Locator<'_>, key: char) {
        self.reaches(what).await;
        self.key(key).await;
    }

    /// Goes to a field with the keyboard, and types there.
    pub async fn types(&self, what: Locator<'_>, text: &str) {
        self.reaches(what).await.send_keys(text).await.unwrap();
    }

    /// Goes on with the Tab key until this has the focus.
    pub async fn reaches(&self, what: Locator<'_>) -> Element {
        let wanted = self.find(what).await;
        for _ in 0..TABS {
            if self.browser.active_element().await.unwrap().element_id() == wanted.element_id() {
                return wanted;
            }
            self.key(TAB).await;
        }
        panic!("{what:?} is not reached by the keyboard on {}", self.title().await);
    }

    /// Goes to a button with the keyboard, and presses Enter.
    pub async fn keys_to_button(&self, button: &str) {
        let path = button_path(button);
        self.keys(Locator::XPath(&path), ENTER).await;
    }

    /// Types in place of what stands there.
    pub async fn fill(&self, id: &str, text: &str) {
        let field = self.find(Locator::Id(id)).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Opens what a form holds folded.
    pub async fn unfolds(&self) {
        assert!(!self.is_unfolded().await, "it is folded");
        self.click(Locator::Css(".fold > summary")).await;
        assert!(self.is_unfolded().await);
    }

    pub async fn is_unfolded(&self) -> bool {
        let fold = self.find(Locator::Css(".fold")).await;
        fold.prop("open").await.unwrap().as_deref() == Some("true")
    }

    pub async fn tick(&self, id: &str) {
        self.click(Locator::Id(id)).await;
        assert!(self.is_ticked(id).await, "{id}");
    }

    pub async fn is_ticked(&self, id: &str) -> bool {
        let found = self.find(Locator::Id(id)).await;
        found.is_selected().await.unwrap()
    }

    pub async fn value(&self, id: &str) -> String {
        let found = self.find(Locator::Id(id)).await;
        found.prop("value").await.unwrap().unwrap()
    }

    pub async fn href(&self, css: &str) -> String {
        let found = self.find(Locator::Css(css)).await;
        found.prop("href").await.unwrap().unwrap()
    }

    /// `None` as long as it is not there.
    pub async fn text(&self, css: &str) -> Option<String> {
        let found = self.browser.find(Locator::Css(css)).await.ok()?;
        found.text().await.ok()
    }

    /// That of the page, or of the one in the frame that its reader went into.
    pub async fn title(&self) -> String {
        let title = self.browser.execute("return document.title", Vec::new()).await.unwrap();
        title.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for the page with this heading.
    pub async fn sees(&self, heading: &str) {
        poll::until(heading, || async { (self.text("h1").await? == heading).then_some(()) }).await;
    }

    /// Waits for a place on the page that says this.
    pub async fn reads(&self, css: &str, what: &str) {
        poll::until(what, || async { self.text(css).await?.contains(what).then_some(()) }).await;
    }

    /// Waits for the form to come back with what to do about it.
    pub async fn is_refused(&self) {
        let told = poll::until("a refused form", || self.text("#errors")).await;
        assert!(told.starts_with("There is a problem"), "{told}");
        assert!(self.title().await.starts_with("Error: "));
        let in_order = "const fields = [...document.querySelectorAll('#errors a')]
                .map(link => document.getElementById(link.hash.slice(1)));
            return fields.every((field, i) =>
                i === 0 || fields[i - 1].compareDocumentPosition(field) & 4);";
        let in_order = self.browser.execute(in_order, Vec::new()).await;
        assert_eq!(in_order.unwrap(), true, "in the order of the fields: {told}");
    }

    /// Fills the form on a page in, all boxes ticked, and sends it.
    pub async fn asks(&self, path: &str, email: &str, button: &str) {
        self.open(path).await;
        self.fill("email", email).await;
        for id in ["consent", "newsletter"] {
            self.tick(id).await;
        }
        self.press(button).await;
        self.sees("Check your inbox").await;
    }

    /// Opens the newest mail to this address of this subject, once it is in the mailbox.
    pub async fn open_mail(&self, email: &str, subject: &str) {
        let path = format!("//li[span='{email}']/a[starts-with(., '{subject}')]");
        let mail = poll::until(&format!("{subject} to {email}"), || async {
            self.open("/dev/mailbox").await;
            let mail = self.browser.find(Locator::XPath(&path)).await.ok()?;
            mail.prop("href").await.unwrap()
        })
        .await;
        self.browser.goto(&mail).await.unwrap();
    }

    /// The code in the mail that is open.
    pub async fn code_of_the_mail(&self) -> String {
        let mail = self.text(".mail-text").await.unwrap();
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        mail.lines().map(str::trim).find(is_code).unwrap().to_owned()
    }

    /// The frame with the mail as a mail program shows it.
    pub async fn mail(&self) -> Element {
        self.find(Locator::Css("iframe")).await
    }

    /// Its button opens a window, in which the page works as in any other.
    pub async fn follows_the_button_of_the_mail(&self) {
        let mailbox = self.browser.window().await.unwrap();
        self.mail().await.enter_frame().await.unwrap();
        self.click(Locator::Css("a[href*='/confirm/']")).await;
        let opened = poll::until("a window", || async {
            let windows = self.browser.windows().await.unwrap();
            windows.into_iter().find(|window| *window != mailbox)
        })
        .await;
        self.browser.switch_to_window(opened).await.unwrap();
        self.sees("Confirm and get the report").await;
        self.browser.close_window().await.unwrap();
        self.browser.switch_to_window(mailbox).await.unwrap();
    }

    /// Takes a picture of the page and notes what is wrong with it.
    pub async fn looks_at(&mut self, name: &str) {
        let Rules { title: ending, requests: most_requests, bytes: most_bytes, pictures } =
            self.rules;
        let page = format!("{name}-{}-{}", self.width, self.scheme);
        self.browser.screenshot(&format!("{pictures}{page}")).await;
        let mut faults = self.browser.axe().await;
        faults.extend(self.small_targets().await);
        let title = self.title().await;
        if !title.ends_with(ending) {
            faults.push(format!("the title is {title}"));
        }
        let across = self.number("document.documentElement.scrollWidth").await;
        if across > self.width.into() {
            faults.push(format!("it is {across} pixels wide"));
        }
        let others = "performance.getEntriesByType('resource').length";
        let requests = self.number(others).await + 1;
        if requests > most_requests {
            faults.push(format!("it takes {requests} requests"));
        }
        let bytes = "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
                .reduce((sum, entry) => sum + entry.encodedBodySize, 0)";
        let bytes = self.number(bytes).await;
        if bytes > most_bytes {
            faults.push(format!("it takes {bytes} bytes"));
        }
        let faults = faults.into_iter().map(|fault| format!("{page}: {fault}"));
        self.faults.extend(faults);
    }

    /// The rule that axe-core, loaded by now, leaves out unless it is asked for.
    async fn small_targets(&self) -> Vec<String> {
        let run = "const done = arguments[arguments.length - 1];
            axe.run({ iframes: false, runOnly: { type: 'rule', values: ['target-size'] } })
                .then(results => done(results.violations.flatMap(v => v.nodes.map(n => n.html))));";
        let small = self.browser.execute_async(run, Vec::new()).await.unwrap();
        let small = small.as_array().unwrap().iter().filter_map(Value::as_str);
        small.map(|html| format!("a target below 24 pixels: {html}")).collect()
    }

    async fn number(&self, expression: &str) -> u64 {
        let run = format!("return {expression};");
        let number = self.browser.execute(&run, Vec::new()).await.unwrap();
        number.as_u64().unwrap()
    }
}
