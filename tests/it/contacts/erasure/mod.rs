//! Everything that is held of somebody goes when they say so, and stays gone until they come back themselves.

mod by_command;
mod by_link;
mod meanwhile;
mod no_trace;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::signup::link::LinkKind;
use assent::outside::{Ending, EndingReason, Turn};
use assent_ledger::digest::hex;
use uuid::Uuid;

use crate::support::app::TestApp;

const ADA: &str = "ada.byron@northmoor.example";
const TYPED: &str = "&name=Ada+Byron-King&organisation=Northmoor&job_title=Head&newsletter=weekly";
const TICKED: &str = "confirm=yes";
const BODIES: &str =
    "SELECT count(*) FROM consent_event WHERE body IS NOT NULL OR salt IS NOT NULL";

/// The path of somebody's choices.
fn choices(app: &TestApp, email: &str) -> String {
    app.mail_to(email)[1].link("/preferences/").replace(&app.base, "")
}

fn subscriber_id(app: &TestApp, choices: &str) -> Uuid {
    let token = choices.rsplit('/').next().unwrap();
    app.core.links.secrets.open(LinkKind::Manage, token).unwrap().id
}

async fn state(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM subscriber",
        "SELECT count(*) FROM signup",
        "SELECT count(*) FROM consent",
        "SELECT count(*) FROM download_grant",
        "SELECT count(*) FROM download",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM delivery",
        "SELECT count(*) FROM link_request",
        BODIES,
    ] {
        counts.push(app.count(sql).await);
    }
    counts
}

/// Whose erasures the file names, a line each.
fn noted(app: &TestApp) -> Vec<String> {
    let file = std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap_or_default();
    let endings = file.lines().map(|line| {
        Ending::read(line, &app.core.flow_settings.evidence_key).expect("a line of the program's")
    });
    let erased = endings.filter(|ending| {
        (ending.turn, ending.reason)
            == (Turn::Began, EndingReason::Suppressed(SuppressionReason::Erased))
    });
    erased.map(|ending| ending.address_key.to_hex()).collect()
}

fn address_key(app: &TestApp, email: &str) -> String {
    let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(email).unwrap());
    hex(key.as_bytes())
}
