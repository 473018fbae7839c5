//! What the screens of `/console/ledger` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "ledger.html" => vec![sound(), broken(), running(), failed(), nothing()],
        _ => vec![],
    }
}

fn sound() -> Value {
    json!({
        "checkpoint": {
            "size": 4118, "root": "5ZSeWcdmcTbnNFWQLXUkTnXUYJxtOTPBNDPFYLRbJgo=",
            "note": "reports.example.org\n4118\n5ZSeWcdmcTbnNFWQLXUkTnXUYJxtOTPBNDPFYLRbJgo=\n",
            "created_at": "2026-11-23T09:40:55.000000Z",
        },
        "waiting": 2, "more_wait": false,
        "vkey": "reports.example.org+1f2a3b4c+AQID",
        "fingerprint": "1f2a 3b4c",
        "verdict": {"checked_at": "2026-11-23T09:00:00.000000Z", "size": 4100, "finding": null,
                    "warning": null},
        "running": null,
        "last": {"failed": false, "size": 4100, "erased": 3, "checkpoints": 880, "findings": [], "more": 0},
    })
}

fn broken() -> Value {
    let mut sample = sound();
    let findings =
        json!(["row 7: its leaf is not the one that was sealed", "row 9, its body is another"]);
    sample["verdict"]["finding"] = findings[0].clone();
    sample["last"]["findings"] = findings;
    sample["last"]["more"] = json!(12);
    sample["verdict"]["warning"] = json!("event 7 bears an earlier time than the one before it");
    sample
}

fn running() -> Value {
    let mut sample = sound();
    sample["running"] = json!({"done": 1024, "size": 4118});
    sample
}

fn failed() -> Value {
    let mut sample = sound();
    sample["last"] = json!({"failed": true, "size": 0, "erased": 0, "checkpoints": 0, "findings": [], "more": 0});
    sample
}

/// Before the first signup and the first check.
fn nothing() -> Value {
    let mut sample = sound();
    for name in ["checkpoint", "verdict", "running", "last"] {
        sample[name] = json!(null);
    }
    sample["waiting"] = json!(0);
    sample["more_wait"] = json!(true);
    sample
}
