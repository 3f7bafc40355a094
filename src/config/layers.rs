//! The layers of settings and where each value came from.
//!
//! Lowest first: `default.toml` < `/etc/bss/bss.toml` < the user's `bss.toml` < `./bss.toml` <
//! `[context.NAME]` of those files < `BSS_*` < `--set`. `--config FILE` (or `BSS_CONFIG`) stands
//! in for the three files; the environment and the options still count.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::{Table, Value};

use crate::cli::Failure;
use crate::config::check;
use crate::config::file::{self, FileState};
use crate::config::settings::Settings;
use crate::config::value;

/// The compiled-in layer.
pub const DEFAULT: &str = include_str!("default.toml");

/// The three keys of a section that give its secret; a layer that sets one of them replaces what
/// lower layers said by any of the three.
pub const SECRET_KEYS: [&str; 3] = ["password", "password_file", "password_command"];

/// The settings and the origin of each value (`section.key` -> layer).
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The typed settings.
    pub settings: Settings,
    /// Where each value came from.
    pub origins: BTreeMap<String, String>,
    /// Each value as it was given (`section.key` -> value), secrets masked.
    pub values: BTreeMap<String, Value>,
    /// What the operator should know about the layers.
    pub warnings: Vec<String>,
    /// The context in use.
    pub context: Option<Selected>,
    /// The contexts the files define.
    pub contexts: Vec<String>,
    /// What became of each file.
    pub files: Vec<(PathBuf, FileState)>,
}

/// The context in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its name.
    pub name: String,
    /// Whether deleting and resetting demands its name.
    pub production: bool,
}

/// What decides the layers; read once at the edge.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config FILE` or `BSS_CONFIG`: replaces the files.
    pub file: Option<PathBuf>,
    /// The files of the layers, lowest first.
    pub files: Vec<PathBuf>,
    /// The file of the working directory: read only if it belongs to the caller.
    pub local: Option<PathBuf>,
    /// The `BSS_*` variables.
    pub variables: Vec<(String, String)>,
    /// `--set section.key=value` options.
    pub options: Vec<(String, String)>,
    /// `--context NAME`.
    pub context: Option<String>,
}

/// One value of one layer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The section.
    pub section: String,
    /// The key in it.
    pub key: String,
    /// The value as given.
    pub value: Value,
    /// The layer, for people.
    pub origin: String,
}

impl Entry {
    /// `section.key`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }
}

/// Resolves the layers.
///
/// # Errors
/// A file that cannot be read or parsed, an unknown key or context (with the nearest known one),
/// a value of the wrong type, settings that contradict each other: exit 3.
pub fn resolve(sources: &Sources) -> Result<Resolved, Failure> {
    let mut stack = Stack::built_in()?;
    let read = file::read_all(sources, &stack.template)?;
    for layer in read.layers {
        stack.apply(layer)?;
    }
    let contexts: Vec<String> = read.contexts.keys().cloned().collect();
    // A context that is not in use must be right too: it is wanted on the worst day.
    for context in read.contexts.values() {
        stack.clone().apply_all(context.layers.clone())?;
    }
    let context = match &sources.context {
        None => None,
        Some(name) => {
            let Some(context) = read.contexts.get(name) else {
                return Err(unknown_context(name, &contexts));
            };
            stack.apply_all(context.layers.clone())?;
            Some(Selected { name: name.clone(), production: context.production })
        }
    };
    stack.apply(variables(&sources.variables, &stack.template)?)?;
    stack.apply(options(&sources.options, &stack.template)?)?;
    stack.warnings.extend(read.warnings);
    stack.finish(context, contexts, read.files)
}

/// The layers so far.
#[derive(Clone)]
struct Stack {
    template: Table,
    merged: Table,
    origins: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl Stack {
    fn built_in() -> Result<Self, Failure> {
        let template: Table = toml::from_str(DEFAULT)
            .map_err(|e| Failure::config("built-in settings").because(&e))?;
        let mut origins = BTreeMap::new();
        for (section, keys) in &template {
            for key in keys.as_table().into_iter().flat_map(Table::keys) {
                origins.insert(format!("{section}.{key}"), "built-in".to_owned());
            }
        }
        Ok(Self { merged: template.clone(), template, origins, warnings: Vec::new() })
    }

    fn apply_all(&mut self, layers: Vec<Vec<Entry>>) -> Result<(), Failure> {
        layers.into_iter().try_for_each(|layer| self.apply(layer))
    }

    /// Lays one layer over the others.
    fn apply(&mut self, layer: Vec<Entry>) -> Result<(), Failure> {
        self.displace_secrets(&layer)?;
        for entry in layer {
            let value = value::checked(&self.template, &entry)?;
            self.put(&entry.section, &entry.key, value, &entry.origin);
        }
        Ok(())
    }

    fn put(&mut self, section: &str, key: &str, value: Value, origin: &str) {
        if let Some(Value::Table(known)) = self.merged.get_mut(section) {
            known.insert(key.to_owned(), value);
            self.origins.insert(format!("{section}.{key}"), origin.to_owned());
        }
    }

    /// A secret given in this layer takes the place of one given otherwise in a lower layer.
    fn displace_secrets(&mut self, layer: &[Entry]) -> Result<(), Failure> {
        let given = |e: &&Entry| {
            SECRET_KEYS.contains(&e.key.as_str()) && e.value.as_str().is_some_and(|s| !s.is_empty())
        };
        let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
        for entry in layer.iter().filter(given) {
            match seen.insert(&entry.section, entry) {
                Some(other) if other.key != entry.key => {
                    return Err(Failure::config(format!(
                        "both {} ({}) and {} ({}) are set",
                        other.path(),
                        other.origin,
                        entry.path(),
                        entry.origin
                    ))
                    .hint("Give the secret one way only."));
                }
                _ => {}
            }
        }
        for (section, entry) in seen {
            for key in SECRET_KEYS.iter().filter(|k| **k != entry.key) {
                self.put(section, key, Value::String(String::new()), &entry.origin);
            }
        }
        Ok(())
    }

    fn finish(
        self,
        context: Option<Selected>,
        contexts: Vec<String>,
        files: Vec<(PathBuf, FileState)>,
    ) -> Result<Resolved, Failure> {
        let mut values = BTreeMap::new();
        for (section, keys) in &self.merged {
            for (key, value) in keys.as_table().into_iter().flatten() {
                values.insert(format!("{section}.{key}"), value::masked(key, value));
            }
        }
        let settings: Settings = Value::Table(self.merged)
            .try_into()
            .map_err(|e: toml::de::Error| Failure::config(e.message().to_owned()))?;
        let mut warnings = self.warnings;
        for (path, origin) in &self.origins {
            if origin.starts_with("option ") && path.ends_with(".password") {
                let section = path.trim_end_matches(".password");
                let variable = format!("BSS_{}_PASSWORD", section.to_ascii_uppercase());
                warnings.push(format!(
                    "the value of {path} stands in the process list for everyone to read; give it \
                     by {section}.password_file, {variable} or {section}.password_command"
                ));
            }
        }
        warnings.extend(check::warnings(&settings));
        check::refuse_contradictions(&settings, &self.origins)?;
        Ok(Resolved { settings, origins: self.origins, values, warnings, context, contexts, files })
    }
}

/// The entries of the `BSS_SECTION_KEY` variables.
fn variables(variables: &[(String, String)], template: &Table) -> Result<Vec<Entry>, Failure> {
    let entry = |(name, text): &(String, String)| {
        let origin = format!("environment {name}");
        let lower = name.to_ascii_lowercase();
        let plain = lower.strip_prefix("bss_").unwrap_or(&lower);
        let (section, key) = plain.split_once('_').unwrap_or((plain, ""));
        let value = known(template, section, key, &origin, true)?;
        let value = value::from_text(value, section, key, text, &origin)?;
        Ok(Entry { section: section.to_owned(), key: key.to_owned(), value, origin })
    };
    variables.iter().map(entry).collect()
}

/// The entries of the `--set section.key=value` options.
fn options(options: &[(String, String)], template: &Table) -> Result<Vec<Entry>, Failure> {
    let entry = |(path, text): &(String, String)| {
        let origin = "option --set".to_owned();
        let (section, key) = path.split_once('.').unwrap_or((path, ""));
        let value = known(template, section, key, &origin, false)?;
        let value = value::from_text(value, section, key, text, &origin)?;
        Ok(Entry { section: section.to_owned(), key: key.to_owned(), value, origin })
    };
    options.iter().map(entry).collect()
}

/// The built-in value of a key.
///
/// # Errors
/// Exit 3 with the nearest known key, spelled as a variable where the unknown one is.
pub fn known<'a>(
    template: &'a Table,
    section: &str,
    key: &str,
    origin: &str,
    variable: bool,
) -> Result<&'a Value, Failure> {
    if let Some(Value::Table(keys)) = template.get(section) {
        if let Some(value) = keys.get(key) {
            return Ok(value);
        }
        let shown = if variable { origin.to_owned() } else { format!("{origin}: {section}.{key}") };
        let failure = Failure::config(format!("unknown key in {shown}")).code("unknown-key");
        return Err(match nearest(key, keys.keys()) {
            Some(near) if variable => {
                let name = format!("BSS_{section}_{near}").to_ascii_uppercase();
                failure.hint(format!("Did you mean `{name}`?"))
            }
            Some(near) => failure.hint(format!("Did you mean `{section}.{near}`?")),
            None => failure.hint(format!("`bss config show {section}` lists the keys.")),
        });
    }
    let shown = if variable { origin.to_owned() } else { format!("{origin}: [{section}]") };
    let failure = Failure::config(format!("unknown section in {shown}")).code("unknown-key");
    Err(match nearest(section, template.keys()) {
        Some(near) if variable => {
            let name = format!("BSS_{near}_{key}").to_ascii_uppercase();
            failure.hint(format!("Did you mean `{name}`?"))
        }
        Some(near) => failure.hint(format!("Did you mean `{near}`?")),
        None => {
            let sections: Vec<&str> = template.keys().map(String::as_str).collect();
            failure.hint(format!("The sections are {}.", sections.join(", ")))
        }
    })
}

/// The known name that is most like `name`, if one is.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let (distance, near) =
        known.map(|k| (strsim::damerau_levenshtein(k, name), k.as_str())).min()?;
    (distance <= 1 + name.chars().count() / 4).then_some(near)
}

fn unknown_context(name: &str, contexts: &[String]) -> Failure {
    let failure = Failure::config(format!("unknown context `{name}`")).code("unknown-context");
    if contexts.is_empty() {
        return failure.hint(format!("No file defines one; add [context.{name}] to bss.toml."));
    }
    let failure = match nearest(name, contexts.iter()) {
        Some(near) => failure.hint(format!("Did you mean `{near}`?")),
        None => failure,
    };
    failure.hint(format!("The contexts are {}.", contexts.join(", ")))
}
