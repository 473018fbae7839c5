//! What is exported.

use super::TestApp;
use assent::store::contacts::exportable::{self, ExportFilter};

impl TestApp {
    /// The export of one purpose as CSV.
    pub async fn export(&self, purpose: &str) -> String {
        let filter = assent::store::contacts::exportable::ExportFilter {
            purpose: purpose.parse().expect("a purpose"),
            report: None,
            since: None,
            until: None,
            policy: None,
        };
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

    /// The addresses in the export of one purpose, in its order.
    pub async fn exported(&self, purpose: &str) -> Vec<String> {
        let text = self.export(purpose).await;
        let text = text.strip_prefix('\u{feff}').expect("a byte-order mark");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let addresses: Vec<String> =
            reader.records().map(|record| record.expect("a record")[1].to_owned()).collect();
        let filter = ExportFilter::of(purpose.parse().expect("a purpose"));
        let counted =
            exportable::count(&mut self.read().await, self.clock.now(), &filter, i64::MAX).await;
        assert_eq!(counted.expect("a count"), i64::try_from(addresses.len()).expect("a count"));
        addresses
    }
}
