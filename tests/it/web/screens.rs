//! Every screen of the console in a real browser, at two widths and in both colour schemes, with hostile
//! words stored wherever somebody can put any.

use std::collections::BTreeSet;

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::{Role, StaffLinkKind};
use assent::domain::staff::two_factor::CodeSecret;
use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::add_report::add_report;
use assent::flows::catalog::edit_report::replace_cover;
use assent::flows::staff::add_staff::offer_first_account;
use assent::notary::seal_all;
use assent::web::console::table;
use data_encoding::BASE32_NOPAD;
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::browser::reader::{ENTER, Reader, Rules};
use crate::support::app::{Database, NEWSLETTER, POLICY, SLUG, TestApp};
use crate::support::browser::Script;
use crate::support::desk::{PASSWORD, TestDesk, escaped};

/// At most 45 kB for a page and all that it loads: stylesheet, htmx, script, a cover.
const RULES: Rules =
    Rules { title: "Sample Press console", requests: 5, bytes: 45_000, pictures: "console/" };

const EMAIL: &str = "mar@sample.example";

// What is stored: a name that would close an attribute, an organisation that is a script, a title without a
// space.
const READER: &str = "ada@northmoor.example";
const NAME: &str = "\"><img src=x onerror=alert(1)> Ada";
const ORGANISATION: &str = "<script>alert(2)</script>'-alert(3)-'{{ 7 * 7 }}";
const TITLE: &str = "</title><svg onload=alert(4)>Wirtschaftsförderungsgesellschaftsvorstandsvorsitzendenversammlung";
const NEWS: &str = "<b onmouseover=alert(5)>News</b> &amp; javascript:alert(6)";

/// A report's page as its readers would see it.
const PREVIEW: &str = "/console/reports/{slug}/preview";

/// What some screens must show of it, by their route.
const SHOWN: [(&str, &str); 5] = [
    ("/console", TITLE),
    ("/console/subscribers", ORGANISATION),
    ("/console/subscribers/{id}", NAME),
    ("/console/reports", TITLE),
    ("/console/newsletters", NEWS),
];

/// Files, which are asked for by what they shall hold.
const FILES: [&str; 3] =
    ["/console/exports/consented", "/console/exports/{id}/file", "/console/exports/{id}/withdrawn"];

/// Screens that ask about something, which the link to them names after a `?`.
const ASKED_ABOUT: [&str; 2] = ["/console/suppressions/lift", "/console/mail/retry"];

/// A report that readers never saw.
const DRAFT: &str = "untold";

/// States of screens that no link leads to: a name, and the path.
const STATES: [(&str, &str); 4] = [
    ("exports-counted", "/console/exports?purpose=privacy-policy"),
    ("exports-counted-none", "/console/exports?purpose=partner-offers"),
    ("dashboard-of-a-word", "/console?word=nonsense"),
    ("subscribers-none", "/console/subscribers?q=nobody-of-this-name"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_screen_is_sound_on_a_small_light_window() {
    every_screen(320, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_screen_is_sound_on_a_small_dark_window() {
    every_screen(320, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_screen_is_sound_on_a_large_light_window() {
    every_screen(1280, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_screen_is_sound_on_a_large_dark_window() {
    every_screen(1280, true).await;
}

async fn every_screen(width: u32, dark: bool) {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    store_hostile_words(&app).await;
    let mut reader = Reader::visits(&app.base, RULES, Script::On, width, dark).await;
    watch(&reader).await;
    make_the_first_account(&app, &mut reader).await;
    sign_out(&mut reader, width).await;
    sign_in(&mut reader).await;
    let desk = app.sign_in_as(EMAIL, Role::Admin).await;
    // An export, whose page then has what to show.
    assert_eq!(
        desk.get("/console/exports/consented?purpose=privacy-policy&format=csv").await.status,
        200
    );
    open_every_screen(&desk, &mut reader).await;
    offers(&mut reader).await;
    list(&mut reader).await;
    token(&mut reader).await;
    reader.open("/console/nowhere").await;
    reader.sees("Page not found").await;
    reader.looks_at("error").await;
    for (name, path) in STATES {
        assert!(is_route(path), "{path} is no page any more");
        reader.open(path).await;
        reader.looks_at(name).await;
    }
    two_factor(&app, &mut reader, width).await;
    new_password(&app, &mut reader).await;
    reader.faults.extend(happened(&reader).await);
    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}

/// Forms of reports, newsletters and policies that were refused, and a policy on its way.
async fn offers(reader: &mut Reader) {
    reader.open("/console/reports/new").await;
    reader.press("Add as a draft").await;
    reader.is_refused().await;
    reader.looks_at("reports-new-errors").await;
    let draft = format!("/console/reports/{DRAFT}");
    reader.open(&draft).await;
    reader.looks_at("reports-draft").await;
    reader.open(&format!("{draft}/preview")).await;
    reader.rules.title = "Sample Press";
    reader.looks_at("reports-draft-preview").await;
    reader.rules.title = RULES.title;
    reader.open(&format!("/console/newsletters/{NEWSLETTER}/edit")).await;
    reader.press("Stop offering it").await;
    reader.reads(".word", "The newsletter is set aside").await;
    reader.looks_at("newsletters-set-aside").await;
    reader.open("/console/newsletters/new").await;
    reader.press("Add the newsletter").await;
    reader.is_refused().await;
    reader.looks_at("newsletters-new-errors").await;
    reader.open("/console/newsletters/purposes/new").await;
    reader.press("Add the purpose").await;
    reader.is_refused().await;
    reader.looks_at("newsletters-purposes-new-errors").await;
    reader.open("/console/policies/new").await;
    reader.press("Look at what changes").await;
    reader.is_refused().await;
    reader.looks_at("policies-new-errors").await;
    reader.fill("label", "2027-01").await;
    reader
        .fill("text", &format!("# Privacy\n\nVersion 2027-01: we keep very little.\n\n{TITLE}"))
        .await;
    reader.click(Locator::Id("change-2")).await;
    reader.fill("changes", "We keep your details for one year, no longer for two.").await;
    reader.press("Look at what changes").await;
    reader.sees("Version 2027-01").await;
    reader.looks_at("policies-new-preview").await;
    // Back, by the browser's own button, loses nothing of what was written.
    reader.press("Go on writing").await;
    reader.sees("Write the next privacy policy").await;
    reader.browser.back().await.unwrap();
    reader.sees("Version 2027-01").await;
    reader.browser.back().await.unwrap();
    reader.sees("Write the next privacy policy").await;
    assert!(reader.value("text").await.contains("we keep very little"), "the text is there again");
    assert_eq!(reader.value("label").await, "2027-01");
    reader.press("Look at what changes").await;
    reader.sees("Version 2027-01").await;
    reader.press("Publish").await;
    reader.is_refused().await;
    reader.tick("sure").await;
    reader.press("Publish").await;
    reader.reads(".word", "The version is in force").await;
    reader.looks_at("policies-published").await;
}

/// Another tool's list, of which some is not understood.
async fn list(reader: &mut Reader) {
    reader.open("/console/suppressions/bring").await;
    reader.press("Stop mail to these addresses").await;
    reader.is_refused().await;
    reader.looks_at("suppressions-bring-errors").await;
    let rows = format!("email,reason\ndan@harrowby.example,manual\n{NAME}");
    reader.fill("rows", &rows).await;
    reader.fill("source", ORGANISATION).await;
    reader.press("Stop mail to these addresses").await;
    reader.reads("main", "Suppressed now").await;
    reader.looks_at("suppressions-bring-refused").await;
}

/// Made, and shown once.
async fn token(reader: &mut Reader) {
    reader.open("/console/tokens").await;
    reader.press("Make the token").await;
    reader.is_refused().await;
    reader.looks_at("tokens-errors").await;
    reader.fill("name", NAME).await;
    reader.click(Locator::Css("[name=scopes]")).await;
    reader.press("Make the token").await;
    reader.reads("main", "assent_").await;
    reader.looks_at("token-made").await;
}

/// Set up, and asked for at the next sign-in.
async fn two_factor(app: &TestApp, reader: &mut Reader, width: u32) {
    reader.open("/console/account").await;
    reader.press("Set two-factor up").await;
    reader.is_refused().await;
    reader.looks_at("account-errors").await;
    reader.fill("present-on", &PASSWORD.replace('+', " ")).await;
    reader.press("Set two-factor up").await;
    reader.reads("main", "Key:").await;
    reader.looks_at("two-factor").await;
    reader.press("Turn two-factor on").await;
    reader.is_refused().await;
    reader.looks_at("two-factor-errors").await;
    let key = reader.text("code.hash").await.unwrap().replace(' ', "");
    let mut derived = [0; 32];
    derived[..20].copy_from_slice(&BASE32_NOPAD.decode(key.as_bytes()).unwrap());
    let secret = CodeSecret::of(&derived);
    reader.fill("code", &secret.code(app.clock.now()).unwrap().to_string()).await;
    reader.press("Turn two-factor on").await;
    reader.reads("main", "recovery code").await;
    reader.looks_at("recovery-codes").await;
    let code = reader.text("main li code").await.unwrap();
    sign_out(reader, width).await;
    types_password(reader).await;
    reader.press("Sign in").await;
    reader.sees("Enter your code").await;
    reader.looks_at("second-step").await;
    reader.press("Sign in").await;
    reader.is_refused().await;
    reader.looks_at("second-step-errors").await;
    reader.fill("code", &code).await;
    reader.press("Sign in").await;
    reader.sees("Today").await;
    sign_out(reader, width).await;
}

/// Asked for, and chosen behind the mailed link.
async fn new_password(app: &TestApp, reader: &mut Reader) {
    reader.open("/console/forgot").await;
    reader.press("Mail me the link").await;
    reader.is_refused().await;
    reader.looks_at("forgot-errors").await;
    reader.fill("email", EMAIL).await;
    reader.press("Mail me the link").await;
    reader.reads(".word", "is on its way").await;
    reader.looks_at("forgot-sent").await;
    let link = app.next_mail(EMAIL, 0).await.link("/console/reset/");
    reader.browser.goto(&link).await.unwrap();
    reader.looks_at("choose-password").await;
    reader.press("Save the password and sign in").await;
    reader.is_refused().await;
    reader.looks_at("choose-password-errors").await;
}

fn is_route(path: &str) -> bool {
    let path = path.split('?').next();
    table().iter().any(|(_, route, ..)| Some(*route) == path)
}

async fn store_hostile_words(app: &TestApp) {
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, POLICY).await;
    app.add_newsletter(&mut tx, NEWSLETTER, NEWS).await;
    app.add_report(&mut tx, SLUG, TITLE, &[NEWSLETTER]).await;
    let draft = app.sample_report(DRAFT, TITLE).await;
    add_report(&mut tx, &app.core.moment(), "test", &draft, &[]).await.unwrap();
    let (at, slug) = (app.core.moment(), SLUG.parse().unwrap());
    let own = NewPurpose {
        code: "partner-offers".parse().unwrap(),
        name: Line::parse(NEWS).unwrap().unwrap(),
        words: NAME.parse().unwrap(),
    };
    add_purpose(&mut tx, &at, "test", own, &[slug]).await.unwrap();
    let picture = b"\x89PNG\r\n\x1a\nNot much of a picture."[..].into();
    let (key, kind) = app.core.files.put_cover_bytes(at.new_id(), picture).await.unwrap();
    let (cover, slug) = ((key.as_str(), kind.name), SLUG.parse().unwrap());
    replace_cover(&mut tx, &at, "test", &slug, cover).await.unwrap();
    tx.commit().await.unwrap();
    let (name, organisation) = (escaped(NAME), escaped(ORGANISATION));
    let typed = format!(
        "&name={name}&organisation={organisation}&job_title={}&newsletter={NEWSLETTER}",
        escaped(&"long".repeat(40))
    );
    app.subscribe(READER, &typed).await;
    app.ask("bob@harrowby.example").await;
    app.mail_settled().await;
    app.suppress("cy@harrowby.example", SuppressionReason::Bounced).await;
    let parked = "UPDATE outbox SET state = 'parked', reason = 'refused: <b>550</b> no such mailbox'
                  WHERE signup_id = (SELECT signup_id FROM signup WHERE email = 'bob@harrowby.example')";
    assert_eq!(app.tamper(parked).await.unwrap(), 1);
    // There is a checkpoint to take away.
    let core = &app.core;
    seal_all(&core.db, &core.terms, &core.clock, &core.random).await.unwrap();
}

/// Notes what hostile words would do: run, ask, or try to and be refused by the content security policy.
async fn watch(reader: &Reader) {
    let source = "
        const note = (what) => {
            const all = JSON.parse(sessionStorage.happened ?? '[]');
            sessionStorage.happened = JSON.stringify([...all, `${location.pathname}: ${what}`]);
        };
        addEventListener('securitypolicyviolation', (event) =>
            note(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`));
        addEventListener('error', (event) => note(`an error: ${event.message}`));
        for (const ask of ['alert', 'confirm', 'prompt']) window[ask] = (words) => note(`${ask}: ${words}`);";
    let source = json!({ "source": source });
    reader.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
    // It does see them.
    reader.open("/console/sign-in").await;
    let try_it =
        "document.body.insertAdjacentHTML('beforeend', '<img src=data:, onerror=alert(1)>');
        alert(2);";
    reader.browser.execute(try_it, Vec::new()).await.unwrap();
    let happened = happened(reader).await;
    assert!(happened.iter().any(|what| what.contains("script-src-attr refused")), "{happened:?}");
    assert!(happened.iter().any(|what| what.contains("alert: 2")), "{happened:?}");
    assert_eq!(happened.len(), 2, "{happened:?}");
}

/// What has happened since the last look.
async fn happened(reader: &Reader) -> Vec<String> {
    let read = "const happened = JSON.parse(sessionStorage.happened ?? '[]');
        delete sessionStorage.happened;
        return happened;";
    let happened = reader.browser.execute(read, Vec::new()).await.unwrap();
    let happened = happened.as_array().unwrap().iter().filter_map(Value::as_str);
    happened.map(ToOwned::to_owned).collect()
}

async fn make_the_first_account(app: &TestApp, reader: &mut Reader) {
    let mut tx = app.write().await;
    let link = offer_first_account(&mut tx, &app.core.moment()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let link = app.core.links.staff(StaffLinkKind::First, link);
    reader.browser.goto(&link).await.unwrap();
    reader.looks_at("welcome").await;
    reader.press("Make the account and sign in").await;
    reader.is_refused().await;
    reader.looks_at("welcome-errors").await;
    types_password(reader).await;
    reader.press("Make the account and sign in").await;
    reader.sees("Today").await;
}

async fn types_password(reader: &Reader) {
    reader.fill("email", EMAIL).await;
    reader.fill("password", &PASSWORD.replace('+', " ")).await;
}

/// By the menu, which a small window keeps folded.
async fn sign_out(reader: &mut Reader, width: u32) {
    let place = if width < 960 { "details" } else { "div" };
    if place == "details" {
        reader.click(Locator::Css(".slim > summary")).await;
        reader.looks_at("menu").await;
    }
    let button = format!("//header/{place}//button[normalize-space()='Sign out']");
    reader.click(Locator::XPath(&button)).await;
    reader.sees("Sign in").await;
}

async fn sign_in(reader: &mut Reader) {
    reader.looks_at("sign-in").await;
    reader.press("Sign in").await;
    reader.is_refused().await;
    reader.looks_at("sign-in-errors").await;
    types_password(reader).await;
    reader.press("Sign in").await;
    reader.sees("Today").await;
}

/// Opens every page in the table of routes: those with a parameter by the first link that leads there from a
/// page already seen. Files to take away are no pages.
async fn open_every_screen(desk: &TestDesk<'_>, reader: &mut Reader) {
    let pages =
        table().into_iter().filter(|(method, path, ..)| method == "GET" && !FILES.contains(path));
    let routes: Vec<&str> = pages.map(|route| route.1).collect();
    let mut left = routes.clone();
    // Only the page of a draft leads there.
    let mut links = BTreeSet::from([format!("/console/reports/{DRAFT}/delete")]);
    while let Some((at, path)) = left
        .iter()
        .enumerate()
        .find_map(|(at, route)| path_of(route, &links, &routes).map(|path| (at, path)))
    {
        let route = left.remove(at);
        let answer = desk.get(&path).await;
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        assert_eq!(answer.status, 200, "{path}");
        reader.open(&path).await;
        // What readers would see is called as they would see it.
        reader.rules.title = if route == PREVIEW { "Sample Press" } else { RULES.title };
        reader.looks_at(&name_of(route)).await;
        reader.rules.title = RULES.title;
        let shown = reader.text("main").await.unwrap_or_default();
        for (_, what) in SHOWN.iter().filter(|(of, _)| *of == route) {
            if !shown.contains(what) {
                reader.faults.push(format!("{route} does not show {what}"));
            }
        }
        links.extend(links_of(reader).await);
    }
    reader.faults.extend(left.iter().map(|route| format!("no link leads to {route}")));
}

fn path_of(route: &str, links: &BTreeSet<String>, routes: &[&str]) -> Option<String> {
    if ASKED_ABOUT.contains(&route) {
        return links.iter().find(|link| link.starts_with(&format!("{route}?"))).cloned();
    }
    if !route.contains('{') {
        return Some(route.to_owned());
    }
    let parts: Vec<&str> = route.split('/').collect();
    let fits = |link: &&String| {
        let given: Vec<&str> = link.split('?').next().unwrap_or_default().split('/').collect();
        let alike = |(part, given): (&&str, &&str)| part == given || part.starts_with('{');
        given.len() == parts.len()
            && parts.iter().zip(&given).all(alike)
            && !routes.contains(&link.as_str())
    };
    links.iter().find(fits).cloned()
}

/// `/console/subscribers/{id}` as `subscribers-id`.
fn name_of(route: &str) -> String {
    let name = route.trim_start_matches("/console").trim_start_matches('/').replace('/', "-");
    let name: String = name.chars().filter(|c| !matches!(c, '{' | '}')).collect();
    if name.is_empty() { "dashboard".to_owned() } else { name }
}

async fn links_of(reader: &Reader) -> Vec<String> {
    let read = "return [...document.querySelectorAll('a[href^=\"/console\"]')].map(a => a.pathname + a.search)
        .concat([...document.querySelectorAll('img')].map(img => new URL(img.src).pathname));";
    let links = reader.browser.execute(read, Vec::new()).await.unwrap();
    let links = links.as_array().unwrap().iter().filter_map(Value::as_str);
    links.map(ToOwned::to_owned).collect()
}

/// Signs in, finds somebody, opens their page and signs out, without a pointer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_errand_takes_no_more_than_the_keyboard() {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    store_hostile_words(&app).await;
    let mut reader = Reader::visits(&app.base, RULES, Script::On, 1280, false).await;
    make_the_first_account(&app, &mut reader).await;
    sign_out(&mut reader, 1280).await;

    reader.types(Locator::Id("email"), EMAIL).await;
    reader.types(Locator::Id("password"), &PASSWORD.replace('+', " ")).await;
    reader.key(ENTER).await;
    reader.sees("Today").await;
    // The first stop of each page leads past the menu.
    reader.browser.refresh().await.unwrap();
    reader.sees("Today").await;
    reader.keys(Locator::Css(".skip"), ENTER).await;
    let focused = reader.browser.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().as_deref(), Some("main"));

    reader.open("/console").await;
    reader.keys(Locator::Css(".wide a[href='/console/subscribers']"), ENTER).await;
    reader.sees("Subscribers").await;
    reader.types(Locator::Css("input[type=search]"), "northmoor").await;
    reader.key(ENTER).await;
    reader.reads("#results", READER).await;
    reader.keys(Locator::Css("#results tbody a"), ENTER).await;
    reader.reads("main", NAME).await;

    reader.keys(Locator::Css(".wide button"), ENTER).await;
    reader.sees("Sign in").await;
}
