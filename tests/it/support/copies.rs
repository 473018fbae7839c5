//! Many subscribers at once.

use assent::domain::catalog::notice::LANG;
use assent::domain::catalog::purpose::Purpose;
use assent::domain::contacts::imported_contact::{ContactCells, ImportedContact, ImportedWords};
use assent::domain::text::Line;
use assent::flows::contacts::import_contacts::{Import, ImportRow, import_contacts};
use assent::store::policy::versions;

use super::app::TestApp;

/// How many are brought in by one transaction.
const AT_ONCE: usize = 2_000;

/// More of an export than sockets hold.
pub const BEYOND_SOCKETS: usize = 8_000;

/// More than are counted.
pub const BEYOND_COUNT: usize = 10_000;

/// So many more with the weekly, each with as much to export as there may be.
pub async fn add_subscribers(app: &TestApp, many: usize) {
    let core = &app.core;
    let (purpose, source): (Purpose, _) =
        ("newsletter:weekly".parse().expect("a purpose"), Line::parse("elsewhere"));
    let source = source.expect("a line").expect("some");
    let words = ImportedWords::unknown(&source);
    let policies = versions::list(&mut app.read().await, LANG).await.expect("policies");
    let import = Import { purpose: &purpose, policy: &policies[0], source: &source, words: &words };
    let long = "x".repeat(Line::MAX);
    for first in (0..many).step_by(AT_ONCE) {
        let row = |number| {
            let cells = ContactCells {
                name: &long,
                organisation: &long,
                job_title: &long,
                email: &format!("copy{number}@b.example"),
                consented_at: "2026-11-01",
                method: "ticked a box on paper",
            };
            let contact =
                ImportedContact::parse(&cells, app.clock.now(), &app.core.flow_settings.timezone)
                    .expect("a contact");
            ImportRow {
                address_key: core.flow_settings.address_secret.key(&contact.email),
                contact,
            }
        };
        let rows: Vec<ImportRow> = (first..first + AT_ONCE).map(row).collect();
        let rows: Vec<&ImportRow> = rows.iter().collect();
        let mut tx = app.write().await;
        let done =
            import_contacts(&mut tx, core.flow_settings.at(&core.moment()), &import, &rows).await;
        drop(done.expect("imported"));
        tx.commit().await.expect("a commit");
    }
}
