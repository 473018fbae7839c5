//! The rules that consent goes by, one story each, in their order.

mod agreeing;
mod leaving;
mod using;

use std::process::Output;
use std::time::Duration;

use assent::domain::policy::version::ChangeClass;
use assent::domain::signup::link::LinkKind;
use uuid::Uuid;

use crate::support::app::TestApp;

const ADA: &str = "ada@b.example";
const BOTH: &str = "&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const DAY: Duration = Duration::from_hours(24);

fn printed(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

async fn reasons(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM suppression").await
}

/// The link in somebody's receipt that leads to `path`.
fn receipt_link(app: &TestApp, email: &str, path: &str) -> String {
    app.mail_to(email)[1].link(path)
}

fn subscriber_id(app: &TestApp, email: &str) -> Uuid {
    let link = receipt_link(app, email, "/preferences/");
    let token = link.rsplit('/').next().unwrap();
    app.core.links.secrets.open(LinkKind::Manage, token).unwrap().id
}

/// Publishes a policy version an hour later, waits until forms know it, and does what follows.
async fn publish(app: &TestApp, label: &str, change_class: ChangeClass, lasts: Option<Duration>) {
    app.publish_change(label, change_class, lasts).await;
    work(app).await;
}

async fn work(app: &TestApp) {
    app.work_policies().await;
    app.mail_settled().await;
}
