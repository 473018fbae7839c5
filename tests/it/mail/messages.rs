//! Every mail, with hostile words in it, before an independent verifier; and the verifier itself before
//! mails that it must refuse.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use assent::domain::mail::outbox::MailKind;
use assent::domain::policy::version::ChangeClass;
use assent::domain::staff::member::Role;
use assent::store::mail::outbox::{self, About};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use macro_rules_attribute::apply;

use crate::ledger::seal;
use crate::support::app::{Database, TestApp, form};
use crate::support::desk::{escaped, hidden, webhook};
use crate::support::inbox::Mail;
use crate::support::test_server::{Reply, TestServer};
use crate::support::verify::{self, DkimKeys, Records, findings, well_formed};
use crate::support::{both_databases, poll};

const DOMAIN: &str = "press.example";
const FROM: &str = "Zoë’s Press <reports@press.example>";
const KEEPER: &str = "keeper@archive.example";
const DAY: Duration = Duration::from_hours(24);

/// How many kinds of mail there are; each must come up in the story.
const KINDS: i64 = 14;

/// Titles that have broken mail programs.
fn hostile_titles() -> Vec<String> {
    let said = [
        "Zoë’s Bücher über Städte: 報告 📊",
        "=?utf-8?q?x?= and =?utf-8?b?eA==?= =?utf-8?q?y?=",
        ". .. ... dots where SMTP counts them",
        "דוח על שירותים דיגיטליים في المدن",
        "\"Quoted\", <b>bold</b> &amp; {{ 7*7 }}; charset=x; boundary=\"y\" \\",
        "<img src=https://evil.example/x.png> <style>@import url(//evil.example)</style>",
        "From: mallory@evil.example",
    ];
    let mut titles: Vec<String> = said.iter().map(ToString::to_string).collect();
    titles.extend(["x".repeat(200), "報".repeat(200), "é ".repeat(99), "a".repeat(997)]);
    titles
}

/// The story's own settings: as awkward as an operator can make them.
fn settings(keys: &DkimKeys) -> Vec<(&'static str, String)> {
    let files = format!("rsa:{},ed:{}", keys.rsa.display(), keys.ed25519.display());
    vec![
        ("ASSENT_MAIL_FROM", FROM.to_owned()),
        ("ASSENT_LEDGER_WITNESS_MAIL", KEEPER.to_owned()),
        ("ASSENT_CONTROLLER_NAME", "Müller & Söhne <Press> =?utf-8?q?x?=".to_owned()),
        ("ASSENT_CONTROLLER_ADDRESS", "Straße 1, ".to_owned() + &"z".repeat(180)),
        // A line of its own in every text part.
        ("ASSENT_CONTROLLER_CONTACT", ".privacy@press.example".to_owned()),
        ("ASSENT_MAIL_DKIM_DOMAIN", DOMAIN.to_owned()),
        ("ASSENT_MAIL_DKIM_KEYS", files),
        ("ASSENT_WEBHOOKS_ALLOWED_HOSTS", "127.0.0.1".to_owned()),
    ]
}

/// Asks, confirms, and reads mail 1 and mail 2 of a report.
async fn subscribe(app: &TestApp, path: &str, kept: &str, form: &str) -> Vec<Mail> {
    let before = app.mail_to(kept).len();
    assert_eq!(app.post(path, form).await.status, 303, "{path}");
    let first = app.next_mail(kept, before).await;
    assert_eq!(app.post(&first.link("/confirm/"), "").await.status, 303);
    vec![first, app.next_mail(kept, before + 1).await]
}

#[apply(both_databases!)]
async fn every_mail_is_well_formed(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let keys = DkimKeys::make(directory.path(), DOMAIN);
    let set = settings(&keys);
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::start_with(database, &set).await;
    let titles = hostile_titles();
    let mut tx = app.write().await;
    app.add_newsletter(
        &mut tx,
        "awkward",
        &format!("Nyhetsbrev på svenska =?utf-8?q?x?= 😀 {}", "ש".repeat(150)),
    )
    .await;
    for (n, title) in titles.iter().enumerate() {
        app.add_report(&mut tx, (&format!("hostile-{n}"), title), &["awkward"]).await;
    }
    tx.commit().await.unwrap();
    let name = "&name=%C3%89mile%20%3D%3Futf-8%3Fq%3Fx%3F%3D";
    poll::until("the newest report on its page", || async {
        let newest = app.get(&format!("/reports/hostile-{}", titles.len() - 1)).await;
        (newest.status == 200).then_some(())
    })
    .await;

    // Confirmation and receipt of each report, to a domain beyond ASCII; what readers see is the title.
    for (n, title) in titles.iter().enumerate() {
        let kept = format!("r{n}@xn--bcher-kva.example");
        let more = if n % 2 == 0 { format!("{name}&newsletter=awkward") } else { name.to_owned() };
        let form = form(&format!("r{n}@bücher.example"), &more);
        let mails = subscribe(&app, &format!("/reports/hostile-{n}"), &kept, &form).await;
        assert_eq!(mails[0].subject, format!("Your link to {}", title.trim()));
        assert!(mails[1].subject.ends_with(title.trim()), "{}", mails[1].subject);
        for mail in &mails {
            assert!(mail.text.contains(title.trim()), "{title}: {}", mail.text);
            assert!(mail.text.lines().any(|line| line == ".privacy@press.example"));
        }
        assert_eq!(mails[1].promised().len(), if n % 2 == 0 { 2 } else { 1 });
    }

    // A newsletter alone; a known address; a fresh download; a lost link; choices.
    let ada = "ada@xn--bcher-kva.example";
    subscribe(&app, "/newsletters", ada, &form(ada, "&newsletter=weekly")).await;
    assert_eq!(app.post("/reports/hostile-1", &form(ada, "")).await.status, 303);
    let again = app.next_mail(ada, 2).await;
    assert!(again.text.contains("again"), "{}", again.text);
    let page = app.post(&again.link("/confirm/"), "").await.location().to_owned();
    app.next_mail(ada, 3).await;
    app.advance(DAY * 31);
    assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 303);
    app.next_mail(ada, 4).await;
    assert_eq!(app.post("/preferences", &format!("email={ada}")).await.status, 303);
    let choices = app.next_mail(ada, 5).await.link("/preferences/");
    let less = "choices=shown&policy=2026-11&purpose=privacy-policy&name=%C3%89mile";
    assert_eq!(app.post(&choices, less).await.status, 303);
    app.next_mail(ada, 6).await;
    assert_eq!(app.post(&format!("{choices}/withdraw-all"), "").await.status, 303);
    app.next_mail(ada, 7).await;

    // Who works at the console.
    let bob = "bob@xn--bcher-kva.example";
    let desk = app.sign_in(Role::Admin).await;
    assert_eq!(
        desk.post("/console/staff", "email=bob@bücher.example&role=admin").await.status,
        303
    );
    let welcome = app.next_mail(bob, 0).await.link("/console/welcome/");
    assert_eq!(app.post(&welcome, "password=pylon+marmot+ferrous+quilt").await.status, 303);
    assert_eq!(app.post("/console/forgot", &format!("email={bob}")).await.status, 303);
    app.next_mail(bob, 1).await.link("/console/reset/");
    let gone = TestServer::start(|_, _| Reply::Says(410, "text/plain", vec![])).await;
    let (hook, _) = webhook(&desk, &gone.url("/"), &["consent.lapsed"]).await;
    assert_eq!(desk.post(&format!("{hook}/test"), "").await.status, 303);
    app.next_mail(bob, 2).await;

    // A complaint, and what staff answer.
    let cy = "cy@xn--bcher-kva.example";
    let complaint = app.post("/complaints", "email=cy@bücher.example&words=It+happened.").await;
    let page = complaint.text();
    let reference = page.split("class=\"whole\">").nth(1).unwrap().split('<').next().unwrap();
    app.next_mail(cy, 0).await;
    let found = desk.get(&format!("/console/requests?reference={reference}")).await;
    let letter = format!("{}/letters/outcome", found.location());
    let form_id = hidden(&desk.page(&letter).await, "form_id");
    let words = escaped(&titles.join("\r\n"));
    let written = format!("form_id={form_id}&way=mail&words={words}");
    assert_eq!(desk.post(&letter, &written).await.status, 303);
    let answer = app.next_mail(cy, 1).await;
    assert!(titles.iter().all(|title| answer.text.contains(title.trim())), "{}", answer.text);

    // Policies that change, and the witness.
    app.publish_change("2027-01", ChangeClass::Notify, None).await;
    app.work_policies().await;
    app.mail_settled().await;
    app.publish_change("2027-02", ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    app.mail_settled().await;
    app.advance(DAY * 24);
    app.work_policies().await;
    seal(&app).await;
    let mut tx = app.write().await;
    outbox::insert(&mut tx, &app.core.moment(), MailKind::Checkpoint, About::Nobody).await.unwrap();
    tx.commit().await.unwrap();
    app.mail_settled().await;
    assert_eq!(
        app.count("SELECT count(DISTINCT kind) FROM outbox WHERE state = 'sent'").await,
        KINDS
    );
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE state = 'parked'").await, 0);

    let mails: Vec<String> = app.inbox().into_iter().map(|mail| mail.raw).collect();
    well_formed(&mails, &keys.records);
}

/// A mail without fault, to be broken in one way at a time.
const SOUND: &str = "From: Press <reports@press.example>\r
To: ada@b.example\r
Subject: Your receipt\r
Message-ID: <1@press.example>\r
Date: Mon, 23 Nov 2026 09:00:00 +0000\r
Auto-Submitted: auto-generated\r
List-Id: <receipts.press.example>\r
List-Unsubscribe: <https://press.example/unsubscribe/x>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=\"b\"\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Kept words.\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<html><head><meta name=\"color-scheme\" content=\"light dark\"><style>p {}</style></head>\r
<body><!--[if mso]><table><![endif]--><p>Kept <a href=\"https://press.example/\">words</a></p></body></html>\r
--b--\r
";

#[test]
fn a_malformed_mail_is_refused() {
    let broken = [
        ("Your receipt", "Your réceipt", "a byte above 127"),
        ("Kept words.", "Kept\u{7}words.", "a control character"),
        ("Kept words.\r\n", "Kept words.\n", "a bare CR or LF"),
        ("--b--\r\n", "--b--", "no CRLF at its end"),
        ("Subject: Your receipt\r\n", "", "0 subject fields"),
        ("To: ", "Subject: Another\r\nTo: ", "2 subject fields"),
        ("To: ", "From: b@press.example\r\nTo: ", "2 from fields"),
        ("To: ada@b.example", "To: ada@b.example, bob@b.example", "2 addresses in to"),
        ("To: ", "Bcc: bob@b.example\r\nTo: ", "a bcc field"),
        ("To: ", "Precedence: bulk\r\nTo: ", "a precedence field"),
        ("Auto-Submitted: auto-generated\r\n", "", "0 auto-submitted fields"),
        ("auto-generated", "no", "an auto-submitted that says nothing"),
        ("<1@press.example>", "1", "a message-id that is none"),
        ("Mon, 23 Nov 2026 09:00:00 +0000", "yesterday", "a date that is none"),
        ("Your receipt", "=?utf-8?b?x?=", "an encoded word that is none"),
        ("Your receipt", "=?utf-8?q?=FF?=", "an encoded word that is none"),
        ("Your receipt", "a=?utf-8?q?b?=", "an encoded word within a word"),
        ("To: ada@b.example", "To: ada@@b.example", "Defect"),
        ("Your receipt", "Your\r\n \r\n receipt", "an empty line folded"),
        (
            "<https://press.example/unsubscribe/x>",
            "<mailto:a@press.example>, <https://press.example/>",
            "not one address",
        ),
        ("=One-Click", "=Twice", "a list-unsubscribe-post that says nothing"),
        (
            "List-Unsubscribe: <https://press.example/unsubscribe/x>\r\n",
            "",
            "a list-unsubscribe-post that says nothing",
        ),
        ("List-Id: <receipts.press.example>\r\n", "", "a list without list-id"),
        (
            "Kept words.",
            "https://press.example/confirm/x",
            "a confirmation with list-unsubscribe-post",
        ),
        ("multipart/alternative", "multipart/mixed", "parts other than"),
        ("text/plain; charset=utf-8", "text/plain; charset=latin1", "no charset of ours"),
        (
            "text/html; charset=utf-8",
            "text/html; charset=utf-8\r\nContent-Disposition: attachment",
            "an attachment",
        ),
        (
            "charset=utf-8\r\n\r\nKept words.",
            "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FF",
            "cannot be decoded",
        ),
        (
            "charset=utf-8\r\n\r\nKept words.",
            "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nS2VwdA",
            "cannot be decoded",
        ),
        ("--b--\r\n", "\r\n", "Defect"),
        ("<p>", "<p><img src=\"https://evil.example/x\">", "<img>"),
        ("<p>", "<p background=\"https://evil.example/x\">", "p background"),
        ("<p>", "<p style=\"background: URL( https://evil.example/x)\">", "url"),
        ("p {}", "@import 'https://evil.example/x';", "@import"),
        ("</head>", "<link rel=stylesheet href=\"https://evil.example/x\"></head>", "<link>"),
        ("<table>", "<table><tr><td><img src=\"https://evil.example/x\">", "<img>"),
        ("<p>", "<p onclick=\"x()\">", "p onclick"),
        ("https://press.example/\">words", "javascript:x()\">words", "a link to javascript:x()"),
        ("light dark", "light", "without a dark color-scheme"),
    ];
    let mut mails = vec![SOUND.to_owned()];
    for (from, to, _) in &broken {
        let mail = SOUND.replacen(from, to, 1);
        assert_ne!(mail, SOUND, "{from}");
        mails.push(mail);
    }
    for long in [format!("Kept {}", "x".repeat(994)), format!("=?utf-8?q?{}?=", "x".repeat(70))] {
        mails.push(
            SOUND
                .replace(if long.starts_with('K') { "Kept words." } else { "Your receipt" }, &long),
        );
    }
    let found = findings(&mails, &Records::new());
    let of = |n: usize| -> Vec<&String> {
        found.iter().filter(|rule| rule.starts_with(&format!("{n}.eml: "))).collect()
    };
    assert!(of(0).is_empty(), "{:?}", of(0));
    for (n, (from, to, rule)) in broken.iter().enumerate() {
        assert!(
            of(n + 1).iter().any(|found| found.contains(rule)),
            "{from:?} as {to:?}: {:?}",
            of(n + 1)
        );
    }
    for (n, rule) in
        [(broken.len() + 1, "above 998"), (broken.len() + 2, "an encoded word too long")]
    {
        assert!(of(n).iter().any(|found| found.contains(rule)), "{rule}: {:?}", of(n));
    }
}

/// The same with a text file beside it.
fn with_a_file() -> String {
    let (head, forms) = SOUND.split_once("Content-Type: multipart/alternative").unwrap();
    format!(
        "{head}Content-Type: multipart/mixed; boundary=\"w\"\r\n\r\n--w\r\nContent-Type: multipart/alternative{forms}\r
--w\r
Content-Type: text/plain; charset=us-ascii\r
Content-Disposition: attachment; filename=\"kept.txt\"\r
\r
Kept promises.\r
--w--\r
"
    )
}

#[test]
fn a_file_that_is_attached_badly_is_refused() {
    let cases = [
        ("Kept promises.", "Kept promises.", ""),
        ("attachment; ", "inline; ", "no attachment with a plain name"),
        ("; filename=\"kept.txt\"", "", "no attachment with a plain name"),
        ("kept.txt", "..\\\\x.exe", "no attachment with a plain name"),
        (
            "Content-Type: text/plain; charset=us-ascii",
            "Content-Type: text/html",
            "parts other than",
        ),
        ("charset=us-ascii", "charset=latin1", "no charset of ours"),
        ("--w--\r\n", "\r\n", "Defect"),
        ("Kept promises.", "Kept promise\u{7}s.", "a control character"),
        (
            "Content-Type: text/html",
            "Content-Disposition: attachment\r\nContent-Type: text/html",
            "text/html: an attachment",
        ),
    ];
    let mails = cases.map(|(from, to, _)| with_a_file().replacen(from, to, 1));
    let found = findings(&mails, &Records::new());
    for (n, (from, to, rule)) in cases.iter().enumerate() {
        let own: Vec<_> =
            found.iter().filter(|found| found.starts_with(&format!("{n}.eml: "))).collect();
        let fits = if rule.is_empty() {
            own.is_empty()
        } else {
            own.iter().any(|found| found.contains(rule))
        };
        assert!(fits, "{from:?} as {to:?}: {own:?}");
    }
}

/// Signs the sound mail by dkimpy under the keys named, as the script is told: for a domain, with the fields named.
fn signed(keys: &DkimKeys, with: &[&str], told: &[&str]) -> String {
    let secret = verify::openssl(&format!("pkey -in {} -outform DER", keys.ed25519.display()));
    let keys: Vec<[String; 3]> = with
        .iter()
        .map(|selector| match *selector {
            "rsa" => [
                "rsa".to_owned(),
                "rsa-sha256".to_owned(),
                std::fs::read_to_string(&keys.rsa).unwrap(),
            ],
            _ => [
                "ed".to_owned(),
                "ed25519-sha256".to_owned(),
                STANDARD.encode(&secret[secret.len() - 32..]),
            ],
        })
        .collect();
    let given = serde_json::json!({"message": SOUND, "keys": keys});
    let mut command = verify::python();
    command.arg(verify::script("sign_mail.py")).args(told);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The fields that must be signed, once more than they occur.
fn names() -> Vec<&'static str> {
    let lines = SOUND.split_once("\r\n\r\n").unwrap().0.lines();
    let names: Vec<&str> = lines.map(|line| line.split_once(':').unwrap().0).collect();
    [names.as_slice(), &names].concat()
}

#[test]
fn a_mail_signed_badly_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let keys = DkimKeys::make(directory.path(), DOMAIN);
    let (all, both) = (names().join(":"), ["rsa", "ed"]);
    let well = signed(&keys, &both, &[DOMAIN, &all]);
    let once = names()[..names().len() / 2].join(":");
    let without =
        names().into_iter().filter(|name| *name != "Subject").collect::<Vec<_>>().join(":");
    let cases = [
        (well.clone(), ""),
        (SOUND.to_owned(), "signed [], not"),
        (signed(&keys, &both[..1], &[DOMAIN, &all]), "signed ['rsa-sha256'], not"),
        (signed(&keys, &both[1..], &[DOMAIN, &all]), "signed ['ed25519-sha256'], not"),
        (signed(&keys, &both, &[DOMAIN, &once]), "subject could be added"),
        (signed(&keys, &both, &[DOMAIN, &once]), "holds with subject added before"),
        (signed(&keys, &both, &[DOMAIN, &without]), "holds with subject changed"),
        (signed(&keys, &both, &[DOMAIN, &all, "l"]), "holds with the body continued"),
        (signed(&keys, &both, &["elsewhere.example", &all]), "the signature does not hold"),
        (well.replace("Kept words", "Lost words"), "rsa-sha256: the signature does not hold"),
        (well.replace("Kept words", "Lost words"), "ed25519-sha256: the signature does not hold"),
        (well.replace("To: ada", "To: bob"), "the signature does not hold"),
    ];
    for (mail, rule) in cases {
        let found = findings(&[&mail], &keys.records);
        let fits = if rule.is_empty() {
            found.is_empty()
        } else {
            found.iter().any(|found| found.contains(rule))
        };
        assert!(fits, "{rule}: {found:?}");
    }
    // Signed by a domain that is not the sender's, whose key is known.
    let elsewhere = keys
        .records
        .iter()
        .map(|(name, record)| (name.replace(DOMAIN, "elsewhere.example"), record.clone()));
    let found =
        findings(&[signed(&keys, &both, &["elsewhere.example", &all])], &elsewhere.collect());
    assert!(
        found.iter().all(|found| found.contains("elsewhere.example is not of press.example")),
        "{found:?}"
    );
    assert!(!findings(&[&well], &Records::new()).is_empty(), "signed by a key that nobody told of");
}
