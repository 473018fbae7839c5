//! An event's evidence as it is read: body, context and words in one document, whatever version its leaf is of.

use serde_json::{Map, Value};

/// The members of both, and the words beside the hash that names them. A body of version 1 holds all of it
/// already, and has no context.
#[must_use]
pub fn whole(mut body: Value, context: Option<Value>, words: Option<&str>) -> Value {
    let (Value::Object(members), Some(Value::Object(shared))) = (&mut body, context) else {
        return body;
    };
    members.extend(shared);
    let notice = members.get_mut("notice").and_then(Value::as_object_mut);
    if let (Some(notice), Some(words)) = (notice, words) {
        notice.insert("text".to_owned(), words.into());
    }
    body
}

/// Puts evidence together as [`whole`] does, from texts; nothing of what was erased.
///
/// # Errors
/// When one of them is not as this program writes it.
pub fn read(
    body: Option<&str>,
    context: Option<&str>,
    words: Option<&str>,
) -> serde_json::Result<Option<Value>> {
    let Some(body) = body else { return Ok(None) };
    let body: Map<String, Value> = serde_json::from_str(body)?;
    let context = context.map(serde_json::from_str).transpose()?;
    Ok(Some(whole(body.into(), context, words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_events_share_is_read_with_them() {
        let context = Some(json!({"notice": {"sha256": "ab"}, "purpose": "privacy-policy"}));
        let read = whole(json!({"context": "cd", "seq": 1}), context, Some("I agree"));
        let notice = json!({"sha256": "ab", "text": "I agree"});
        assert_eq!(
            read,
            json!({"context": "cd", "notice": notice, "purpose": "privacy-policy", "seq": 1})
        );
        let older = json!({"notice": {"text": "I agree"}});
        assert_eq!(whole(older.clone(), None, None), older);
    }

    #[test]
    fn what_was_erased_has_no_evidence() {
        assert_eq!(super::read(None, Some("{}"), None).unwrap(), None);
        assert!(super::read(Some("[]"), None, None).is_err());
    }
}
