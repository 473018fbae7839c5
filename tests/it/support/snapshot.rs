//! What is compared word for word, without what differs from run to run.

use super::app::Answer;
use super::inbox::Mail;

/// What stands in place of what random bytes, ports and keys lead to.
const FILTERS: [(&str, &str); 17] = [
    // A receipt in a link.
    (r"=eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "=JWS"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"/assets/(site|framed)\.[0-9a-f]{12}\.", "/assets/$1.HASH."),
    // Of a page with all that it shows, and the program's version.
    (r"/forms/[0-9a-f]{64}", "/forms/BLANK"),
    (r#"name="blank" value="[0-9a-f]{64}""#, r#"name="blank" value="BLANK""#),
    (r"(SHA-256:? <[^>]+>)[0-9a-f]{64}", "${1}BLANK"),
    (
        r"/(confirm|downloads|preferences|renew|reset|unsubscribe|welcome)/[A-Za-z0-9_-]{43,}",
        "/$1/TOKEN",
    ),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r#"boundary="[^"]+""#, r#"boundary="BOUNDARY""#),
    // A key of the ledger: NAME+HASH+KEY.
    (r"\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44,}", "+HASH+KEY"),
    // Its fingerprint.
    (r"([0-9a-f]{4} ){15}[0-9a-f]{4}", "FINGERPRINT"),
    // A root hash or a signature.
    (r"[A-Za-z0-9+/]{43,}=", "BASE64"),
    // The code of mail 1, alone on its line or in its paragraph.
    (r"(?m)(^  |>)\d{6}($|<)", "${1}CODE$2"),
    // How many leaves there are depends on when the worker seals.
    (r"Number \d+ of \d+ \(index \d+\)", "Number N of SIZE (index INDEX)"),
    (r"\d+ entries", "SIZE entries"),
    (r"(/ledger\n)\d+\n", "${1}SIZE\n"),
    // A story's clock goes on a little with each request.
    (r#"(datetime="[0-9-]{10}T[0-9:]{5}):[0-9.]+Z""#, r#"$1:SECONDS""#),
];

/// Compares with the snapshot of this name.
pub fn same(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, instead) in FILTERS {
        settings.add_filter(pattern, instead);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

pub fn same_page(name: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{name}");
    same(name, &answer.text());
}

/// Head, text and HTML of a mail, each as it is read.
pub fn same_mail(name: &str, mail: &Mail) {
    let (head, _) = mail.raw.split_once("\r\n\r\n").unwrap();
    same(&format!("{name}.txt"), &format!("{head}\n\n{}", mail.text).replace('\r', ""));
    same(&format!("{name}.html"), &mail.html.replace('\r', ""));
}
