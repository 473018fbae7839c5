//! Where two JSON texts part.

use std::fmt;

use serde_json::Value;

/// The longest path that is shown, in characters.
const SHOWN: usize = 160;

/// The first place where what a receipt says is not what follows from what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    path: String,
    kind: DifferenceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DifferenceKind {
    Added,
    Changed,
    Missing,
}

impl Difference {
    /// The place as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Members can have any name: none may write on the terminal of whoever reads this.
        let path: String = self.path.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        match self.kind {
            DifferenceKind::Added => {
                write!(f, "at {path} the receipt says more than follows from what it proves")
            }
            DifferenceKind::Changed => {
                write!(
                    f,
                    "at {path} the receipt says something else than follows from what it proves"
                )
            }
            DifferenceKind::Missing => {
                write!(f, "at {path} the receipt leaves out what follows from what it proves")
            }
        }
    }
}

/// The first difference, in the order of the names; `None` where both are the same.
pub(super) fn first(expected: &Value, found: &Value) -> Option<Difference> {
    find(expected, found, &mut String::new())
}

fn find(expected: &Value, found: &Value, path: &mut String) -> Option<Difference> {
    let here = |path: &str, kind| Some(Difference { path: path.to_owned(), kind });
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                let step = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                let difference = under(path, &step, |path| match found.get(name) {
                    Some(other) => find(value, other, path),
                    None => here(path, DifferenceKind::Missing),
                });
                if difference.is_some() {
                    return difference;
                }
            }
            let added = found.keys().find(|name| !expected.contains_key(*name))?;
            let step = format!("/{}", added.replace('~', "~0").replace('/', "~1"));
            under(path, &step, |path| here(path, DifferenceKind::Added))
        }
        (Value::Array(expected), Value::Array(found)) => {
            let most = expected.len().max(found.len());
            (0..most).find_map(|at| {
                under(path, &format!("/{at}"), |path| match (expected.get(at), found.get(at)) {
                    (Some(value), Some(other)) => find(value, other, path),
                    (Some(_), None) => here(path, DifferenceKind::Missing),
                    _ => here(path, DifferenceKind::Added),
                })
            })
        }
        _ if expected == found => None,
        _ => here(path, DifferenceKind::Changed),
    }
}

fn under<T>(path: &mut String, step: &str, look: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    path.push_str(step);
    let found = look(path);
    path.truncate(length);
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let one = json!({ "a": { "b/c": [1, { "~": null }] }, "d": "x" });
        assert_eq!(first(&one, &one), None);
        for (other, path, says) in [
            (json!({ "a": { "b/c": [1, { "~": 0 }] }, "d": "x" }), "/a/b~1c/1/~0", "else"),
            (json!({ "a": { "b/c": [1] }, "d": "x" }), "/a/b~1c/1", "leaves out"),
            (json!({ "a": { "b/c": [1, { "~": null }, 2] }, "d": "x" }), "/a/b~1c/2", "more"),
            (json!({ "a": { "b/c": [1, { "~": null }] } }), "/d", "leaves out"),
            (json!({ "a": { "b/c": [1, { "~": null }] }, "d": "x", "e": 1 }), "/e", "more"),
            (json!({ "a": [], "d": "x" }), "/a", "else"),
            (json!([]), "", "else"),
        ] {
            let difference = first(&one, &other).unwrap();
            assert_eq!(difference.path(), path);
            assert!(difference.to_string().contains(says), "{difference}");
        }
    }

    #[test]
    fn a_member_s_name_writes_nothing_on_a_terminal() {
        let found = first(&json!({}), &json!({ "\u{1b}[2J\u{202e}": 1 })).unwrap().to_string();
        assert!(!found.contains(['\u{1b}', '\u{202e}']), "{found}");
    }
}
