//! One value of a layer: from text, of the right type, shown without a secret.

use toml::{Table, Value};

use crate::cli::Failure;
use crate::config::layers::Entry;
use crate::config::settings::Settings;

/// Reads the text of a variable or an option as the type of the built-in value.
///
/// # Errors
/// Exit 3: key, found, expected, layer.
pub fn from_text(
    built_in: &Value,
    section: &str,
    key: &str,
    text: &str,
    origin: &str,
) -> Result<Value, Failure> {
    let parsed = match built_in {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Array(_) if text.trim().is_empty() => Some(Value::Array(Vec::new())),
        Value::Array(_) => {
            let items = text.split(',').map(|t| Value::String(t.trim().to_owned()));
            Some(Value::Array(items.collect()))
        }
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Float(_) => text.trim().parse().ok().map(Value::Float),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Datetime(_) | Value::Table(_) => None,
    };
    parsed.ok_or_else(|| {
        wrong(section, key, origin, &format!("found the text `{text}`, {}", expected(built_in)))
    })
}

/// The entry's value, if it has the type of the built-in one and means something.
///
/// # Errors
/// Exit 3: key, found, expected, layer.
pub fn checked(template: &Table, entry: &Entry) -> Result<Value, Failure> {
    let Entry { section, key, value, origin } = entry;
    let Some(built_in) = template.get(section).and_then(|s| s.get(key)) else {
        return Err(wrong(section, key, origin, "there is no such key"));
    };
    let refuse = || {
        let found = if key == "password" { kind(value).to_owned() } else { shown(value) };
        wrong(section, key, origin, &format!("found {found}, {}", expected(built_in)))
    };
    let value = match (built_in, value) {
        (Value::Float(_), Value::Integer(i)) => {
            Value::Float(i.to_string().parse().map_err(|_| refuse())?)
        }
        (Value::Float(_), Value::Float(f)) if !f.is_finite() => return Err(refuse()),
        (Value::Array(_), Value::Array(items)) if !items.iter().all(Value::is_str) => {
            return Err(refuse());
        }
        (built_in, value) if built_in.same_type(value) => value.clone(),
        _ => return Err(refuse()),
    };
    // The built-in settings with this one value: what fails now, fails because of it.
    let mut alone = template.clone();
    if let Some(Value::Table(keys)) = alone.get_mut(section) {
        keys.insert(key.clone(), value.clone());
    }
    match Value::Table(alone).try_into::<Settings>() {
        Ok(_) => Ok(value),
        Err(e) => Err(wrong(section, key, origin, e.message())),
    }
}

fn wrong(section: &str, key: &str, origin: &str, cause: &str) -> Failure {
    let mut failure = Failure::config(format!("cannot use {section}.{key} of {origin}"));
    failure.causes.push(cause.to_owned());
    failure
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

fn expected(built_in: &Value) -> String {
    match built_in {
        Value::Array(_) => "expected a list of texts".to_owned(),
        other => format!("expected {}", kind(other)),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{text}`"),
        Value::Table(_) => kind(value).to_owned(),
        Value::Array(_) => format!("the list {value}"),
        other => format!("{} ({other})", kind(other)),
    }
}

/// The value for people and scripts: a secret only says whether it is set.
#[must_use]
pub fn masked(key: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if key == "password" && !text.is_empty() => {
            Value::String("(set)".to_owned())
        }
        other => other.clone(),
    }
}
