//! What becomes of an edit, and what the audit says of it.

use serde_json::{Value, json};

/// What became of an edit that says which words it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reworded {
    /// It stands so from now on.
    Done,
    /// There is nothing of that name.
    Unknown,
    /// Somebody else changed it since the form was filled; nothing was saved.
    Overtaken,
}

/// What the audit says of an edit, from each field with what it was and what it is: the fields that
/// changed, and both. `None` when none did.
pub fn changes(fields: impl IntoIterator<Item = (&'static str, Value, Value)>) -> Option<Value> {
    let (mut changed, mut from, mut to) = (vec![], json!({}), json!({}));
    for (name, before, after) in fields {
        if before != after {
            changed.push(name);
            from[name] = before;
            to[name] = after;
        }
    }
    (!changed.is_empty()).then(|| json!({"changed": changed, "before": from, "after": to}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let fields =
            |name: &str| [("name", json!("A"), json!(name)), ("pages", json!(3), json!(3))];
        assert_eq!(changes(fields("A")), None);
        let told = json!({"changed": ["name"], "before": {"name": "A"}, "after": {"name": "B"}});
        assert_eq!(changes(fields("B")), Some(told));
    }
}
