//! JSON as states need it: objects that can be merged and compared field by field, and everything
//! else as its text, so that every number stays digit for digit.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::content::{BadContent, compact};
use crate::domain::json;

/// Objects within objects, at most.
const DEPTH: u32 = 100;

/// A JSON value. Names are in alphabetical order, so that equal values have equal texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// Anything but an object, as its text.
    Leaf(String),
    /// An object.
    Object(Fields),
}

/// The fields of an object.
pub type Fields = BTreeMap<String, Tree>;

impl Default for Tree {
    fn default() -> Self {
        Self::Object(Fields::new())
    }
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it is, as a JSON pointer: `/address/city`.
    pub field: String,
    /// Its JSON before; `None` if it was not there.
    pub before: Option<String>,
    /// Its JSON after; `None` if it is gone.
    pub after: Option<String>,
}

impl Tree {
    /// Reads JSON.
    ///
    /// # Errors
    /// If it is none, or too deep.
    pub fn read(text: &str) -> Result<Self, BadContent> {
        Self::of(&compact(text)?, DEPTH)
    }

    fn of(raw: &RawValue, depth: u32) -> Result<Self, BadContent> {
        let wrong = |e: serde_json::Error| BadContent::Json(e.to_string());
        let text = raw.get();
        if text.starts_with('{') {
            let below = depth.checked_sub(1).ok_or_else(|| {
                BadContent::Json(format!("more than {DEPTH} objects within each other"))
            })?;
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(wrong)?;
            let read = |(name, raw)| Ok((name, Self::of(raw, below)?));
            return fields.into_iter().map(read).collect::<Result<_, _>>().map(Self::Object);
        }
        // A text has several spellings; half of a surrogate pair has no other than its own.
        match serde_json::from_str::<String>(text) {
            Ok(content) if text.starts_with('"') => Ok(Self::text(&content)),
            _ => Ok(Self::Leaf(text.to_owned())),
        }
    }

    /// A text.
    #[must_use]
    pub fn text(content: &str) -> Self {
        let mut out = Vec::with_capacity(content.len() + 2);
        json::text(content, &mut out);
        Self::Leaf(String::from_utf8(out).unwrap_or_default())
    }

    /// Null.
    #[must_use]
    pub fn null() -> Self {
        Self::Leaf("null".to_owned())
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Leaf(text) if text == "null")
    }

    /// The content of a text; `None` for anything else.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Leaf(text) => serde_json::from_str(text).ok(),
            Self::Object(_) => None,
        }
    }

    /// The fields of an object; those of anything else are none.
    #[must_use]
    pub fn into_fields(self) -> Fields {
        match self {
            Self::Object(fields) => fields,
            Self::Leaf(_) => Fields::new(),
        }
    }

    /// Merges a patch as RFC 7396 has it: objects field by field, null removes, anything else
    /// takes the place of what was there.
    pub fn merge(&mut self, patch: &Self) {
        let Self::Object(changes) = patch else {
            *self = patch.clone();
            return;
        };
        if matches!(self, Self::Leaf(_)) {
            *self = Self::default();
        }
        let Self::Object(fields) = self else { return };
        for (name, change) in changes {
            if change.is_null() {
                fields.remove(name);
            } else {
                fields.entry(name.clone()).or_default().merge(change);
            }
        }
    }

    /// What differs between two values, by field.
    #[must_use]
    pub fn changes(before: &Self, after: &Self) -> Vec<Change> {
        let mut out = Vec::new();
        compare(Some(before), Some(after), "", &mut out);
        out
    }

    /// Appends its JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        let fields = match self {
            Self::Leaf(text) => return out.extend_from_slice(text.as_bytes()),
            Self::Object(fields) => fields,
        };
        out.push(b'{');
        for (i, (name, value)) in fields.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            json::text(name, out);
            out.push(b':');
            value.write(out);
        }
        out.push(b'}');
    }

    /// Its JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Its JSON as a part of another document.
    ///
    /// # Errors
    /// Never in practice: it was JSON when it was read.
    pub fn to_raw(&self) -> Result<Box<RawValue>, BadContent> {
        RawValue::from_string(self.to_json()).map_err(|e| BadContent::Json(e.to_string()))
    }
}

fn compare(before: Option<&Tree>, after: Option<&Tree>, place: &str, out: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let none = Fields::new();
    let fields = |tree: Option<&Tree>| match tree {
        Some(Tree::Object(fields)) => Some(fields.clone()),
        None => Some(none.clone()),
        Some(Tree::Leaf(_)) => None,
    };
    match (fields(before), fields(after)) {
        (Some(old), Some(new)) if !(old.is_empty() && new.is_empty()) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let below = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(old.get(name), new.get(name), &below, out);
            }
        }
        _ => out.push(Change {
            field: place.to_owned(),
            before: before.map(Tree::to_json),
            after: after.map(Tree::to_json),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tree(text: &str) -> Tree {
        Tree::read(text).unwrap()
    }

    #[test]
    fn a_merge_is_that_of_the_rfc() {
        // The cases of RFC 7396, appendix A.
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let mut made = tree(target);
            made.merge(&tree(patch));
            assert_eq!(made.to_json(), result, "{target} and {patch}");
        }
    }

    #[test]
    fn numbers_stay_digit_for_digit_and_texts_have_one_spelling() {
        let text = r#"{"a":12345678901234567890.10,"b":1E+2,"c":[0.10, {"x":-0.0}],"d":"\u00e9"}"#;
        let kept = r#"{"a":12345678901234567890.10,"b":1E+2,"c":[0.10,{"x":-0.0}],"d":"é"}"#;
        assert_eq!(tree(text).to_json(), kept);
        assert_eq!(tree(r#""\ud800""#).to_json(), r#""\ud800""#);
        let deep = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
        assert!(Tree::read(&deep(100)).is_ok());
        assert!(Tree::read(&deep(101)).unwrap_err().to_string().contains("100 objects"));
    }

    #[test]
    fn what_differs_is_told_by_its_pointer() {
        let before = tree(r#"{"a":1,"b":{"c":1.0,"d/e":[1]},"f":2,"g":{}}"#);
        let after = tree(r#"{"a":1,"b":{"c":1.00,"d/e":[1]},"h":{"i":null},"g":3}"#);
        let told: Vec<_> = Tree::changes(&before, &after)
            .into_iter()
            .map(|c| format!("{} {:?} {:?}", c.field, c.before, c.after))
            .collect();
        assert_eq!(
            told,
            [
                r#"/b/c Some("1.0") Some("1.00")"#,
                r#"/f Some("2") None"#,
                r#"/g Some("{}") Some("3")"#,
                r#"/h/i None Some("null")"#
            ]
        );
        let added = Tree::changes(&tree("{}"), &tree(r#"{"x~":{}}"#));
        assert_eq!(added[0].field, "/x~0");
        assert_eq!(added[0].after.as_deref(), Some("{}"));
    }

    fn any_tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            "[a-c]{0,2}".prop_map(|t| Tree::text(&t)),
            (0_u8..3).prop_map(|n| Tree::Leaf(n.to_string()))
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(Tree::Object)
        })
    }

    proptest! {
        #[test]
        fn a_value_reads_back_and_changes_are_none_only_between_equals(a in any_tree(), b in any_tree()) {
            prop_assert_eq!(&tree(&a.to_json()), &a);
            prop_assert_eq!(Tree::changes(&a, &b).is_empty(), a == b);
            let mut merged = a.clone();
            merged.merge(&b);
            let once = merged.clone();
            merged.merge(&b);
            prop_assert_eq!(merged, once);
        }
    }
}
