//! Pages, mails and exports word for word: what a reader sees changes only with its snapshot.

use std::time::Duration;

use assent::domain::alarm::confirmations;
use assent::flows::raise_alarm::raise;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::page_form::PageForm;
use crate::support::poll;
use crate::support::snapshot::{same, same_mail, same_page};

async fn start() -> TestApp {
    TestApp::start(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_stand() {
    let app = start().await;
    for (name, path) in [
        ("index", "/"),
        ("report", PATH),
        ("newsletters", "/newsletters"),
        ("check_your_inbox_unknown", "/check-your-inbox"),
        ("check_your_inbox_fresh", "/check-your-inbox?word=fresh"),
        ("thank_you", "/thank-you"),
        ("policy", "/policies/privacy"),
        ("it", "/it"),
        ("purpose", "/purposes/newsletter:weekly"),
    ] {
        same_page(name, &app.get(path).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_with_nothing_on_offer() {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    same_page("index_empty", &app.get("/").await, 200);
    same_page("newsletters_empty", &app.get("/newsletters").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_with_more_on_offer() {
    let app = start().await;
    app.advance(Duration::from_hours(24));
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "monthly", "The monthly & more").await;
    app.publish_policy(&mut tx, "2026-12").await;
    app.add_report(&mut tx, ("second", "A second <report>"), &["weekly", "monthly"]).await;
    tx.commit().await.unwrap();
    poll::until("the second report", || async {
        (app.get("/reports/second").await.status == 200).then_some(())
    })
    .await;
    same_page("index_more", &app.get("/").await, 200);
    same_page("report_more", &app.get("/reports/second").await, 200);
    same_page("newsletters_more", &app.get("/newsletters").await, 200);
    let old = app.get("/policies/privacy/2026-11").await;
    same_page("policy_older", &old, 200);
    let changed = app.post(PATH, &form("ada@b.example", "")).await;
    same_page("report_policy_changed", &changed, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_refused_form() {
    let app = start().await;
    same_page("report_nothing_filled_in", &app.post(PATH, "").await, 422);
    let typed = "email=ada%40localhost&name=%3Cb%3EAda+%22O%27Neill%22%3C%2Fb%3E&organisation=a%00b\
                 &job_title=x&job_title=y&policy=2026-11&newsletter=weekly";
    same_page("report_refused", &app.post(PATH, typed).await, 422);
    let twice = "email=ada%40b.example&consent=yes&consent=yes&policy=2026-11";
    same_page("report_box_sent_twice", &app.post(PATH, twice).await, 422);
    let none = app.post("/newsletters", &form("ada@b.example", "")).await;
    same_page("newsletters_refused", &none, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_form_to_the_file() {
    let app = start().await;
    let typed = "&name=Ada+Hughes&organisation=Northmoor&job_title=Head&newsletter=weekly";
    let asked = app.post(PATH, &form("Ada@Northmoor.example", typed)).await;
    assert_eq!(asked.status, 303);
    let waiting = |query: &str| {
        let path = format!("/check-your-inbox{query}");
        app.request("GET", &path).header("cookie", asked.cookie())
    };
    let page = app.send(waiting("")).await;
    same_page("check_your_inbox", &page, 200);
    let page = app.send(waiting("?word=again")).await;
    same_page("check_your_inbox_again", &page, 200);

    let mail = app.next_mail("Ada@northmoor.example", 0).await;
    same_mail("mail_confirm", &mail);
    let refused = app.type_code(&asked.cookie(), "12 34").await;
    same_page("check_your_inbox_code_refused", &refused, 422);
    let link = mail.link("/confirm/");
    same_page("confirm", &app.get(&link).await, 200);
    same_page("not_me", &app.get(&format!("{link}/not-me")).await, 200);

    let confirmed = app.post(&link, "").await;
    let download = confirmed.location().to_owned();
    same_page("confirmed", &app.get(&link).await, 200);
    same_page("download", &app.get(&download).await, 200);
    let receipt = app.next_mail("Ada@northmoor.example", 1).await;
    same_mail("mail_receipt", &receipt);
    let too_late = app.get(&format!("{link}/not-me")).await;
    same_page("not_me_confirmed", &too_late, 410);

    app.advance(Duration::from_hours(24 * 31));
    same_page("gone_download_expired", &app.get(&download).await, 410);
    assert_eq!(app.post(&format!("{download}/fresh"), "").await.status, 303);
    let fresh = app.next_mail("Ada@northmoor.example", 2).await;
    same_mail("mail_download_link", &fresh);
    same_page("gone_download_superseded", &app.get(&download).await, 410);
    let newest = fresh.link("/downloads/");
    assert_eq!(app.get(&newest).await.status, 200);
    let revoked = "UPDATE download_grant SET revoked_at = created_at";
    assert_eq!(app.tamper(revoked).await.unwrap(), 1);
    same_page("gone_download_revoked", &app.get(&newest).await, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_address_is_told_in_other_words() {
    let app = start().await;
    app.subscribe("ada@b.example", "").await;
    app.advance(Duration::from_hours(1));
    app.next_mail("ada@b.example", 1).await;
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let again = app.next_mail("ada@b.example", 2).await;
    same_mail("mail_confirm_known", &again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_forms_code() {
    let limited = [("ASSENT_LIMIT_MAIL_PER_ADDRESS", "1/15min")];
    let app = TestApp::start_with(Database::Sqlite, &limited).await;
    let typed = "&name=Ada+Hughes&organisation=Northmoor&job_title=Head&newsletter=weekly";
    let first = app.post(PATH, &form("ada@b.example", typed)).await;
    let code = app.next_mail("ada@b.example", 0).await.code();
    app.mail_settled().await;
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let second = app.request("POST", "/newsletters").header("cookie", first.cookie());
    let body = form("ada@b.example", "&newsletter=weekly");
    let second = app.send(second.header(kind.0, kind.1).body(body)).await.cookie();
    let waiting = app.request("GET", "/check-your-inbox").header("cookie", &second);
    same_page("check_your_inbox_too_many", &app.send(waiting).await, 200);
    let typed = app.type_code(&second, &code).await;
    let shown = app.request("GET", typed.location()).header("cookie", typed.cookie());
    let shown = app.send(shown).await;
    let page = shown.text();
    let id = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let shown = Answer { body: page.replace(id, "SIGNUP").into_bytes(), ..shown };
    same_page("confirm_by_code", &shown, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newsletter_alone() {
    let app = start().await;
    let body = form("ada@b.example", "&newsletter=weekly");
    let asked = app.post("/newsletters", &body).await;
    let waiting = app.request("GET", "/check-your-inbox").header("cookie", asked.cookie());
    let page = app.send(waiting).await;
    same_page("check_your_inbox_newsletter", &page, 200);
    let mail = app.next_mail("ada@b.example", 0).await;
    same_mail("mail_confirm_newsletter", &mail);
    let link = mail.link("/confirm/");
    same_page("confirm_newsletter", &app.get(&link).await, 200);
    let not_me = app.get(&format!("{link}/not-me")).await;
    same_page("not_me_newsletter", &not_me, 200);
    assert_eq!(app.post(&link, "").await.location(), "/thank-you");
    same_page("confirmed_newsletter", &app.get(&link).await, 200);
    let receipt = app.next_mail("ada@b.example", 1).await;
    same_mail("mail_receipt_newsletter", &receipt);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_open_nothing_any_more() {
    let app = start().await;
    let link = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
    app.advance(Duration::from_hours(72));
    same_page("gone_confirm_expired", &app.get(&link).await, 410);
    assert_eq!(app.post(&format!("{link}/fresh"), "").await.status, 303);
    let fresh = app.next_mail("ada@b.example", 1).await.link("/confirm/");
    same_page("gone_confirm_superseded", &app.get(&link).await, 410);
    let done = app.post(&format!("{fresh}/not-me"), "").await;
    same_page("not_me_done", &done, 200);
    same_page("gone_confirm_cancelled", &app.get(&fresh).await, 410);

    let limited = TestApp::start_with(Database::Sqlite, &[("ASSENT_DOWNLOAD_LIMIT", "1")]).await;
    let page = limited.subscribe("ada@b.example", "").await;
    assert_eq!(limited.get(&format!("{page}/file")).await.status, 200);
    limited.advance(Duration::from_mins(61));
    same_page("gone_download_used_up", &limited.get(&page).await, 410);
    let mut tx = limited.write().await;
    let sample = "sample".parse().unwrap();
    assent::flows::catalog::publish_report::withdraw_report(&mut tx, &limited.act(), &sample)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    poll::until("the withdrawal", || async {
        (limited.get(PATH).await.status == 410).then_some(())
    })
    .await;
    same_page("gone_report_withdrawn", &limited.get(PATH).await, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_are_not_whole() {
    let app = start().await;
    same_page("broken_link_choices", &app.get("/preferences/x").await, 404);
    same_page("broken_link_form", &app.get("/confirm/x").await, 404);
    let asked = app.ask("ada@b.example").await;
    let cut = app.request("GET", "/confirm/x").header("cookie", asked.cookie());
    same_page("broken_link_press", &app.send(cut).await, 404);

    same_page("fresh_link", &app.get("/fresh-link").await, 200);
    let typed = "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40b.example";
    same_page("fresh_link_refused", &app.post("/fresh-link", typed).await, 422);
    let asked = app.post("/fresh-link", "email=ada%40b.example").await;
    same_page("fresh_link_sent", &app.get(asked.location()).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_forms_that_rest() {
    let set = [("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "pause")];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    let asked = app.ask("ada@b.example").await;
    let mut tx = app.write().await;
    let slug = "sample".parse().unwrap();
    for form in [confirmations(Some(&slug)), confirmations(None)] {
        raise(&mut tx, &app.core.moment(), &form, "few").await.unwrap();
    }
    tx.commit().await.unwrap();
    poll::until("forms that rest", || async {
        (app.ask("ada@b.example").await.status == 503).then_some(())
    })
    .await;
    same_page("report_rests", &app.get(PATH).await, 200);
    same_page("report_rests", &app.ask("ada@b.example").await, 503);
    same_page("newsletters_rests", &app.get("/newsletters").await, 200);
    let waiting = app.request("GET", "/check-your-inbox?word=rests");
    let waiting = app.send(waiting.header("cookie", asked.cookie())).await;
    same_page("check_your_inbox_rests", &waiting, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_what_went_wrong() {
    let set =
        [("ASSENT_LIMIT_SIGNUPS_PER_IP", "2/hour"), ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "1/day")];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    let page = app.subscribe("ada@b.example", "").await;
    let body = form("ada@b.example", "");
    let send = |name: &str, value: &str| {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let request = app.request("POST", PATH).body(body.clone());
        if name == kind.0 {
            request.header(name, value)
        } else {
            request.header(kind.0, kind.1).header(name, value)
        }
    };
    let foreign = app.send(send("origin", "https://evil.example")).await;
    same_page("error_403", &foreign, 403);
    let hidden = app.send(send("origin", "null")).await;
    same_page("error_403_hidden", &hidden, 403);
    same_page("error_404", &app.get("/nothing").await, 404);
    same_page("error_405", &app.post("/thank-you", "").await, 405);
    let other = app.request("GET", "/policies/privacy").header("if-match", "\"another\"");
    same_page("error_412", &app.send(other).await, 412);
    let large = app.post(PATH, &"a".repeat(65 * 1024)).await;
    same_page("error_413", &large, 413);
    let json = app.send(send("content-type", "application/json")).await;
    same_page("error_415", &json, 415);
    let range = app.request("GET", &format!("{page}/file"));
    let range = app.send(range.header("range", "bytes=0-0,2-2")).await;
    same_page("error_416", &range, 416);
    let host = app.send(send("host", "evil.example")).await;
    same_page("error_421", &host, 421);
    let asked = app.ask("ada@b.example").await;
    let waiting =
        app.request("GET", "/check-your-inbox?word=wait").header("cookie", asked.cookie());
    same_page("check_your_inbox_wait", &app.send(waiting).await, 200);
    same_page("error_429", &app.ask("ada@b.example").await, 429);

    let away = start().await;
    assert_eq!(away.get(PATH).await.status, 200);
    away.core.db.close().await;
    let typed = form("ada@b.example", "&name=Ada+Hughes&newsletter=weekly");
    same_page("report_unstored", &away.post(PATH, &typed).await, 503);
    let lost = away.post("/fresh-link", "email=ada%40b.example").await;
    same_page("error_503", &lost, 503);
    assert_eq!(away.get(PATH).await.status, 200, "pages are still served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_with_hostile_cells() {
    let app = start().await;
    for (email, name, organisation, job_title) in [
        ("ada@b.example", "Ada Hughes", "Northmoor", "Head"),
        (
            "=1+1@b.example",
            "=1+1",
            "=HYPERLINK(\"http://evil.example\",\"x\")",
            "=cmd|' /C calc'!A1",
        ),
        ("+1@b.example", "+1", "@SUM(A1:A9)", "-1+1"),
        ("-1@b.example", "＝1+1", "＋1", "－1"),
        ("'quoted'@b.example", "＠SUM(A1)", "a,\"b\";c", "'=1+1"),
        ("{}|~@b.example", "李小龍 😀", "<script>alert(1)</script>", "\\\" \\n {{ 7*7 }}"),
        ("plain@bücher.example", "", "", ""),
    ] {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let more = format!(
            "&name={}&organisation={}&job_title={}&newsletter=weekly",
            encode(name),
            encode(organisation),
            encode(job_title)
        );
        let kept = email.replace("bücher", "xn--bcher-kva");
        assert_eq!(app.post(PATH, &form(email, &more)).await.status, 303);
        let link = app.next_mail(&kept, 0).await.link("/confirm/");
        app.advance(Duration::from_secs(90));
        assert_eq!(app.post(&link, "").await.status, 303);
        app.advance(Duration::from_secs(90));
    }
    for (name, format) in [
        ("export.csv", assent::export::Format::Csv),
        ("export.ndjson", assent::export::Format::Ndjson),
    ] {
        let filter = assent::store::contacts::exportable::ExportFilter {
            purpose: "newsletter:weekly".parse().unwrap(),
            report: None,
            since: None,
            until: None,
            policy: None,
        };
        let mut out = Vec::new();
        let wanted = assent::export::Wanted {
            filter: &filter,
            format,
            preset: None,
            links: None,
            authority: app.core.flow_settings.authority(),
            scratch: app.dir.path(),
        };
        let (snapshot, now) = (app.core.db.snapshot().await.unwrap(), app.clock.now());
        let as_of = assent::export::AsOf { snapshot, now };
        assent::export::write(as_of, wanted, &mut out, |_| {}).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        // Line endings are shown, for they are part of the format.
        same(name, &text.replace('\r', "␍").replace('\u{feff}', "␂BOM␃"));
    }
}

// In a frame on a page of the operator's; what its reader waits with is another text each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_in_a_frame() {
    let set = [("ASSENT_EMBED_ORIGINS", "https://press.example")];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    let load =
        |path| app.send(app.request("GET", path).header("referer", "https://press.example/"));
    let page = load("/embed/sample").await;
    same_page("embed_form", &page, 200);
    same_page("embed_newsletters", &load("/embed/newsletters").await, 200);
    same_page("embed_error", &load("/embed/none").await, 404);
    same_page(
        "embed_errors",
        &app.post("/embed/sample", "framed_by=https://press.example").await,
        422,
    );
    let steady = |answer: &Answer| {
        let page = answer.text();
        let token = PageForm::find(&page, "/embed/sample/code").value("waiting").to_owned();
        Answer { body: page.replace(&token, "WAITING").into_bytes(), ..answer.clone() }
    };
    let inbox = app.post("/embed/sample", &form("ada@b.example", "&newsletter=weekly")).await;
    same_page("embed_inbox", &steady(&inbox), 202);
    let mail = app.next_mail("ada@b.example", 0).await;
    app.mail_settled().await;
    let body =
        PageForm::find(&inbox.text(), "/embed/sample/code").fill("code", &mail.code()).body();
    let ready = app.post("/embed/sample/code", &body).await;
    same_page("embed_ready", &ready, 200);
}
