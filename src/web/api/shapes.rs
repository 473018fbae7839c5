//! The documents that are sent and answered, member by member, as the page for people tells them.

use serde::Serialize;
use serde_json::Value;

use crate::web::markdown;

/// Where the document keeps what several calls share.
const SHARED: &str = "#/components/schemas/";

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Shape {
    pub name: String,
    /// What it is, as HTML.
    pub words: String,
    pub members: Vec<Member>,
}

/// What stands in a document, or in the address of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Member {
    pub name: String,
    /// Such as `string (uuid) or null`.
    pub kind: String,
    /// The document that it holds, or holds several of.
    pub shape: Option<String>,
    pub is_required: bool,
    /// What it is, as HTML.
    pub words: String,
}

impl Shape {
    /// Every document of a description, in the order of their names.
    pub(super) fn list(described: &Value) -> Vec<Self> {
        let all = &described["components"]["schemas"];
        let shapes = all.as_object().into_iter().flatten();
        shapes
            .map(|(name, schema)| Self {
                name: name.clone(),
                words: words(schema),
                members: members(all, schema),
            })
            .collect()
    }
}

impl Member {
    /// What this schema says of what is called so.
    pub(super) fn new((name, schema): (&str, &Value), is_required: bool, told: &Value) -> Self {
        let held = [schema, &schema["items"]].into_iter().find_map(|schema| name_of(schema));
        Self {
            name: name.to_owned(),
            kind: kind(schema),
            shape: held.map(ToOwned::to_owned),
            is_required,
            words: words(told),
        }
    }
}

/// What a schema or a parameter says of itself, as HTML.
pub(super) fn words(told: &Value) -> String {
    markdown::render(told["description"].as_str().unwrap_or_default())
}

/// The name of the shared document that is meant, or that stands beside null.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let mut all = std::iter::once(schema).chain(choices);
    all.find_map(|schema| schema["$ref"].as_str()?.strip_prefix(SHARED))
}

/// The members of a document; of one that is put together, those of its parts.
fn members(all: &Value, schema: &Value) -> Vec<Member> {
    let schema = name_of(schema).map_or(schema, |name| &all[name]);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let is_required = |name: &String| {
        let required = schema["required"].as_array();
        required.is_some_and(|required| required.iter().any(|other| other == name))
    };
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.map(|(name, member)| Member::new((name, member), is_required(name), member));
    own.chain(parts.flat_map(|part| members(all, part))).collect()
}

fn kind(schema: &Value) -> String {
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(name) = name_of(schema) {
        return name.to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    }
    let format = schema["format"].as_str().filter(|format| !format.starts_with("int"));
    let plain = |name: &str| match (name, format) {
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        ("null", _) => "null".to_owned(),
        (name, Some(format)) => format!("{name} ({format})"),
        (name, None) => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => plain(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(plain);
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_told_with_what_they_hold() {
        let described = json!({"components": {"schemas": {
            "Whole": {"description": "All of *it*.", "allOf": [
                {"$ref": "#/components/schemas/Part"},
                {"type": "object", "required": ["parts"], "properties": {
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                    "one": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Part"}]},
                    "way": {"type": "string", "enum": ["a", "b"]},
                    "rest": {}}},
            ]},
            "Part": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": ["string", "null"], "format": "uuid", "description": "Its key"},
                "count": {"type": "integer", "format": "int64"}}},
        }}});
        let told = |shape: &Shape| -> Vec<(String, String, Option<String>, bool)> {
            let members = shape.members.iter().cloned();
            members.map(|one| (one.name, one.kind, one.shape, one.is_required)).collect()
        };
        let row = |name: &str, kind: &str, shape: Option<&str>, is_required| {
            (name.to_owned(), kind.to_owned(), shape.map(ToOwned::to_owned), is_required)
        };
        let shapes = Shape::list(&described);
        let [part, whole] = &shapes[..] else { panic!("two documents") };
        let of_part =
            [row("count", "integer", None, false), row("id", "string (uuid) or null", None, true)];
        assert_eq!(told(part), of_part);
        assert_eq!(part.members[1].words, "<p>Its key</p>\n");
        assert_eq!(
            (whole.name.as_str(), whole.words.as_str()),
            ("Whole", "<p>All of <em>it</em>.</p>\n")
        );
        let [count, id] = of_part;
        let expected = [
            count,
            id,
            row("one", "null or Part", Some("Part"), false),
            row("parts", "list of Part", Some("Part"), true),
            row("rest", "any JSON", None, false),
            row("way", "\"a\" or \"b\"", None, false),
        ];
        assert_eq!(told(whole), expected);
    }
}
