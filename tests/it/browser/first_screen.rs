//! What stands in the first screen of a telephone: the field for the address, and nothing that is wider than it.

use serde_json::json;

use super::reader::Reader;
use super::report;
use crate::support::browser::Script;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_field_stands_in_the_first_screen_of_a_telephone() {
    let mut reader = Reader::start(Script::On, 360, false, &[]).await;
    let telephone = json!({"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": true});
    reader.browser.devtools("Emulation.setDeviceMetricsOverride", telephone).await;
    for (path, name) in [(report().as_str(), "report"), ("/newsletters", "newsletters")] {
        reader.open(path).await;
        let field = "return document.getElementById('email').getBoundingClientRect().bottom";
        let field = reader.browser.execute(field, vec![]).await.unwrap().as_f64().unwrap();
        assert!(field > 0.0 && field <= 800.0, "{path}: the field ends {field} pixels down");
        assert!(!reader.is_unfolded().await, "{path}: what nobody has to tell is folded");
        reader.looks_at(&format!("{name}-telephone")).await;

        // Letters twice as large (WCAG 2.2, 1.4.4).
        let larger = "document.documentElement.style.fontSize = '200%'";
        reader.browser.execute(larger, vec![]).await.unwrap();
        reader.unfolds().await;
        reader.looks_at(&format!("{name}-large-letters")).await;
    }
    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}
