//! An independent reader of receipts as linked data, by `verify_receipt.py`: pyld and rdflib, and the terms of DPV.

use std::process::Command;

use serde_json::Value;

use super::smtp::program;
use super::verify::{errors, script};

/// What is wrong with what each of these receipts says, a line each; nothing of one that is whole.
pub fn faults(payloads: &[Value]) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(program("TEST_RDF_PYTHON", &["/usr/bin/python3", "python3"]));
    command.current_dir(dir.path()).arg(script("verify_receipt.py"));
    for (number, payload) in payloads.iter().enumerate() {
        let name = format!("{number}.json");
        std::fs::write(dir.path().join(&name), payload.to_string()).expect("a file");
        command.arg(name);
    }
    let output = command.output().expect("python");
    let mut said = vec![String::new(); payloads.len()];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (number, fault) = line.split_once(".json: ").expect("a file's name and its fault");
        let said = &mut said[number.parse::<usize>().expect("a number")];
        said.push_str(fault);
        said.push('\n');
    }
    // Python ends with 1 when it crashes, too.
    let faulty = said.iter().any(|said| !said.is_empty());
    assert_eq!((output.status.code(), errors(&output)), (Some(i32::from(faulty)), String::new()));
    said
}
