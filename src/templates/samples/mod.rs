//! Sample data of the console's pages that are not types with samples of their own: what each template may be given,
//! in every state that it shows. Debug builds check it against what the program really gives.

mod console;
mod values;

use serde::Serialize;
use serde_json::Value;

use self::values::site;

/// Everything that the template of this name may be given: one context for each state.
#[must_use]
pub fn of(name: &str) -> Vec<Value> {
    let mut samples = match name.split_once('/') {
        Some(("console", screen)) => console::of(screen),
        _ => vec![],
    };
    for sample in &mut samples {
        if sample["site"].is_null() {
            sample["site"] = site();
        }
    }
    samples
}

/// Where what a template is really given differs from its samples, if anywhere: in the names, or in the
/// kinds of what they stand for.
pub(super) fn difference(name: &str, context: &impl Serialize) -> Option<String> {
    let given = serde_json::to_value(context).unwrap_or_default();
    let samples = of(name);
    if samples.is_empty() {
        return None;
    }
    differs(&given, &samples.iter().collect::<Vec<_>>(), name)
}

fn differs(given: &Value, samples: &[&Value], at: &str) -> Option<String> {
    match given {
        Value::Null => None,
        Value::Array(items) => {
            let shown: Vec<&Value> =
                samples.iter().filter_map(|s| s.as_array()).flatten().collect();
            items.iter().find_map(|item| differs(item, &shown, &format!("{at}[]")))
        }
        Value::Object(fields) => {
            // An empty sample stands for any names.
            if samples.iter().any(|s| s.as_object().is_some_and(serde_json::Map::is_empty)) {
                return None;
            }
            let shown = samples.iter().filter_map(|s| s.as_object());
            let missing = shown.flat_map(|s| s.keys()).find(|name| !fields.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{at}.{name} is in the samples alone"));
            }
            fields.iter().find_map(|(name, value)| {
                let at = format!("{at}.{name}");
                let shown: Vec<&Value> = samples.iter().filter_map(|s| s.get(name)).collect();
                if shown.is_empty() {
                    return Some(format!("{at} is not in the samples"));
                }
                differs(value, &shown, &at)
            })
        }
        plain => {
            let alike = |s: &&Value| std::mem::discriminant(*s) == std::mem::discriminant(plain);
            (!samples.iter().any(alike)).then(|| format!("{at} is of another kind in the samples"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named() {
        let samples = [&json!({"a": [{"b": 1}, {"b": null}], "any": {}, "c": "x"})];
        let differs = |given| differs(&given, &samples, "t");
        assert_eq!(differs(json!({"a": [{"b": 2}], "any": {"x": 1}, "c": null})), None);
        for (given, words) in [
            (json!({"a": [], "any": null}), "t.c is in the samples alone"),
            (json!({"a": [], "any": null, "c": "", "d": 1}), "t.d is not in the samples"),
            (
                json!({"a": [{"b": "2"}], "any": null, "c": ""}),
                "t.a[].b is of another kind in the samples",
            ),
            (json!({"a": [{}], "any": null, "c": ""}), "t.a[].b is in the samples alone"),
        ] {
            assert_eq!(differs(given).as_deref(), Some(words));
        }
    }
}
