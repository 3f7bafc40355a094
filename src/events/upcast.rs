//! Older forms of events, brought to the form that today's programs know when they leave the store
//! for use. What is stored stays as it is.
//!
//! A rule brings one version of a type to the next: `OrderPlaced 1: rename total=totalAmount; set
//! currency="EUR"`. Rules of a type follow each other from version 1 on, so that the version behind
//! its last rule is the one that is known.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::content::BadContent;
use super::seal::Sealed;
use super::tree::{Fields, Tree};
use super::{Aggregate, Content};

/// What this program itself knows of a type of event.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The type of aggregate whose events these are.
    pub category: &'static str,
    /// The type of event.
    pub event_type: &'static str,
    /// The steps of each version to the next, from 1; none: 1 is the only version.
    pub steps: &'static [&'static str],
}

/// One step of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Rename(String, String),
    Remove(String),
    Set(String, Tree),
    Upper(String),
    DropNulls,
}

/// The versions of one type of event.
#[derive(Clone, Debug, Default)]
struct Versions {
    /// The type of aggregate, if the rules are for one only.
    category: Option<&'static str>,
    /// `rules[v - 1]` brings version v to the next.
    rules: Vec<Vec<Step>>,
}

impl Versions {
    fn newest(&self) -> u32 {
        u32::try_from(self.rules.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// All rules.
#[derive(Clone, Debug, Default)]
pub struct Upcasters {
    types: BTreeMap<String, Versions>,
    fingerprint: u64,
}

/// Why an event cannot be brought to today's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It was written by a newer program.
    #[error("{event_type} has version {version}, and {known} is the newest one known here")]
    Version {
        /// Its type.
        event_type: String,
        /// Its version.
        version: u32,
        /// The newest version that is known.
        known: u32,
    },
    /// Nobody here knows what such an event means for its aggregate.
    #[error("{event_type} is no type of event known here for aggregates of type {category}")]
    Type {
        /// Its type.
        event_type: String,
        /// The type of its aggregate.
        category: String,
    },
    /// Its content cannot be read.
    #[error(transparent)]
    Content(#[from] BadContent),
}

/// A rule that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{rule}` is no rule: {why}")]
pub struct BadRule {
    /// The rule.
    pub rule: String,
    /// What is wrong.
    pub why: String,
}

impl Upcasters {
    /// The rules of this program and declared ones.
    ///
    /// # Errors
    /// The first declared rule that cannot be read, stands twice, or leaves out a version.
    pub fn new(known: &[&[Known]], declared: &[String]) -> Result<Self, BadRule> {
        let mut types: BTreeMap<String, Versions> = BTreeMap::new();
        for known in known.iter().copied().flatten() {
            let rules = known.steps.iter().map(|text| steps(text)).collect::<Result<_, _>>();
            let rules = rules.map_err(|why| BadRule { rule: known.event_type.to_owned(), why })?;
            let versions = Versions { category: Some(known.category), rules };
            types.insert(known.event_type.to_owned(), versions);
        }
        let mut found: BTreeMap<(String, u32), (&String, Vec<Step>)> = BTreeMap::new();
        for rule in declared {
            let bad = |why: String| BadRule { rule: rule.clone(), why };
            let (event_type, version, steps) = read(rule).map_err(bad)?;
            if types.contains_key(&event_type) {
                return Err(bad(format!("the versions of {event_type} are built in")));
            }
            if found.insert((event_type, version), (rule, steps)).is_some() {
                return Err(bad("there is another one for this version".to_owned()));
            }
        }
        let mut text = String::new();
        for ((event_type, version), (rule, steps)) in found {
            let versions = types.entry(event_type).or_default();
            if version != versions.newest() {
                let why = format!("the rule for version {} is missing", versions.newest());
                return Err(BadRule { rule: rule.clone(), why });
            }
            versions.rules.push(steps);
            writeln!(text, "{rule}").unwrap_or_default();
        }
        Ok(Self { types, fingerprint: xxh3_64(text.as_bytes()) })
    }

    /// What tells declared rules from others: a state that was made with other ones may differ.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// An event's content in today's form. A type without rules is taken as it is.
    ///
    /// # Errors
    /// [`Unfit::Version`] for a version newer than the newest known one; [`Unfit::Content`] if the
    /// data cannot be read.
    pub fn current<'a>(
        &self,
        aggregate: &Aggregate,
        content: Content<'a>,
    ) -> Result<Content<'a>, Unfit> {
        let Some(versions) = self.types.get(content.event_type.as_ref()) else {
            return Ok(content);
        };
        if versions.category.is_some_and(|category| category != aggregate.kind()) {
            return Ok(content);
        }
        let newest = versions.newest();
        if content.type_version == newest {
            return Ok(content);
        }
        if content.type_version > newest {
            return Err(Unfit::Version {
                event_type: content.event_type.into_owned(),
                version: content.type_version,
                known: newest,
            });
        }
        let mut fields = Tree::read(content.data.get())?.into_fields();
        let done = usize::try_from(content.type_version).unwrap_or(1).saturating_sub(1);
        for step in versions.rules.iter().skip(done).flatten() {
            step.apply(&mut fields);
        }
        let data: Box<RawValue> = Tree::Object(fields).to_raw()?;
        Ok(Content { data: Cow::Owned(data), type_version: newest, ..content })
    }
}

impl Step {
    fn apply(&self, fields: &mut Fields) {
        match self {
            Self::Rename(old, new) => {
                if let Some(value) = fields.remove(old) {
                    fields.insert(new.clone(), value);
                }
            }
            Self::Remove(name) => {
                fields.remove(name);
            }
            Self::Set(name, value) => {
                fields.entry(name.clone()).or_insert_with(|| value.clone());
            }
            Self::Upper(name) => {
                // A sealed text means nothing in other letters.
                if let Some(value) = fields.get_mut(name)
                    && Sealed::read(value).is_none()
                    && let Some(text) = value.as_text()
                {
                    *value = Tree::text(&text.to_uppercase());
                }
            }
            Self::DropNulls => fields.retain(|_, value| !value.is_null()),
        }
    }
}

/// `TYPE VERSION: STEPS`
fn read(rule: &str) -> Result<(String, u32, Vec<Step>), String> {
    let form =
        "expected `TYPE VERSION: STEP; STEP`, such as `OrderPlaced 1: rename total=totalAmount`";
    let (head, text) = rule.split_once(':').ok_or(form)?;
    let (event_type, version) = head.trim().rsplit_once(' ').ok_or(form)?;
    let version = version.parse().ok().filter(|v| *v > 0).ok_or(form)?;
    let steps = steps(text)?;
    if steps.is_empty() {
        return Err("it has no step".to_owned());
    }
    Ok((event_type.trim().to_owned(), version, steps))
}

/// `rename OLD=NEW; remove NAME; set NAME=JSON; upper NAME; drop-nulls`
fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (verb, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if verb == "set" {
            let (name, json) = after.split_once('=').ok_or("set needs NAME=JSON")?;
            let mut values = serde_json::Deserializer::from_str(json).into_iter::<&RawValue>();
            let value = values.next().ok_or("set needs NAME=JSON")?;
            let value = value.map_err(|e| format!("the value of {}: {e}", name.trim()))?;
            let value = Tree::read(value.get()).map_err(|e| e.to_string())?;
            steps.push(Step::Set(named(name)?, value));
            let end = values.byte_offset();
            rest = next(json.get(end..).unwrap_or_default())?;
            continue;
        }
        let (step, after) = rest.split_once(';').unwrap_or((rest, ""));
        steps.push(step_of(step.trim())?);
        rest = after.trim();
    }
    Ok(steps)
}

fn step_of(text: &str) -> Result<Step, String> {
    match text.split_once(' ').unwrap_or((text, "")) {
        ("rename", names) => {
            let (old, new) = names.split_once('=').ok_or("rename needs OLD=NEW")?;
            Ok(Step::Rename(named(old)?, named(new)?))
        }
        ("remove", name) => Ok(Step::Remove(named(name)?)),
        ("upper", name) => Ok(Step::Upper(named(name)?)),
        ("drop-nulls", "") => Ok(Step::DropNulls),
        _ => Err(format!("`{text}` is no step: rename, remove, set, upper or drop-nulls")),
    }
}

fn named(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("a name is missing".to_owned()) } else { Ok(text.to_owned()) }
}

/// What follows a step that ended here.
fn next(rest: &str) -> Result<&str, String> {
    let rest = rest.trim();
    match rest.strip_prefix(';') {
        Some(after) => Ok(after.trim()),
        None if rest.is_empty() => Ok(rest),
        None => Err(format!("expected `;` before `{rest}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Known] = &[
        Known { category: "customer", event_type: "Made", steps: &["upper tier"] },
        Known { category: "customer", event_type: "Closed", steps: &[] },
    ];

    fn envelope(event_type: &str, version: u32, data: &str) -> Vec<u8> {
        format!(r#"{{"id":"e","type":"{event_type}","v":{version},"data":{data}}}"#).into_bytes()
    }

    fn current(
        rules: &Upcasters,
        aggregate: &str,
        event: (&str, u32, &str),
    ) -> Result<(u32, String), Unfit> {
        let bytes = envelope(event.0, event.1, event.2);
        let content = Content::from_envelope(&bytes).unwrap();
        let made = rules.current(&aggregate.parse().unwrap(), content)?;
        Ok((made.type_version, made.data.get().to_owned()))
    }

    #[test]
    fn each_version_goes_through_the_rules_behind_it() {
        let declared = [
            r#"Placed 2: set currency="EUR; or so"; remove old"#.to_owned(),
            "Placed 1: rename total=totalAmount; drop-nulls".to_owned(),
        ];
        let rules = Upcasters::new(&[KNOWN], &declared).unwrap();
        let of = |version, data: &str| current(&rules, "order/1", ("Placed", version, data));
        assert_eq!(
            of(1, r#"{"total":12.340,"old":1,"x":null}"#).unwrap(),
            (3, r#"{"currency":"EUR; or so","totalAmount":12.340}"#.to_owned())
        );
        assert_eq!(
            of(2, r#"{"totalAmount":1.0,"currency":"PLN"}"#).unwrap(),
            (3, r#"{"currency":"PLN","totalAmount":1.0}"#.to_owned())
        );
        // What is of today stays byte for byte.
        assert_eq!(of(3, r#"{"b":1,"a":2}"#).unwrap(), (3, r#"{"b":1,"a":2}"#.to_owned()));
        let newer = of(4, "{}").unwrap_err();
        assert_eq!(newer.to_string(), "Placed has version 4, and 3 is the newest one known here");
    }

    #[test]
    fn rules_of_this_program_are_for_their_aggregates_alone() {
        let rules = Upcasters::new(&[KNOWN], &[]).unwrap();
        let made = ("Made", 1, r#"{"tier":"gold"}"#);
        let upper = (2, r#"{"tier":"GOLD"}"#.to_owned());
        assert_eq!(current(&rules, "customer/1", made).unwrap(), upper);
        assert_eq!(current(&rules, "order/1", made).unwrap(), (1, made.2.to_owned()));
        assert!(current(&rules, "customer/1", ("Closed", 2, "{}")).is_err());
        assert_eq!(current(&rules, "customer/1", ("Other", 9, "{}")).unwrap().0, 9);
    }

    #[test]
    fn a_rule_that_is_none_says_what_is_wrong() {
        let wrong = |rules: &[&str]| {
            let declared: Vec<String> = rules.iter().map(|r| (*r).to_owned()).collect();
            Upcasters::new(&[KNOWN], &declared).unwrap_err().why
        };
        assert!(wrong(&["Placed"]).starts_with("expected `TYPE VERSION"));
        assert!(wrong(&["Placed 0: remove a"]).starts_with("expected"));
        assert!(wrong(&["Placed 1:"]).contains("no step"));
        assert!(wrong(&["Placed 1: drop a"]).contains("is no step"));
        assert!(wrong(&["Placed 1: rename a"]).contains("OLD=NEW"));
        assert!(wrong(&["Placed 1: set a=nul"]).starts_with("the value of a"));
        assert!(wrong(&["Placed 1: set a=1 b"]).contains("expected `;`"));
        assert!(wrong(&["Placed 2: remove a"]).contains("version 1 is missing"));
        assert!(wrong(&["Placed 1: remove a", "Placed 1: remove b"]).contains("another one"));
        assert!(wrong(&["Made 2: remove a"]).contains("built in"));
    }
}
