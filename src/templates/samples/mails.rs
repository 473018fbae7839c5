//! What each mail is given.

use serde_json::{Value, json};

use super::values::BASE_URL;

const ADDRESS: &str = "reader@council.example";
const AT: &str = "2026-11-23T09:00:00.000000Z";
const UNTIL: &str = "2026-11-25T09:00:00.000000Z";

/// The contexts of a mail, by its name without `mail/`. HTML gets the text's preheader besides.
pub(super) fn of(mail: &str) -> Vec<Value> {
    let (name, ending) = mail.rsplit_once('.').unwrap_or((mail, ""));
    let mut samples = match name {
        "confirm" => confirm(),
        "receipt" => receipt(),
        "download_link" => vec![
            json!({"report": report(), "download_url": url("/downloads/TOKEN"), "until": UNTIL}),
        ],
        "preferences_link" => {
            vec![json!({"address": ADDRESS, "manage_url": url("/preferences/TOKEN")})]
        }
        "change" => change(),
        "policy_notice" => vec![
            policy_notice(&changed_policy(), &["Privacy policy", "The weekly"], &["The weekly"]),
            policy_notice(&changed_policy(), &["Privacy policy"], &[]),
            policy_notice(&unsaid_policy(), &["Privacy policy", "The weekly"], &["The weekly"]),
            policy_notice(&changed_policy(), &["The weekly"], &["The weekly"]),
        ],
        "renewal" => renewal(),
        "checkpoint" => vec![checkpoint(1, &Value::Null), checkpoint(312, &proof())],
        "invitation" => vec![json!({
            "address": ADDRESS, "role": "marketing", "valid_until": UNTIL,
            "invitation_url": url("/console/welcome/TOKEN"),
        })],
        "password_reset" => vec![json!({
            "address": ADDRESS, "valid_until": UNTIL, "reset_url": url("/console/reset/TOKEN"),
        })],
        "test" => vec![json!({"date": AT, "base_url": BASE_URL})],
        "_head" => MAILS.iter().flat_map(|mail| of(&format!("{mail}.mjml"))).collect(),
        _ => vec![],
    };
    if ending != "txt" {
        for sample in &mut samples {
            sample["preheader"] = json!("The line that mail programs show beside the subject.");
        }
    }
    samples
}

const MAILS: [&str; 11] = [
    "confirm",
    "receipt",
    "download_link",
    "preferences_link",
    "change",
    "policy_notice",
    "renewal",
    "checkpoint",
    "invitation",
    "password_reset",
    "test",
];

fn url(path: &str) -> Value {
    json!(format!("{BASE_URL}{path}"))
}

fn report() -> Value {
    json!({"title": "Digital councils: where they stand"})
}

fn policy() -> Value {
    json!({"label": "2026-11", "date": "2026-11-23T09:00:00.000000Z", "url": url("/policies/privacy/2026-11")})
}

fn confirm() -> Vec<Value> {
    let sample = |report: Value, newsletters: Value, again: bool| {
        json!({
            "report": report,
            "newsletters": newsletters,
            "confirm_url": url("/confirm/TOKEN"),
            "code": "123456",
            "not_me_url": url("/confirm/TOKEN/not-me"),
            "valid_until": UNTIL,
            "again": again,
            "address": ADDRESS,
        })
    };
    let weekly = json!([{"name": "The weekly"}]);
    vec![
        sample(report(), weekly.clone(), false),
        sample(report(), json!([]), true),
        sample(Value::Null, json!([{"name": "The weekly"}, {"name": "The monthly"}]), false),
        sample(Value::Null, weekly, true),
    ]
}

fn agreed() -> Value {
    let item = |name: &str, words: &str| {
        json!({"name": name, "words": words, "at": AT, "policy_label": "2026-11",
               "policy_url": url("/policies/privacy/2026-11")})
    };
    json!([
        item("Privacy policy", "Example Press Ltd may hold and process my details."),
        item("The weekly", "Send me the weekly. I can withdraw at any time."),
    ])
}

fn receipt() -> Vec<Value> {
    let mut agreed = agreed();
    agreed[0]["ended"] = Value::Null;
    agreed[1]["ended"] = json!(AT);
    let sample = |report: Value, download: Value, until: Value, unsubscribe: Value| {
        json!({
            "report": report,
            "download_url": download,
            "download_until": until,
            "agreed": agreed,
            "address": ADDRESS,
            "manage_url": url("/preferences/TOKEN"),
            "unsubscribe_url": unsubscribe,
        })
    };
    let (download, unsubscribe) = (url("/downloads/TOKEN"), url("/unsubscribe/TOKEN"));
    vec![
        sample(report(), download.clone(), json!(UNTIL), unsubscribe.clone()),
        sample(report(), download, Value::Null, Value::Null),
        sample(Value::Null, Value::Null, Value::Null, unsubscribe),
    ]
}

fn change() -> Vec<Value> {
    let ended = json!([{"name": "The weekly", "at": AT}]);
    let sample = |agreed: Value, ended: &Value, standing: Value| {
        json!({"agreed": agreed, "ended": ended, "standing": standing, "address": ADDRESS,
               "manage_url": url("/preferences/TOKEN")})
    };
    vec![
        sample(agreed(), &ended, json!(["Privacy policy", "The weekly"])),
        sample(agreed(), &json!([]), json!(["Privacy policy", "The weekly"])),
        sample(json!([]), &ended, json!(["Privacy policy"])),
        sample(json!([]), &ended, json!([])),
    ]
}

/// A version with what it changes, and with what its predecessor that somebody slept through changed.
fn changed_policy() -> Value {
    let mut policy = unsaid_policy();
    policy["changes"] = json!(["We keep your details for two years.", "A printer sends our post."]);
    policy["changes_url"] = url("/policies/privacy/2026-11/changes?since=2024-01");
    policy
}

/// A version that was published before what changes was asked for, to somebody who holds nothing older.
fn unsaid_policy() -> Value {
    let mut policy = policy();
    policy["changes"] = json!([]);
    policy["changes_url"] = Value::Null;
    policy
}

fn policy_notice(policy: &Value, topics: &[&str], leave_ends: &[&str]) -> Value {
    json!({
        "policy": policy,
        "topics": topics,
        "leave_url": url("/unsubscribe/TOKEN"),
        "leave_ends": leave_ends,
        "policy_stays": topics.contains(&"Privacy policy"),
        "address": ADDRESS,
        "manage_url": url("/preferences/TOKEN"),
    })
}

fn proof() -> Value {
    json!({"old": 298, "hashes": ["UFJPT0ZQUk9PRlBST09G", "U0VDT05EU0VDT05E"]})
}

fn renewal() -> Vec<Value> {
    let sample = |policy: &Value, (asked, keep): (&[&str], &[&str]), reminder: bool| {
        let mut sample = policy_notice(policy, &[asked, keep].concat(), keep);
        sample["until"] = json!("2026-12-24T00:00:00.000000Z");
        sample["keep"] = json!(keep);
        sample["renew_url"] = url("/renew/TOKEN");
        sample["reminder"] = json!(reminder);
        sample
    };
    let mut samples = Vec::new();
    for reminder in [false, true] {
        let agreed = &["Privacy policy"];
        samples.push(sample(&changed_policy(), (agreed, &["The weekly"]), reminder));
        samples.push(sample(&changed_policy(), (agreed, &[]), reminder));
        samples.push(sample(
            &unsaid_policy(),
            (agreed, &["The weekly", "Partner offers"]),
            reminder,
        ));
        samples.push(sample(&changed_policy(), (&[], &["The weekly"]), reminder));
    }
    samples
}

fn checkpoint(size: u32, proof: &Value) -> Value {
    json!({
        "origin": "reports.example.org",
        "size": size,
        "note": format!("reports.example.org\n{size}\nR09PRCBST09U\n\n— reports.example.org U0lHTkFUVVJF\n"),
        "date": "2026-11-23T09:00:00.000000Z",
        "proof": proof,
    })
}
