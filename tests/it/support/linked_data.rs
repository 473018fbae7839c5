//! An independent reader of receipts as linked data, by `verify_receipt.py`: pyld and rdflib, and the terms of DPV.

use std::process::Command;

use serde_json::Value;

use super::smtp::program;
use super::verify::{errors, script};

/// What is wrong with what a receipt says, a line each; nothing of one that is whole.
pub fn faults(payload: &Value) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("payload.json");
    std::fs::write(&path, payload.to_string()).expect("a file");
    let mut command = Command::new(program("TEST_RDF_PYTHON", &["/usr/bin/python3", "python3"]));
    let output = command.arg(script("verify_receipt.py")).arg(&path).output().expect("python");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // Python ends with 1 when it crashes, too.
    let ended = (output.status.code(), errors(&output));
    assert_eq!(ended, (Some(i32::from(!said.is_empty())), String::new()));
    said
}
