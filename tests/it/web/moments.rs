//! Days at the edges of the calendar, and beyond.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::token;

#[apply(both_databases!)]
async fn a_day_outside_the_calendar_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    for day in [
        "-0001-01-01",
        "0000-01-01",
        "%2B10000-01-01",
        "0001-01-01T00:00:00%2B01:00",
        "9999-12-31T23:59:59-01:00",
    ] {
        let chosen = format!("purpose=privacy-policy&format=csv&since={day}");
        for path in ["/console/exports", "/console/exports/consented"] {
            let answer = desk.get(&format!("{path}?{chosen}")).await;
            assert_eq!(answer.status, 422, "{path} {day}");
            assert!(answer.text().contains("Write a day such as"), "{path} {day}");
        }
        assert_eq!(desk.post("/console/exports", &chosen).await.status, 422, "{day}");
        for path in
            ["/console/audit?since=", "/console/audit?until=", "/console/subscribers?since="]
        {
            let answer = desk.get(&format!("{path}{day}")).await;
            assert_eq!(answer.status, 422, "{path} {day}");
            assert!(answer.text().contains("Write a day such as"), "{path} {day}");
        }
        let taken = desk.post("/console/audit/export", &format!("format=csv&since={day}")).await;
        assert_eq!(taken.status, 422, "{day}");
    }
}

#[apply(both_databases!)]
async fn the_first_and_the_last_day_are_days(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    app.subscribe("ada@b.example", "").await;
    let chosen = "purpose=privacy-policy&since=0001-01-01&until=9999-12-31";
    assert!(desk.page(&format!("/console/exports?{chosen}")).await.contains("1 contact"));
    let people = desk.page("/console/subscribers?since=0001-01-01&until=9999-12-31").await;
    assert!(people.contains("ada@<wbr>b.example"));
    let audit = desk.page("/console/audit?since=0001-01-01&until=9999-12-31").await;
    assert!(audit.contains("policy.publish"));

    let token = token(&desk, "name=a&scopes=withdrawals&until=9999-12-31").await;
    let request = app.request("GET", "/api/v1/withdrawals");
    let answer = app.send(request.header("authorization", format!("Bearer {token}"))).await;
    assert_eq!(answer.status, 200, "it works until its last day is over");
    assert!(desk.page("/console/tokens").await.contains("9999-12-31"));
}
