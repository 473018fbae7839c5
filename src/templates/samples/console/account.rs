//! What the screens of `/console/account` are given.

use serde_json::Value;

pub(super) fn of(_: &str) -> Vec<Value> {
    vec![]
}
