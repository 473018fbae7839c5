//! Consents that no event made, and the words and policies that they rest on, changed.

use macro_rules_attribute::apply;

use super::{healed, history, tampered};
use crate::ledger::{EXPORT, assert_refused, command, does};
use crate::support::app::Database;
use crate::support::both_databases;

const BACK: &str = "UPDATE consent SET confirmed_at = (SELECT confirmed_at FROM kept),
         requested_at = (SELECT requested_at FROM kept) WHERE event_id = (SELECT event_id FROM kept)";

#[apply(both_databases!)]
async fn a_consent_that_no_event_made_is_named(database: Database) {
    let app = history(database).await;
    let rests = "of the consent that rests on it is another";
    for (doing, words, undoing) in [
        ("UPDATE subscriber SET email = 'eve@b.example' WHERE email = 'ada@b.example'", "the address",
         "UPDATE subscriber SET email = 'ada@b.example' WHERE email = 'eve@b.example'"),
        ("UPDATE consent SET state = 'given' WHERE state = 'withdrawn' AND purpose = 'newsletter:weekly'", "the state",
         "UPDATE consent SET state = 'withdrawn' WHERE purpose = 'newsletter:weekly'
              AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = 'bob@b.example')"),
        ("UPDATE consent SET state = 'renewed' WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the state",
         "UPDATE consent SET state = 'given' WHERE state = 'renewed'"),
        ("UPDATE consent SET policy_version_id = (SELECT policy_version_id FROM policy_version WHERE label = '2026-10')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the policy",
         "UPDATE consent SET policy_version_id = (SELECT policy_version_id FROM policy_version WHERE label = '2026-11')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'"),
        ("UPDATE consent SET notice_id = (SELECT notice_id FROM notice WHERE purpose = 'privacy-policy')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the words",
         "UPDATE consent SET notice_id = (SELECT notice_id FROM notice WHERE purpose = 'newsletter:weekly')
              WHERE state = 'given' AND purpose = 'newsletter:weekly'"),
        ("UPDATE consent SET source = '/elsewhere' WHERE state = 'given' AND purpose = 'newsletter:weekly'", "the page",
         "UPDATE consent SET source = '/reports/sample' WHERE source = '/elsewhere'"),
    ] {
        tampered(&app, doing, &format!("{words} {rests}"), undoing).await;
    }
    // What cannot be written back by hand is kept.
    app.tamper("CREATE TABLE kept AS SELECT c.* FROM consent c JOIN subscriber s ON s.subscriber_id = c.subscriber_id
                    WHERE s.email = 'ada@b.example' AND c.purpose = 'newsletter:weekly'").await.unwrap();
    tampered(&app, "UPDATE consent SET confirmed_at = requested_at WHERE event_id = (SELECT event_id FROM kept)", &format!("the time {rests}"), BACK).await;
    tampered(&app, "UPDATE consent SET requested_at = confirmed_at WHERE event_id = (SELECT event_id FROM kept)", &format!("the time {rests}"), BACK).await;
    tampered(
        &app,
        "DELETE FROM consent WHERE event_id = (SELECT event_id FROM kept)",
        "the consent that it made is missing",
        "INSERT INTO consent SELECT * FROM kept",
    )
    .await;

    // Cyd never ticked the newsletter; Bob left it.
    tampered(&app, "INSERT INTO consent SELECT c.subscriber_id, 'newsletter:weekly', c.state, c.event_id, c.notice_id,
                c.policy_version_id, c.report_id, c.source, c.requested_at, c.confirmed_at, c.mac
            FROM consent c JOIN subscriber s ON s.subscriber_id = c.subscriber_id WHERE s.email = 'cyd@b.example'",
        "to newsletter:weekly rests on no event of theirs",
        "DELETE FROM consent WHERE purpose = 'newsletter:weekly'
             AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = 'cyd@b.example')").await;
    let older = "UPDATE consent SET state = 'given', event_id = (SELECT event_id FROM consent_event e
                WHERE e.subject_id = consent.subscriber_id AND e.purpose = consent.purpose AND e.type = 'given')
            WHERE state = 'withdrawn' AND purpose = 'newsletter:weekly'";
    tampered(&app, older, "this program did not write the consent that rests on it",
        "UPDATE consent SET state = 'withdrawn', event_id = (SELECT event_id FROM consent_event e
                WHERE e.subject_id = consent.subscriber_id AND e.purpose = consent.purpose AND e.type = 'withdrawn')
             WHERE purpose = 'newsletter:weekly' AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = 'bob@b.example')").await;
}

#[apply(both_databases!)]
async fn words_and_columns_that_were_changed_are_named(database: Database) {
    let app = history(database).await;
    for (doing, words, undoing) in [
        ("UPDATE notice SET words = words || '.' WHERE purpose = 'newsletter:weekly'", "its words are not those of its hash",
         "UPDATE notice SET words = substr(words, 1, length(words) - 1) WHERE purpose = 'newsletter:weekly'"),
        ("UPDATE policy_version SET body = body || '.' WHERE label = '2026-11'", "its text is not that of its hash",
         "UPDATE policy_version SET body = substr(body, 1, length(body) - 1) WHERE label = '2026-11'"),
        ("UPDATE policy_version SET lang = 'xx' WHERE label = '2026-10'", "policy 2026-10: it is in another language",
         "UPDATE policy_version SET lang = 'en-GB' WHERE label = '2026-10'"),
        ("UPDATE policy_version SET lang = 'xx', label = '2026-11' WHERE label = '2026-10'", "another one bears its label",
         "UPDATE policy_version SET lang = 'en-GB', label = '2026-10' WHERE lang = 'xx'"),
        ("UPDATE consent_event SET purpose = 'privacy-policy' WHERE leaf_index =
              (SELECT min(leaf_index) FROM consent_event WHERE type = 'requested' AND purpose = 'newsletter:weekly')",
         "its purpose is not the one in its body",
         "UPDATE consent_event SET purpose = 'newsletter:weekly' WHERE purpose = 'privacy-policy' AND notice_id = (SELECT notice_id FROM notice WHERE purpose = 'newsletter:weekly')"),
        ("UPDATE consent_event SET type = 'given' WHERE type = 'withdrawn' AND purpose = 'newsletter:weekly'",
         "its body is not the one that its leaf commits to",
         "UPDATE consent_event SET type = 'withdrawn' WHERE type = 'given' AND leaf LIKE '%withdrawn%'"),
        ("UPDATE blank_form SET html = html || '.' WHERE sha256 = (SELECT min(sha256) FROM blank_form)", "it is not the document of its hash",
         "UPDATE blank_form SET html = substr(html, 1, length(html) - 1) WHERE sha256 = (SELECT min(sha256) FROM blank_form)"),
    ] {
        tampered(&app, doing, words, undoing).await;
    }
}

#[apply(both_databases!)]
async fn a_policy_in_another_language_stops_an_export_at_once(database: Database) {
    let app = history(database).await;
    assert!(does(&app, &EXPORT).contains("ada@b.example"));
    assert_eq!(
        app.tamper("UPDATE policy_version SET lang = 'xx' WHERE label = '2026-10'").await.unwrap(),
        1
    );
    let output = command(&app, &EXPORT);
    assert_refused(&output, "in another language");
    assert!(output.stdout.is_empty(), "not even a header");
    assert_eq!(
        app.tamper("UPDATE policy_version SET lang = 'en-GB' WHERE lang = 'xx'").await.unwrap(),
        1
    );
    healed(&app).await;
}
