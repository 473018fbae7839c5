//! The site's time zone: people read and type its days and times, programs read UTC.

use std::time::Duration;

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, program};

const NEW_YORK: [(&str, &str); 1] = [("ASSENT_TIMEZONE", "America/New_York")];
const HOUR: Duration = Duration::from_hours(1);

#[apply(both_databases!)]
async fn what_people_read_is_in_the_zone_of_the_site(database: Database) {
    let app = TestApp::start_with(database, &NEW_YORK).await;
    // 21:00 on 23 November there, and already the 24th in UTC.
    app.advance(HOUR * 17);
    let mail = app.ask_and_read("ada@b.example", "&newsletter=weekly").await;
    assert!(mail.text.contains("until the end of 25 November 2026"), "{}", mail.text);
    assert!(mail.html.contains("until the end of 25 November 2026"), "{}", mail.html);
    let page = app.get(&mail.link("/confirm/")).await.text();
    assert!(page.contains("until the end of 25 November 2026"), "{page}");
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    let receipt = app.next_mail("ada@b.example", 1).await;
    assert!(receipt.text.contains("Agreed at 21:00 EST on 23 November 2026"), "{}", receipt.text);
    let choices = app.get(&receipt.link("/preferences/")).await.text();
    assert!(choices.contains("since 23 November 2026"), "{choices}");
    let data = format!("{}/my-data", receipt.link("/preferences/"));
    let data = app.get(&data).await.text();
    assert!(data.contains(">21:00 EST on 23 November 2026<"), "{data}");

    let desk = app.sign_in(Role::Admin).await;
    let people = desk.page("/console/subscribers").await;
    assert!(people.contains(">23 Nov 2026<"), "{people}");
    let audit = desk.page("/console/audit").await;
    assert!(audit.contains(">23 Nov 2026, 04:00 EST<"), "{audit}");
    let export = app.export("newsletter:weekly").await;
    assert!(export.contains("2026-11-24T02:00:00."), "programs read UTC: {export}");
    assert!(desk.page("/console/tokens").await.contains("that day (America/New_York)"));
}

#[apply(both_databases!)]
async fn the_days_that_people_type_are_days_of_the_site(database: Database) {
    let app = TestApp::start_with(database, &NEW_YORK).await;
    // 23:30 on 23 November there.
    app.advance(HOUR * 19 + HOUR / 2);
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let desk = app.sign_in(Role::Admin).await;
    for (days, found) in [
        ("since=2026-11-23&until=2026-11-23", true),
        ("since=2026-11-24", false),
        ("until=2026-11-22", false),
        ("until=2026-11-24T04:29:59Z", false),
        ("since=2026-11-24T04:30:00Z&until=2026-11-24T04:31:00Z", true),
    ] {
        for path in ["/console/subscribers?", "/console/exports?purpose=newsletter%3Aweekly&"] {
            let page = desk.page(&format!("{path}{days}")).await;
            assert_eq!(page.contains(">ada@"), found, "{path}{days}: {page}");
        }
        let file = format!("/console/exports/consented?purpose=newsletter%3Aweekly&{days}");
        assert_eq!(desk.get(&file).await.text().contains("ada@b.example"), found, "{days}");
    }
    // What is shown there can be taken away, and stands on record in the same days.
    let page = desk.page("/console/exports?purpose=newsletter%3Aweekly&until=2026-11-23").await;
    assert!(page.contains("until=2026-11-23&amp;format=csv"), "{page}");
    assert!(page.contains("Confirmed from 23 November 2026"), "{page}");
    assert!(page.contains("Confirmed until the end of 23 November 2026"), "{page}");
    for (day, found) in [("2026-11-23", true), ("2026-11-22", false), ("2026-11-24", false)] {
        let page = desk.page(&format!("/console/audit?since={day}&until={day}")).await;
        assert_eq!(page.contains(">23 Nov 2026, 23:30 EST<"), found, "{day}: {page}");
    }
    // A token works to the end of its day there.
    let form = crate::support::desk::hidden(&desk.page("/console/tokens").await, "form_id");
    let made = desk
        .post(
            "/console/tokens",
            &format!("name=Tool&scopes=withdrawals&until=2026-11-23&form_id={form}"),
        )
        .await;
    assert!(made.text().contains("24 Nov 2026, 00:00 EST"), "{}", made.text());
}

#[apply(both_databases!)]
async fn a_days_signups_are_counted_by_the_clocks_of_that_day(database: Database) {
    let app = TestApp::start_with(database, &NEW_YORK).await;
    // 18:00 on the 23rd, 23:30 on the 23rd, 00:30 on the 24th there.
    for (wait, email) in
        [(14 * 60, "a@b.example"), (5 * 60 + 30, "b@b.example"), (60, "c@b.example")]
    {
        app.advance(Duration::from_mins(wait));
        assert_eq!(app.ask(email).await.status, 303);
    }
    let desk = app.sign_in(Role::Viewer).await;
    let page = desk.page("/console").await;
    assert!(page.contains("A day begins at midnight (America/New_York)"), "{page}");
    let row = |day: &str| {
        let after = page.split_once(&format!(">{day}</time></th>")).map(|(_, after)| after);
        after.unwrap_or_else(|| panic!("{page}")).chars().take(120).collect::<String>()
    };
    assert!(row("23 Nov 2026").contains(">2<"), "{}", row("23 Nov 2026"));
    assert!(row("24 Nov 2026").contains(">1<"), "{}", row("24 Nov 2026"));
}

#[test]
fn an_unknown_zone_is_refused_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let output = program::run(dir.path(), &[("ASSENT_TIMEZONE", "Europe/Lodon")], &["migrate"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("ASSENT_TIMEZONE") && said.contains("did you mean `Europe/London`?"),
        "{said}"
    );
}
