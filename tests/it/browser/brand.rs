//! The publisher's colour, logo and icon, set without a template.

use fantoccini::Locator;

use super::reader::Reader;
use super::report;
use crate::support::browser::Script;

/// A word in white on blue, as wide as most logos.
const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 280 60"><rect width="280" height="60" fill="#00524c"/><text x="20" y="40" font-family="sans-serif" font-size="30" fill="#fff">Harbour Press</text></svg>"##;
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#00524c"/></svg>"##;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_brand_is_readable_by_day() {
    branded(1280, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_brand_is_readable_at_night() {
    branded(320, true).await;
}

async fn branded(width: u32, dark: bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.display().to_string()
    };
    let (logo, icon) = (file("logo.svg", LOGO), file("icon.svg", ICON));
    let set = [
        ("ASSENT_BRAND_COLOUR", "#00645c"),
        ("ASSENT_BRAND_LOGO", logo.as_str()),
        ("ASSENT_BRAND_ICON", icon.as_str()),
    ];
    let mut reader = Reader::start(Script::On, width, dark, &set).await;
    reader.open(&report()).await;
    reader.looks_at("brand-report").await;
    reader.press("Email me the report").await;
    reader.is_refused().await;
    reader.looks_at("brand-errors").await;
    reader.open("/").await;
    reader.looks_at("brand-index").await;
    let icon = reader.href("link[rel=icon]").await;
    assert!(icon.starts_with("data:image/svg+xml;base64,"), "{icon}");
    let wordmark = reader.find(Locator::Css(".wordmark")).await;
    let logo = wordmark.css_value("background-image").await.unwrap();
    assert!(logo.starts_with("url(\"data:image/svg+xml;base64,"), "{logo}");
    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}
