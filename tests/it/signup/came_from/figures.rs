//! How those did who came to a report by the same way.

use std::time::Duration;

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{ask_by, come_by};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

/// The cells of each row below the heading, and what its row is called.
fn rows(page: &str) -> Vec<(String, String, Vec<i64>)> {
    let table = page.split_once("<h2>Where readers came from").map_or("", |(_, rest)| rest);
    let table = table.split_once("</table>").map_or("", |(table, _)| table);
    let text = |cell: &str| cell.split_once('>').unwrap().1.split('<').next().unwrap().to_owned();
    let rows = table.split("<th scope=\"row\"").skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.split("<td").skip(1).collect();
        let numbers = cells[1..].iter().map(|cell| text(cell).trim().parse().expect("a number"));
        (text(row), text(cells[0]), numbers.collect())
    })
    .collect()
}

#[apply(both_databases!)]
async fn each_way_has_its_signups_confirmations_and_downloads(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    assert!(rows(&desk.page("/console?days=7&form=reports/sample").await).is_empty());
    let (mail, front) = ("utm_source=mail&utm_campaign=autumn", "ref=front");
    come_by(&app, mail, "ada@b.example").await;
    let download = app.mail_to("ada@b.example")[1].link("/downloads/");
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    come_by(&app, mail, "bob@b.example").await;
    ask_by(&app, mail, "cyn@b.example").await;
    ask_by(&app, front, "dan@b.example").await;
    ask_by(&app, "ref=%3Cb%3E", "eve@b.example").await;
    app.subscribe("fay@b.example", "").await;
    let row = |name: &str, campaign: &str, numbers: [i64; 3]| {
        (name.to_owned(), campaign.to_owned(), numbers.to_vec())
    };
    let expected = [
        row("mail", "autumn", [3, 2, 1]),
        row("&lt;b&gt;", "–", [1, 0, 0]),
        row("front", "–", [1, 0, 0]),
        row("Other ways, and where nothing was said", "–", [1, 1, 0]),
    ];
    app.advance(Duration::from_secs(31));
    poll::until("the figures", || async {
        let page = desk.page("/console?days=7&form=reports/sample").await;
        (rows(&page) == expected).then_some(())
    })
    .await;
    assert!(rows(&desk.page("/console?days=7").await).is_empty(), "of one form alone");
    assert!(rows(&desk.page("/console?days=7&form=newsletters").await).is_empty());
}

// Whoever writes links can write many.
#[apply(both_databases!)]
async fn of_many_ways_the_most_frequent_are_shown(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "off")]).await;
    for n in 0..25 {
        ask_by(&app, &format!("ref=r{n}"), &format!("r{n}@b.example")).await;
    }
    ask_by(&app, "ref=z", "y@b.example").await;
    ask_by(&app, "ref=z", "z@b.example").await;
    let desk = app.sign_in(Role::Viewer).await;
    let page = poll::until("the figures", || async {
        app.advance(Duration::from_secs(31));
        let page = desk.page("/console?days=7&form=reports/sample").await;
        (rows(&page).len() == 21).then_some(page)
    })
    .await;
    let rows = rows(&page);
    assert_eq!((rows[0].0.as_str(), rows[0].2[0]), ("z", 2));
    assert_eq!(rows[20].2[0], 6, "the rest is one row");
}
