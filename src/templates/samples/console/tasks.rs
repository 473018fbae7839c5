//! What the screen of `/console/tasks` is given.

use serde_json::{Value, json};

use crate::templates::samples::values::MOMENT;

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "tasks.html" => vec![
            well(),
            failing(),
            without_worker(&json!(MOMENT)),
            without_worker(&Value::Null),
            none(),
        ],
        _ => vec![],
    }
}

fn row() -> Value {
    json!({
        "name": "seal-ledger", "title": "Seal the ledger", "often": "every 5 seconds", "finished_at": MOMENT,
        "outcome": "12 leaves sealed", "outcome_at": MOMENT, "failing_since": null,
    })
}

fn well() -> Value {
    let mut idle = row();
    idle["outcome"] = json!(null);
    idle["outcome_at"] = json!(null);
    json!({"no_worker": null, "failing": [], "tasks": [row(), idle]})
}

fn failing() -> Value {
    let mut fails = row();
    fails["failing_since"] = json!(MOMENT);
    json!({
        "no_worker": null,
        "failing": [{
            "name": "seal-ledger", "title": "Seal the ledger", "often": "every 5 seconds",
            "meanwhile": "Consents are recorded, and cannot be proved before they are sealed.", "since": MOMENT,
        }],
        "tasks": [fails],
    })
}

fn without_worker(since: &Value) -> Value {
    json!({"no_worker": {"since": since}, "failing": [], "tasks": [row()]})
}

/// Just started.
fn none() -> Value {
    json!({"no_worker": {"since": null}, "failing": [], "tasks": []})
}
