//! The page for IT departments says what mail is really like.

use crate::support::app::{Database, TestApp};
use crate::support::verify::DkimKeys;

/// The headers of a message but what differs from one to the next.
fn lasting(head: &str) -> Vec<String> {
    let lines = head.lines().filter(|line| !line.starts_with([' ', '\t']));
    lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            match name {
                "To" | "Subject" | "Date" | "List-Unsubscribe" => name.to_owned(),
                // Its body hash and time differ; who signs and how does not.
                "DKIM-Signature" => format!("{name}: {}", value.split_once(';').unwrap().1),
                "Message-ID" => format!("{name}: {}", value.split_once('@').unwrap().1),
                _ => line.to_owned(),
            }
        })
        .collect()
}

fn shown(page: &str, id: &str) -> Vec<String> {
    let (_, rest) = page.split_once(&format!("aria-labelledby=\"{id}\">")).unwrap();
    let (head, _) = rest.split_once("</pre>").unwrap();
    lasting(&head.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\""))
}

fn sent(raw: &str) -> Vec<String> {
    lasting(&raw.split_once("\r\n\r\n").unwrap().0.replace('\r', ""))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_headers_are_those_of_real_mail() {
    let set = [
        ("ASSENT_MAIL_FROM", "Sample Press <reports@mail.sample.example>"),
        ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day"),
    ];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let mails = app.mail_to("ada@b.example");
    let page = app.get("/it").await.text();
    assert_eq!(shown(&page, "confirm"), sent(&mails[0].raw));
    assert_eq!(shown(&page, "receipt"), sent(&mails[1].raw));
    for words in [
        "Sample Press &lt;reports@mail.sample.example&gt;",
        "An address at <code>mail.sample.example</code>",
        "Ends in <code>@127.0.0.1&gt;</code>",
        "at most 2 in 15 minutes and 4 in a day of the messages",
        "mailto:privacy@sample.example",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("ada@b.example"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_names_who_signs_and_where_mail_comes_back_to() {
    let dir = tempfile::tempdir().unwrap();
    let keys = DkimKeys::make(dir.path(), "sample.example");
    let files = format!("rsa:{},ed:{}", keys.rsa.display(), keys.ed25519.display());
    let set = [
        ("ASSENT_MAIL_FROM", "Sample Press <reports@mail.sample.example>"),
        ("ASSENT_MAIL_DKIM_DOMAIN", "sample.example"),
        ("ASSENT_MAIL_DKIM_KEYS", files.as_str()),
        ("ASSENT_MAIL_BOUNCE_DOMAIN", "bounces.sample.example"),
    ];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    app.subscribe("ada@b.example", "").await;
    let page = app.get("/it").await.text();
    assert_eq!(shown(&page, "confirm"), sent(&app.mail_to("ada@b.example")[0].raw));
    for words in [
        "bounces.sample.example",
        "rsa._domainkey.sample.example",
        "ed._domainkey.sample.example",
        "\tb=…",
    ] {
        assert!(page.contains(words), "{words}");
    }
}
