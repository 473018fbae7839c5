//! What is exported.

use super::TestApp;
use assent::store::contacts::exportable::{self, ExportFilter};

impl TestApp {
    /// The export of one purpose as CSV.
    pub async fn export(&self, purpose: &str) -> String {
        let filter = ExportFilter::of(purpose.parse().expect("a purpose"));
        let mut out = Vec::new();
        let format = assent::export::Format::Csv;
        let wanted = assent::export::Wanted {
            filter: &filter,
            format,
            preset: None,
            links: None,
            authority: self.core.flow_settings.authority(),
            scratch: self.dir.path(),
        };
        let snapshot = self.core.db.snapshot().await.expect("a snapshot");
        let as_of = assent::export::AsOf { snapshot, now: self.clock.now() };
        assent::export::write(as_of, wanted, &mut out, |_| {}).await.expect("an export");
        String::from_utf8(out).expect("UTF-8")
    }

    /// The addresses in the export of one purpose, in its order. Unless people come or leave meanwhile, as many are counted.
    pub async fn exported(&self, purpose: &str) -> Vec<String> {
        let before = self.exportable(purpose).await;
        let text = self.export(purpose).await;
        let text = text.strip_prefix('\u{feff}').expect("a byte-order mark");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let addresses: Vec<String> =
            reader.records().map(|record| record.expect("a record")[1].to_owned()).collect();
        if before == self.exportable(purpose).await {
            assert_eq!(before, i64::try_from(addresses.len()).expect("a count"));
        }
        addresses
    }

    /// How many are counted before an export of one purpose.
    async fn exportable(&self, purpose: &str) -> i64 {
        let filter = ExportFilter::of(purpose.parse().expect("a purpose"));
        let (mut tx, now) = (self.read().await, self.clock.now());
        exportable::count(&mut tx, now, &filter, i64::MAX).await.expect("a count")
    }
}
