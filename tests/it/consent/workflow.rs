//! What evidence says of how a choice was made: the form as it was shown, what was left unticked, which data were given,
//! and by what it was confirmed (EDPB Guidelines 05/2020 ¶108).

use assent_ledger::digest::sha256_hex;
use assent_ledger::receipt::verify;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::inbox::Mail;

const ADA: &str = "ada@b.example";
const FORM: &str = "/reports/sample";
const SAID: [(&str, &str); 5] = [
    ("ASSENT_CONTROLLER_IDENTIFIER", "HRB 1234"),
    ("ASSENT_PROCESSING_JURISDICTION", "DE"),
    ("ASSENT_PROCESSING_RECIPIENTS", "Example Hosting GmbH; Example Mail Inc., US"),
    ("ASSENT_PROCESSING_RETENTION", "Until you leave"),
    ("ASSENT_PROCESSING_STORAGE", "In Germany"),
];

/// What the receipts of somebody's consents are computed from, by their purpose.
pub async fn proved(app: &TestApp, email: &str) -> Vec<(String, Value)> {
    proved_by(app, &app.mail_to(email)[1]).await
}

/// The same of whose choices a mail leads to.
pub async fn proved_by(app: &TestApp, mail: &Mail) -> Vec<(String, Value)> {
    app.seal().await;
    let page = mail.link("/preferences/").replace(&app.base, "");
    let data = app.get(&format!("{page}/my-data.json")).await;
    let data: Value = serde_json::from_slice(&data.body).unwrap();
    let keys = app.core.flow_settings.ledger_keys.trusted();
    let mut proved = vec![];
    for consent in data["consents"].as_array().unwrap() {
        let id = consent["receipt_id"].as_str().unwrap();
        let jws = app.get(&format!("{page}/receipts/{id}.jws")).await.text();
        let payload = verify(&jws, &keys).expect("a receipt that holds").payload;
        let purpose = consent["purpose"].as_str().unwrap().to_owned();
        proved.push((purpose, payload["ledger"].clone()));
    }
    proved
}

#[apply(both_databases!)]
async fn a_receipt_says_how_it_came_about(database: Database) {
    let app = TestApp::start_with(database, &SAID).await;
    let blank = app.get(FORM).await.text();
    app.subscribe(ADA, "&name=Ada+Example&job_title=Clerk").await;
    let confirmation = format!("<{}>", app.mail_to(ADA)[0].message_id);
    let proved = proved(&app, ADA).await;
    assert_eq!(proved.len(), 1, "what was left unticked was not agreed to");
    let (purpose, ledger) = &proved[0];
    assert_eq!(purpose, "privacy-policy");
    let (body, context) = (&ledger["body"], &ledger["context"]);
    assert_eq!(body["data"], json!(["email", "job_title", "name"]));
    assert_eq!(body["unticked"], json!(["newsletter:weekly"]));
    assert_eq!(body["confirmed"], json!({"by": "link", "message_id": confirmation}));
    assert_eq!(context["required"], true);
    assert_eq!(context["site"], app.core.flow_settings.site());
    assert_eq!(context["policy"]["lang"], "en-GB");
    assert_eq!(context["controller"]["identifier"], "HRB 1234");
    assert_eq!(
        context["processing"],
        json!({
            "jurisdiction": "DE",
            "recipients": ["Example Hosting GmbH", "Example Mail Inc., US"],
            "retention": "Until you leave",
            "storage": "In Germany",
        })
    );
    // The form as everybody was served it, and what it is of; it does not name itself.
    let form = ledger["documents"]["form"].as_str().unwrap();
    assert_eq!(context["form"], sha256_hex(form.as_bytes()));
    let (said, page) = form.split_once('\n').unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        said,
        format!("<!-- assent {version}; form reports/sample; privacy policy 2026-11 -->")
    );
    assert_eq!(page, blank.replace(context["form"].as_str().unwrap(), ""));
    assert!(page.contains("name=\"blank\" value=\"\""), "{page}");
    assert!(!page.contains(" checked") && !page.contains("Ada"), "blank");
}

#[apply(both_databases!)]
async fn a_code_is_told_from_a_link(database: Database) {
    let app = TestApp::start(database).await;
    let blank = app.blank(FORM).await;
    let typed = format!("email={ADA}&consent=yes&policy=2026-11&newsletter=weekly{blank}");
    let asked = app.post(FORM, &typed).await;
    let mail = app.next_mail(ADA, 0).await;
    app.mail_settled().await;
    let confirmed = app.type_code(&asked.cookie(), &mail.code()).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.text());
    app.next_mail(ADA, 1).await;
    for (purpose, ledger) in proved(&app, ADA).await {
        let (body, context) = (&ledger["body"], &ledger["context"]);
        assert_eq!(body["confirmed"]["by"], "code");
        assert_eq!(body["confirmed"]["message_id"], format!("<{}>", mail.message_id));
        assert_eq!(context["required"], purpose == "privacy-policy", "{purpose}");
        assert!(context["form"].is_string() && body.get("unticked").is_none(), "{body}");
        assert_eq!(body["data"], json!(["email"]));
    }
}
