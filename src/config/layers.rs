//! The layers of settings and where each value came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::cli::Failure;
use crate::config::settings::Settings;

/// The compiled-in layer.
pub const DEFAULT: &str = include_str!("default.toml");

/// The settings and the origin of each value (`section.key` -> layer).
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The typed settings.
    pub settings: Settings,
    /// Where each value came from.
    pub origins: BTreeMap<String, String>,
}

/// What decides the layers; read once at the edge.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config FILE` or `BSS_CONFIG`: replaces the files.
    pub file: Option<PathBuf>,
    /// The files of the layers, lowest first, that exist.
    pub files: Vec<PathBuf>,
    /// The `BSS_*` variables.
    pub variables: Vec<(String, String)>,
    /// `--set section.key=value` options.
    pub options: Vec<(String, String)>,
    /// `--context NAME`.
    pub context: Option<String>,
}

/// Resolves the layers.
///
/// # Errors
/// A file that cannot be read or parsed, an unknown key (with the nearest known one), a value of
/// the wrong type: exit 3.
pub fn resolve(sources: &Sources) -> Result<Resolved, Failure> {
    let mut merged: Table =
        toml::from_str(DEFAULT).map_err(|e| Failure::config("built-in settings").because(&e))?;
    let mut origins = BTreeMap::new();
    note(&merged, "built-in", &mut origins);
    let files =
        sources.file.iter().chain(if sources.file.is_none() { &sources.files[..] } else { &[] });
    for path in files {
        let layer = read(path)?;
        merge(&mut merged, layer, &path.display().to_string(), &mut origins)?;
    }
    for (name, value) in &sources.variables {
        set(&mut merged, name, value, &format!("environment {name}"), &mut origins)?;
    }
    for (name, value) in &sources.options {
        set(&mut merged, name, value, "option --set", &mut origins)?;
    }
    let settings: Settings = Value::Table(merged)
        .try_into()
        .map_err(|e| Failure::config("cannot use the configuration").because(&e))?;
    Ok(Resolved { settings, origins })
}

fn read(path: &Path) -> Result<Table, Failure> {
    let what = || format!("cannot read the configuration file {}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| Failure::config(what()).because(&e))?;
    toml::from_str(&text).map_err(|e| Failure::config(what()).because(&e))
}

fn note(table: &Table, origin: &str, origins: &mut BTreeMap<String, String>) {
    for (section, keys) in table {
        for key in keys.as_table().into_iter().flatten().map(|(k, _)| k) {
            origins.insert(format!("{section}.{key}"), origin.to_owned());
        }
    }
}

fn merge(
    into: &mut Table,
    layer: Table,
    origin: &str,
    origins: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    for (section, keys) in layer {
        let Value::Table(keys) = keys else {
            return Err(unknown(into, &section, origin));
        };
        if !into.contains_key(&section) {
            return Err(unknown(into, &section, origin));
        }
        for (key, value) in keys {
            let Some(Value::Table(known)) = into.get_mut(&section) else { continue };
            if !known.contains_key(&key) {
                return Err(unknown_key(known, &section, &key, origin));
            }
            known.insert(key.clone(), value);
            origins.insert(format!("{section}.{key}"), origin.to_owned());
        }
    }
    Ok(())
}

/// Sets `SECTION_KEY` (a variable, without `BSS_`) or `section.key` (an option).
fn set(
    into: &mut Table,
    name: &str,
    text: &str,
    origin: &str,
    origins: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_prefix("bss_").unwrap_or(&lower);
    let Some((section, key)) = plain.split_once(['.', '_']) else {
        return Err(unknown(into, plain, origin));
    };
    let Some(Value::Table(known)) = into.get(section) else {
        return Err(unknown(into, section, origin));
    };
    let Some(old) = known.get(key) else { return Err(unknown_key(known, section, key, origin)) };
    let value = match old {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(_) => {
            Value::Array(text.split(',').map(|t| Value::String(t.trim().to_owned())).collect())
        }
        _ => text.parse::<Value>().unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    let layer = Table::from_iter([(
        section.to_owned(),
        Value::Table(Table::from_iter([(key.to_owned(), value)])),
    )]);
    merge(into, layer, origin, origins)
}

fn unknown(known: &Table, section: &str, origin: &str) -> Failure {
    let failure = Failure::config(format!("unknown section `{section}` in {origin}"));
    near(known, section, failure)
}

fn unknown_key(known: &Table, section: &str, key: &str, origin: &str) -> Failure {
    let failure =
        Failure::config(format!("unknown key `{key}` in section `{section}` of {origin}"));
    near(known, key, failure)
}

fn near(known: &Table, name: &str, failure: Failure) -> Failure {
    let nearest = known.keys().min_by_key(|k| strsim::damerau_levenshtein(k, name));
    match nearest.filter(|k| strsim::damerau_levenshtein(k, name) <= 3) {
        Some(k) => failure.hint(format!("Did you mean `{k}`?")),
        None => failure.hint("`bss config show` lists every key."),
    }
}
