//! Stories in a real browser, with the built program and its demo: the journey with and without
//! script, and every page as it looks and reads at two widths, in both colour schemes.

use assent::demo::texts::{CONTROLLER_NAME, NEWSLETTER_NAME, REPORT_SLUG, REPORT_TITLE};
use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::browser::{Browser, Script};
use crate::support::poll;
use crate::support::program::Served;

const CONFIRM: &str = "main li a[href*='/confirm/']:not([href$='/not-me'])";
const NOT_ME: &str = "main li a[href$='/not-me']";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_without_script_gets_the_report() {
    journey(Script::Off).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_with_script_gets_the_report() {
    journey(Script::On).await;
}

async fn journey(script: Script) {
    let reader = Reader::start(script, 1280, false, &[]).await;
    let email = "ada.lane@northmoor.example";

    reader.open("/").await;
    reader.click(Locator::LinkText(REPORT_TITLE)).await;
    reader.sees(REPORT_TITLE).await;
    for id in ["consent", "newsletter"] {
        assert!(!reader.is_ticked(id).await, "{id} starts unticked");
    }

    reader.fill("name", "Ada Lane").await;
    reader.tick("newsletter").await;
    reader.press("Email me the report").await;
    reader.is_refused().await;
    let focused = reader.browser.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().unwrap(), "errors");
    assert_eq!(reader.value("name").await, "Ada Lane");
    assert!(reader.is_ticked("newsletter").await);
    reader.click(Locator::Css("#errors a[href='#email']")).await;
    let focused = reader.browser.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().unwrap(), "email");

    let agreed = [
        reader.text("label[for=consent]").await.unwrap(),
        words(&reader.text("label[for=newsletter]").await.unwrap()).replacen(
            NEWSLETTER_NAME,
            "",
            1,
        ),
    ];
    reader.fill("email", email).await;
    reader.tick("consent").await;
    reader.press("Email me the report").await;
    reader.sees("Check your inbox").await;
    let waiting = reader.text("main").await.unwrap();
    assert!(waiting.contains(email) && waiting.contains("send it again from"));

    reader.open_mail(email, "Your link to").await;
    reader.follows_the_button_of_the_mail().await;
    let confirm_link = reader.href(CONFIRM).await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm and get the report").await;
    assert!(reader.is_ticked("newsletter").await);
    let shown = reader.text("main").await.unwrap();
    assert!(shown.contains("a…@northmoor.example") && !shown.contains(email));

    reader.press("Confirm and get the report").await;
    reader.sees("Your subscription is confirmed").await;
    let file = reqwest::get(reader.href("main a.button").await).await;
    let file = file.unwrap().bytes().await.unwrap();
    assert!(file.starts_with(b"%PDF-"), "{} bytes", file.len());

    reader.open_mail(email, "Your report and receipt").await;
    let receipt = words(&reader.text(".mail-text").await.unwrap());
    for agreed in agreed {
        assert!(receipt.contains(&words(&agreed)), "{agreed} in {receipt}");
    }
    reader.browser.goto(&confirm_link).await.unwrap();
    reader.sees("You have already confirmed").await;
}

/// A dialog would make the next thing that the reader does fail, so none is looked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reader_types_is_never_markup() {
    let reader = Reader::start(Script::On, 1280, false, &[]).await;
    let (hostile, email) = (r#"<img src=x onerror=alert(1)>"'{{7*7}}"#, "eve@northmoor.example");
    let is_text = async || {
        let images = reader.browser.find_all(Locator::Css("img")).await.unwrap();
        assert!(images.is_empty(), "{}", reader.title().await);
    };

    reader.open(&report()).await;
    for id in ["email", "name", "organisation", "job_title"] {
        reader.fill(id, hostile).await;
    }
    reader.press("Email me the report").await;
    reader.is_refused().await;
    is_text().await;
    for id in ["email", "name", "organisation", "job_title"] {
        assert_eq!(reader.value(id).await, hostile);
    }
    reader.fill("email", email).await;
    reader.tick("consent").await;
    reader.press("Email me the report").await;
    reader.sees("Check your inbox").await;
    is_text().await;
    reader.open_mail(email, "Your link to").await;
    is_text().await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm and get the report").await;
    is_text().await;
    reader.press("Confirm and get the report").await;
    reader.sees("Your subscription is confirmed").await;
    is_text().await;
    reader.open_mail(email, "Your report and receipt").await;
    is_text().await;
    reader.mail().await.enter_frame().await.unwrap();
    is_text().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_on_a_small_light_screen() {
    every_page(320, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_on_a_small_dark_screen() {
    every_page(320, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_on_a_large_light_screen() {
    every_page(1280, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_on_a_large_dark_screen() {
    every_page(1280, true).await;
}

async fn every_page(width: u32, dark: bool) {
    // A mail again at once, and a link that one download uses up.
    let set = [("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off"), ("ASSENT_DOWNLOAD_LIMIT", "1")];
    let mut reader = Reader::start(Script::On, width, dark, &set).await;
    let plain = [
        ("/dev/mailbox", "mailbox-empty"),
        ("/", "index"),
        ("/policies/privacy", "policy"),
        ("/nowhere", "error"),
        ("/check-your-inbox", "check-your-inbox-unknown"),
        (&report(), "report"),
    ];
    for (path, name) in plain {
        reader.open(path).await;
        reader.looks_at(name).await;
    }
    reader.press("Email me the report").await;
    reader.is_refused().await;
    reader.looks_at("report-errors").await;

    get_a_report(&mut reader).await;
    sign_up_to_a_newsletter(&mut reader).await;
    cancel_a_request(&mut reader).await;

    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}

async fn get_a_report(reader: &mut Reader) {
    let email = "theodora.featherstonehaugh-blythe@northmoor-council.example";
    reader.asks(&report(), email, "Email me the report").await;
    reader.looks_at("check-your-inbox").await;
    reader.open_mail(email, "Your link to").await;
    let confirm = reader.href(CONFIRM).await;
    reader.looks_at("mail").await;

    reader.open("/check-your-inbox").await;
    reader.press("Send the message again").await;
    poll::until("the word that it was sent", || reader.text("[role=status]")).await;
    reader.looks_at("check-your-inbox-again").await;

    reader.browser.goto(&confirm).await.unwrap();
    reader.looks_at("confirm").await;
    reader.press("Confirm and get the report").await;
    reader.sees("Your subscription is confirmed").await;
    reader.looks_at("download").await;
    let file = reader.href("main a.button").await;
    let file = reqwest::get(file).await.unwrap();
    assert!(file.status().is_success());
    reader.browser.refresh().await.unwrap();
    reader.sees("This link is used up").await;
    reader.looks_at("used-up").await;
    reader.browser.goto(&confirm).await.unwrap();
    reader.sees("You have already confirmed").await;
    reader.looks_at("confirmed").await;
    reader.open_mail(email, "Your report and receipt").await;
    reader.looks_at("mail-receipt").await;
}

async fn sign_up_to_a_newsletter(reader: &mut Reader) {
    let email = "bo@northmoor.example";
    reader.open("/newsletters").await;
    reader.looks_at("newsletters").await;
    reader.press("Sign up").await;
    reader.is_refused().await;
    reader.looks_at("newsletters-errors").await;
    reader.asks("/newsletters", email, "Sign up").await;
    reader.open_mail(email, "Confirm your newsletter sign-up").await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm your subscription").await;
    reader.looks_at("confirm-newsletter").await;
    reader.press("Confirm").await;
    reader.sees("Your subscription is confirmed").await;
    reader.looks_at("thank-you").await;
}

async fn cancel_a_request(reader: &mut Reader) {
    let email = "cy@northmoor.example";
    reader.asks(&report(), email, "Email me the report").await;
    reader.open("/dev/mailbox").await;
    reader.looks_at("mailbox").await;
    reader.open_mail(email, "Your link to").await;
    let confirm = reader.href(CONFIRM).await;
    reader.click(Locator::Css(NOT_ME)).await;
    reader.sees("You did not ask for this?").await;
    reader.looks_at("not-me").await;
    reader.press("Cancel the request").await;
    reader.sees("The request is cancelled").await;
    reader.looks_at("not-me-done").await;
    reader.browser.goto(&confirm).await.unwrap();
    reader.sees("This request was cancelled").await;
    reader.looks_at("gone").await;
}

fn report() -> String {
    format!("/reports/{REPORT_SLUG}")
}

/// A text without its line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Somebody at a browser, with a demo of their own.
struct Reader {
    browser: Browser,
    width: u32,
    scheme: &'static str,
    /// What was wrong with the pages looked at.
    faults: Vec<String>,
    demo: Served,
    _dir: TempDir,
}

impl Reader {
    async fn start(script: Script, width: u32, dark: bool, set: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let demo = dir.path().join("demo");
        let arguments = ["demo", "--dir", demo.to_str().unwrap()];
        Self {
            demo: Served::start(dir.path(), set, &arguments).await,
            browser: Browser::start(script, width, dark).await,
            width,
            scheme: if dark { "dark" } else { "light" },
            faults: Vec::new(),
            _dir: dir,
        }
    }

    async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.demo.base);
        self.browser.goto(&url).await.unwrap();
    }

    async fn find(&self, what: Locator<'_>) -> Element {
        let found = self.browser.find(what).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!("{what:?} on {}: {error}", self.title().await),
        }
    }

    async fn click(&self, what: Locator<'_>) {
        self.find(what).await.click().await.unwrap();
    }

    async fn press(&self, button: &str) {
        let path = format!("//button[normalize-space()='{button}']");
        self.click(Locator::XPath(&path)).await;
    }

    /// Types in place of what stands there.
    async fn fill(&self, id: &str, text: &str) {
        let field = self.find(Locator::Id(id)).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn tick(&self, id: &str) {
        self.click(Locator::Id(id)).await;
        assert!(self.is_ticked(id).await, "{id}");
    }

    async fn is_ticked(&self, id: &str) -> bool {
        let found = self.find(Locator::Id(id)).await;
        found.is_selected().await.unwrap()
    }

    async fn value(&self, id: &str) -> String {
        let found = self.find(Locator::Id(id)).await;
        found.prop("value").await.unwrap().unwrap()
    }

    async fn href(&self, css: &str) -> String {
        let found = self.find(Locator::Css(css)).await;
        found.prop("href").await.unwrap().unwrap()
    }

    /// `None` as long as it is not there.
    async fn text(&self, css: &str) -> Option<String> {
        let found = self.browser.find(Locator::Css(css)).await.ok()?;
        found.text().await.ok()
    }

    async fn title(&self) -> String {
        self.browser.title().await.unwrap()
    }

    /// Waits for the page with this heading.
    async fn sees(&self, heading: &str) {
        poll::until(heading, || async { (self.text("h1").await? == heading).then_some(()) }).await;
    }

    /// Waits for the form to come back with what to do about it.
    async fn is_refused(&self) {
        let told = poll::until("a refused form", || self.text("#errors")).await;
        assert!(told.starts_with("Check your answers"), "{told}");
        assert!(self.title().await.starts_with("Error: "));
        let in_order = "const fields = [...document.querySelectorAll('#errors a')]
                .map(link => document.getElementById(link.hash.slice(1)));
            return fields.every((field, i) =>
                i === 0 || fields[i - 1].compareDocumentPosition(field) & 4);";
        let in_order = self.browser.execute(in_order, Vec::new()).await;
        assert_eq!(in_order.unwrap(), true, "in the order of the fields: {told}");
    }

    /// Fills the form on a page in, all boxes ticked, and sends it.
    async fn asks(&self, path: &str, email: &str, button: &str) {
        self.open(path).await;
        self.fill("email", email).await;
        for id in ["consent", "newsletter"] {
            self.tick(id).await;
        }
        self.press(button).await;
        self.sees("Check your inbox").await;
    }

    /// Opens the newest mail to this address of this subject, once it is in the mailbox.
    async fn open_mail(&self, email: &str, subject: &str) {
        let path = format!("//li[span='{email}']/a[starts-with(., '{subject}')]");
        let mail = poll::until(&format!("{subject} to {email}"), || async {
            self.open("/dev/mailbox").await;
            let mail = self.browser.find(Locator::XPath(&path)).await.ok()?;
            mail.prop("href").await.unwrap()
        })
        .await;
        self.browser.goto(&mail).await.unwrap();
    }

    /// The frame with the mail as a mail program shows it.
    async fn mail(&self) -> Element {
        self.find(Locator::Css("iframe")).await
    }

    /// Its button opens a window, in which the page works as in any other.
    async fn follows_the_button_of_the_mail(&self) {
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
    async fn looks_at(&mut self, name: &str) {
        let page = format!("{name}-{}-{}", self.width, self.scheme);
        self.browser.screenshot(&page).await;
        let mut faults = self.browser.axe().await;
        faults.extend(self.small_targets().await);
        let title = self.title().await;
        if !title.ends_with(CONTROLLER_NAME) {
            faults.push(format!("the title is {title}"));
        }
        let across = self.number("document.documentElement.scrollWidth").await;
        if across > self.width.into() {
            faults.push(format!("it is {across} pixels wide"));
        }
        let others = "performance.getEntriesByType('resource').length";
        let requests = self.number(others).await + 1;
        if requests > 3 {
            faults.push(format!("it takes {requests} requests"));
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
