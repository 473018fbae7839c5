//! Pages that stories saw are kept for a validator of HTML, where a release is tested.

use std::path::Path;

use assent_ledger::digest::sha256_hex;

use super::app::Answer;

/// Keeps a page in the directory that `TEST_PAGES` names, if it does: of pages that differ in digits and tokens alone,
/// the last one.
pub fn keep(answer: &Answer) {
    let Some(dir) = std::env::var_os("TEST_PAGES") else { return };
    let is_html = answer.header("content-type").starts_with("text/html");
    // What is packed is a page that others see as it is.
    if !is_html || answer.body.is_empty() || !answer.header("content-encoding").is_empty() {
        return;
    }
    let text = answer.text();
    let words = text.split(|c: char| !c.is_alphabetic() && c != '<').filter(|word| word.len() < 20);
    let name = sha256_hex(words.collect::<Vec<_>>().join(" ").as_bytes());
    std::fs::write(Path::new(&dir).join(format!("{name}.html")), text).expect("a file");
}
