//! The first page of a report is its cover, unless another was chosen.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use assent::domain::staff::member::Role;
use assent::report_drawing::ReportDrawer;
use assent::store::catalog::reports;
use assent::worker::tasks::draw_reports::draw_next_report;
use macro_rules_attribute::apply;

use super::{NEW, PNG, files, holds, upload};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::program::BINARY;

const REPORT: &[u8] = include_bytes!("../../../../assets/demo/report.pdf");

/// A PDF of one page with these entries and this content.
fn pdf(page: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let objects: [(String, &[u8]); 4] = [
        ("<< /Type /Catalog /Pages 2 0 R >>".to_owned(), b""),
        ("<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(), b""),
        (format!("<< /Type /Page /Parent 2 0 R /Contents 4 0 R {page} >>"), b""),
        (format!("<< /Length {length} >>\nstream\n"), content),
    ];
    let (mut file, mut places) = (b"%PDF-1.7\n".to_vec(), vec![]);
    for (number, (head, content)) in (1..).zip(objects) {
        places.push(file.len());
        file.extend_from_slice(format!("{number} 0 obj\n{head}").as_bytes());
        file.extend_from_slice(content);
        let end: &[u8] = if content.is_empty() { b"" } else { b"\nendstream" };
        file.extend_from_slice(end);
        file.extend_from_slice(b"\nendobj\n");
    }
    let table = file.len();
    file.extend_from_slice(b"xref\n0 5\n0000000000 65535 f \n");
    for place in places {
        file.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let end = format!("trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
    file
}

/// Draws the report that has waited longest: whether there is a picture of it.
async fn draw(app: &TestApp) -> Option<bool> {
    let core = &app.core;
    let drawer = ReportDrawer::new(PathBuf::from(BINARY));
    draw_next_report(&core.db, &core.files, &drawer, &core.moment()).await.unwrap()
}

/// How wide and how high a JPEG is, by its frame header (ITU-T T.81, B.2.2).
fn size(jpeg: &[u8]) -> (u16, u16) {
    let is_frame = |at: &usize| jpeg[*at] == 0xff && matches!(jpeg[at + 1], 0xc0..=0xc2);
    let at = (0..jpeg.len() - 9).find(is_frame).expect("a frame");
    let number = |at: usize| u16::from_be_bytes([jpeg[at], jpeg[at + 1]]);
    (number(at + 7), number(at + 5))
}

#[apply(both_databases!)]
async fn the_first_page_is_the_cover_until_another_is_chosen(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    while draw(&app).await.is_some() {}
    let parts = [("title", None, &b"Drawn"[..]), ("file", Some("a.pdf"), REPORT)];
    assert_eq!(upload(&desk, NEW, &parts).await.status, 303);
    desk.post("/console/reports/drawn/publish", "").await;
    let page = app.get("/reports/drawn").await.text();
    assert!(page.contains("class=\"cover sheet\"") && !page.contains("og:image"), "{page}");
    let before = files(&app);

    assert_eq!((draw(&app).await, draw(&app).await), (Some(true), None), "once");
    assert_eq!(files(&app), before + 2);
    let page = app.get("/reports/drawn").await.text();
    assert!(page.contains("<img class=\"cover\" src=\"/reports/drawn/cover\" alt=\"\">"), "{page}");
    assert!(page.contains("<dd>8 pages</dd>"), "counted: {page}");
    let card = format!("<meta property=\"og:image\" content=\"{}/reports/drawn/card\">", app.base);
    assert!(page.contains(&card) && page.contains("summary_large_image"), "{page}");
    assert!(app.get("/").await.text().contains("src=\"/reports/drawn/cover\""));
    assert!(desk.page("/console/reports").await.contains("PDF, 8 pages,"));
    let cover = app.get("/reports/drawn/cover").await;
    assert_eq!((cover.header("content-type"), size(&cover.body)), ("image/jpeg", (272, 385)));
    assert!(cover.body.len() <= 12_000, "{} bytes", cover.body.len());
    let card = app.get("/reports/drawn/card").await;
    assert_eq!((card.header("content-type"), size(&card.body)), ("image/jpeg", (1200, 630)));

    // Another file: what was drawn of the first goes.
    let other = pdf("/MediaBox [0 0 842 595]", b"1 0 0 rg 0 0 842 595 re f");
    upload(&desk, "/console/reports/drawn/file", &[("file", Some("b.pdf"), &other)]).await;
    assert!(app.get("/reports/drawn").await.text().contains("class=\"cover sheet\""));
    assert_eq!(app.get("/reports/drawn/cover").await.status, 404);
    assert_eq!(draw(&app).await, Some(true));
    assert_eq!(size(&app.get("/reports/drawn/cover").await.body), (272, 192));
    assert!(app.get("/reports/drawn").await.text().contains("<dd>1 page</dd>"));
    holds(&app, before + 2).await;

    // A cover that is chosen is shown, and shared.
    upload(&desk, "/console/reports/drawn/cover", &[("cover", Some("c.png"), PNG)]).await;
    for picture in ["cover", "card"] {
        assert_eq!(app.get(&format!("/reports/drawn/{picture}")).await.body, PNG);
    }
    assert!(app.get("/reports/drawn").await.text().contains("content=\"summary\""));
    app.stop().await;
}

#[apply(both_databases!)]
async fn what_cannot_be_drawn_has_a_plain_sheet_and_is_not_tried_again(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    while draw(&app).await.is_some() {}
    let nothing: [(&str, &[u8], Option<i64>); 2] = [
        ("Broken", b"%PDF-1.7\nNo page in it.\n%%EOF\n", None),
        ("Thin", &pdf("/MediaBox [0 0 1 900000]", b"n"), Some(1)),
    ];
    for (title, content, pages) in nothing {
        let parts = [("title", None, title.as_bytes()), ("file", Some("a.pdf"), content)];
        assert_eq!(upload(&desk, NEW, &parts).await.status, 303, "{title}");
        let before = files(&app);
        let drawn = draw(&app).await;
        assert_eq!((drawn, draw(&app).await), (Some(false), None), "{title}");
        assert_eq!(files(&app), before, "{title}");
        let slug = title.to_lowercase();
        let report = reports::find(&mut app.read().await, &slug.parse().unwrap()).await.unwrap();
        assert_eq!(report.unwrap().length(), pages, "{title}");
        assert!(desk.page(&format!("/console/reports/{slug}/preview")).await.contains("sheet"));
    }
    app.stop().await;
}

#[apply(both_databases!)]
async fn a_draft_goes_with_what_was_drawn_of_it(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    while draw(&app).await.is_some() {}
    let before = files(&app);
    let parts = [("title", None, &b"Mistaken"[..]), ("file", Some("a.pdf"), REPORT)];
    assert_eq!(upload(&desk, NEW, &parts).await.status, 303);
    assert_eq!(draw(&app).await, Some(true));
    assert_eq!(files(&app), before + 3);
    desk.post("/console/reports/mistaken/delete", "sure=yes").await;
    holds(&app, before).await;
    app.stop().await;
}

#[apply(both_databases!)]
async fn a_file_that_is_gone_keeps_no_other_from_being_drawn(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    while draw(&app).await.is_some() {}
    for title in ["Gone", "There"] {
        let parts = [("title", None, title.as_bytes()), ("file", Some("a.pdf"), REPORT)];
        assert_eq!(upload(&desk, NEW, &parts).await.status, 303);
    }
    let gone =
        reports::find(&mut app.read().await, &"gone".parse().unwrap()).await.unwrap().unwrap();
    std::fs::remove_file(app.dir.path().join("files").join(gone.file_key)).unwrap();
    assert_eq!(
        (draw(&app).await, draw(&app).await, draw(&app).await),
        (Some(false), Some(true), None)
    );
    app.stop().await;
}

#[test]
fn it_ends_where_it_would_take_more_memory_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("report.pdf")).unwrap();
    file.write_all(b"%PDF-1.7\n").unwrap();
    // It takes no room on the disk, and all of it in memory.
    file.set_len(300 * 1024 * 1024).unwrap();
    let drawn = Command::new(BINARY).arg("draw-report").arg(folder.path()).output().unwrap();
    assert!(!drawn.status.success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}
