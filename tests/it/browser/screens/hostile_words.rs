//! Hostile words, stored wherever somebody can put any, and a watch on what they would do.

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::webhook::{EventTypes, WebhookEvent};
use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::add_report::{ReportOffers, add_report};
use assent::flows::catalog::edit_report::replace_cover;
use assent::flows::staff::add_webhook::{AskedWebhook, add_webhook};
use assent::sealing::seal_all;
use serde_json::{Value, json};

use crate::browser::reader::Reader;
use crate::support::app::{NEWSLETTER, POLICY, SLUG, TestApp};
use crate::support::desk::escaped;

// What is stored: a name that would close an attribute, an organisation that is a script, a title without a
// space.
pub(super) const READER: &str = "ada@northmoor.example";
pub(super) const NAME: &str = "\"><img src=x onerror=alert(1)> Ada";
pub(super) const ORGANISATION: &str = "<script>alert(2)</script>'-alert(3)-'{{ 7 * 7 }}";
pub(super) const TITLE: &str = "</title><svg onload=alert(4)>Wirtschaftsförderungsgesellschaftsvorstandsvorsitzendenversammlung";
pub(super) const NEWS: &str = "<b onmouseover=alert(5)>News</b> &amp; javascript:alert(6)";

/// A report that readers never saw.
pub(super) const DRAFT: &str = "untold";

pub(super) async fn store_hostile_words(app: &TestApp) {
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, POLICY).await;
    app.add_newsletter(&mut tx, NEWSLETTER, NEWS).await;
    app.add_report(&mut tx, (SLUG, TITLE), &[NEWSLETTER]).await;
    let draft = app.sample_report(DRAFT, TITLE).await;
    add_report(&mut tx, &app.act(), &draft, ReportOffers::default()).await.unwrap();
    let (at, slug) = (app.core.moment(), SLUG.parse().unwrap());
    let own = NewPurpose {
        code: "partner-offers".parse().unwrap(),
        name: Line::parse(NEWS).unwrap().unwrap(),
        words: NAME.parse().unwrap(),
    };
    add_purpose(&mut tx, &app.act(), &own, &[slug]).await.unwrap();
    let picture = b"\x89PNG\r\n\x1a\nNot much of a picture."[..].into();
    let (key, kind) = app.core.files.put_cover_bytes(at.new_id(), picture).await.unwrap();
    let (cover, slug) = ((key.as_str(), kind), SLUG.parse().unwrap());
    replace_cover(&mut tx, &app.act(), &slug, cover).await.unwrap();
    let description = Line::parse(NEWS).unwrap().unwrap();
    let webhook = AskedWebhook {
        url: &"https://hooks.harrowby.example/a?b=<i>".parse().unwrap(),
        description: &description,
        // Which nothing here leads to: nobody is told.
        event_types: &EventTypes::new(&[WebhookEvent::ConsentLapsed]).unwrap(),
        form_id: at.new_id(),
    };
    let added = add_webhook(&mut tx, &app.act(), &app.core.flow_settings, webhook).await.unwrap();
    assert!(added.is_some());
    tx.commit().await.unwrap();
    let told = "INSERT INTO webhook_delivery (webhook_delivery_id, webhook_endpoint_id, event_type, payload,
                    created_at, next_at, attempts, tried_at, status, answer, delivered_at)
                SELECT webhook_endpoint_id, webhook_endpoint_id, 'consent.lapsed', '{}', created_at, created_at, 1,
                    created_at, 200, '</pre><script>alert(7)</script>', created_at
                FROM webhook_endpoint";
    assert_eq!(app.tamper(told).await.unwrap(), 1);
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
    let complaint = format!("email={READER}&name={name}&words={organisation}%0D%0A{name}");
    assert_eq!(app.post("/complaints", &complaint).await.status, 200);
    app.mail_settled().await;
    // There is a checkpoint to take away.
    let core = &app.core;
    seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
}

/// Notes what hostile words would do: run, ask, or try to and be refused by the content security policy.
pub(super) async fn watch(reader: &Reader) {
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
pub(super) async fn happened(reader: &Reader) -> Vec<String> {
    let read = "const happened = JSON.parse(sessionStorage.happened ?? '[]');
        delete sessionStorage.happened;
        return happened;";
    let happened = reader.browser.execute(read, Vec::new()).await.unwrap();
    let happened = happened.as_array().unwrap().iter().filter_map(Value::as_str);
    happened.map(ToOwned::to_owned).collect()
}
