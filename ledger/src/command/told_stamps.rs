//! What the time stamps of a bundle say, and how somebody checks whether they are what they seem.

use crate::audit::{AuditReport, Stamped};

/// How many time stamps are told, the newest.
const LISTED: usize = 20;

/// What checks each time stamp against what of the checkpoint beside it is signed: the lines before the first empty
/// one. The certificate lies outside of the bundle, to which it does not belong.
pub(crate) const VERIFY: &str = r#"for t in timestamps/*.tsr; do sed '/^$/,$d' "${t%.tsr}.checkpoint" | openssl ts -verify -in "$t" -data /dev/stdin -CAfile ../TSA.pem; done"#;

/// A line for each of the newest, and what of them is not checked.
pub(crate) fn told_stamps(report: &AuditReport) -> String {
    let unlisted = report.stamps.len().saturating_sub(LISTED);
    let mut lines: Vec<String> = report
        .stamps
        .iter()
        .skip(unlisted)
        .map(|Stamped { file, at, size }| {
            format!(
                "time stamp, not checked: {file} says {at} of the checkpoint over {size} leaves"
            )
        })
        .collect();
    if unlisted > 0 {
        lines.insert(0, format!("and {unlisted} time stamps before these"));
    }
    if report.partial {
        lines.push(
            "whether those checkpoints lead to this one, only a whole bundle shows".to_owned(),
        );
    }
    lines.push(
        "None of this is proof of a time: whether an authority signed a time stamp is not checked here, and anybody can \
         make one up. With the certificate of the authority that you trust in TSA.pem beside the directory of the \
         bundle, run in that directory:"
            .to_owned(),
    );
    lines.push(VERIFY.to_owned());
    lines.join("\n")
}
