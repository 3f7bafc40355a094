//! The configuration files: which are read, which are trusted, and what they say.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::cli::Failure;
use crate::config::layers::{Entry, Sources, known};

/// Keys whose relative paths count from the folder of the file that gives them.
const PATH_KEYS: [&str; 7] =
    ["password_file", "tls_ca", "tls_cert", "tls_key", "declared", "state_dir", "keys_dir"];

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Read.
    Read,
    /// Not there.
    Absent,
    /// There, but not trusted; why.
    Skipped(String),
}

/// One context as the files define it.
#[derive(Clone, Debug, Default)]
pub struct DefinedContext {
    /// Its layers, lowest file first.
    pub layers: Vec<Vec<Entry>>,
    /// Whether any file calls it production; a higher file cannot take that back.
    pub production: bool,
}

/// What the files say.
#[derive(Debug, Default)]
pub struct Files {
    /// The layers, lowest first.
    pub layers: Vec<Vec<Entry>>,
    /// The contexts.
    pub contexts: BTreeMap<String, DefinedContext>,
    /// What became of each file.
    pub files: Vec<(PathBuf, FileState)>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Reads the files of `sources`.
///
/// # Errors
/// Exit 3 for a file that is there but cannot be read or parsed, for unknown keys, and for a
/// secret's command in the file of the working directory.
pub fn read_all(sources: &Sources, template: &Table) -> Result<Files, Failure> {
    let mut files = Files::default();
    if let Some(path) = &sources.file {
        let Some(text) = open(path, false)?.text else {
            return Err(cannot(path).hint("--config and BSS_CONFIG name a file that must exist."));
        };
        files.add(path, &text, template)?;
        return Ok(files);
    }
    for path in &sources.files {
        match open(path, false)?.text {
            Some(text) => files.add(path, &text, template)?,
            None => files.files.push((path.clone(), FileState::Absent)),
        }
    }
    if let Some(path) = &sources.local {
        files.add_local(path, template)?;
    }
    Ok(files)
}

struct Opened {
    text: Option<String>,
    distrust: Option<String>,
}

/// Opens a file once, so that what is checked is what is read.
fn open(path: &Path, must_be_own: bool) -> Result<Opened, Failure> {
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Opened { text: None, distrust: None });
        }
        Err(e) => return Err(cannot(path).because(&e)),
    };
    let facts = file.metadata().map_err(|e| cannot(path).because(&e))?;
    if must_be_own {
        let distrust = if facts.uid() != rustix::process::geteuid().as_raw() {
            Some("it belongs to another user")
        } else if facts.mode() & 0o022 != 0 {
            Some("others may write it")
        } else {
            None
        };
        if let Some(why) = distrust {
            return Ok(Opened { text: None, distrust: Some(why.to_owned()) });
        }
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|e| cannot(path).because(&e))?;
    Ok(Opened { text: Some(text), distrust: None })
}

pub(super) fn cannot(path: &Path) -> Failure {
    Failure::config(format!("cannot read the configuration file {}", path.display()))
}

impl Files {
    fn add_local(&mut self, path: &Path, template: &Table) -> Result<(), Failure> {
        let opened = open(path, true)?;
        if let Some(why) = opened.distrust {
            self.warnings.push(format!(
                "{} was not read: {why}; name it with --config to use it",
                path.display()
            ));
            self.files.push((path.to_owned(), FileState::Skipped(why)));
            return Ok(());
        }
        let Some(text) = opened.text else {
            self.files.push((path.to_owned(), FileState::Absent));
            return Ok(());
        };
        let (layers, contexts) = (self.layers.len(), self.contexts.clone());
        self.add(path, &text, template)?;
        let of_contexts = self.contexts.iter().flat_map(|(name, context)| {
            let before = contexts.get(name).map_or(0, |c| c.layers.len());
            &context.layers[before..]
        });
        let commands = self.layers[layers..].iter().chain(of_contexts).flatten();
        match commands.into_iter().find(|e| e.key == "password_command") {
            Some(entry) => Err(Failure::config(format!(
                "{} is not allowed in {}",
                entry.path(),
                path.display()
            ))
            .hint(
                "A command that runs wherever bss is started belongs in /etc/bss/bss.toml, in \
                   your own bss.toml, or in a file named with --config.",
            )),
            None => Ok(()),
        }
    }

    fn add(&mut self, path: &Path, text: &str, template: &Table) -> Result<(), Failure> {
        let mut table: Table = toml::from_str(text).map_err(|e| unparsable(path, text, &e))?;
        let origin = path.display().to_string();
        let contexts = table.remove("context");
        self.layers.push(entries(table, path, &origin, template)?);
        match contexts {
            None => {}
            Some(Value::Table(contexts)) => {
                for (name, body) in contexts {
                    self.add_context(&name, body, path, template)?;
                }
            }
            Some(_) => {
                return Err(Failure::config(format!("`context` in {origin} is not a table"))
                    .hint("Write [context.NAME]."));
            }
        }
        self.files.push((path.to_owned(), FileState::Read));
        Ok(())
    }

    fn add_context(
        &mut self,
        name: &str,
        body: Value,
        path: &Path,
        template: &Table,
    ) -> Result<(), Failure> {
        let origin = format!("{} [context.{name}]", path.display());
        let Value::Table(mut body) = body else {
            return Err(Failure::config(format!("`context.{name}` of {origin} is not a table")));
        };
        let production = match body.remove("production") {
            None => false,
            Some(Value::Boolean(production)) => production,
            Some(other) => {
                let mut failure =
                    Failure::config(format!("cannot use context.{name}.production of {origin}"));
                failure.causes.push(format!("found `{other}`, expected true or false"));
                return Err(failure);
            }
        };
        let layer = entries(body, path, &origin, template)?;
        let context = self.contexts.entry(name.to_owned()).or_default();
        context.layers.push(layer);
        context.production |= production;
        Ok(())
    }
}

/// A parse error by line and column; the library's own text would show the line, and the line may
/// hold a password.
pub(super) fn unparsable(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let at = error.span().map_or(0, |s| s.start.min(text.len()));
    let before = text.get(..at).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    let mut failure = cannot(path);
    failure.causes.push(format!("line {line}, column {column}: {}", error.message()));
    failure
}

fn entries(
    table: Table,
    path: &Path,
    origin: &str,
    template: &Table,
) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for (section, keys) in table {
        let Value::Table(keys) = keys else {
            if template.contains_key(&section) {
                return Err(Failure::config(format!("`{section}` in {origin} is not a table"))
                    .hint(format!("Write [{section}].")));
            }
            known(template, &section, "", origin, false)?;
            continue;
        };
        if keys.is_empty() && !template.contains_key(&section) {
            known(template, &section, "", origin, false)?;
        }
        for (key, value) in keys {
            known(template, &section, &key, origin, false)?;
            let value = from_folder(path, &key, value);
            entries.push(Entry { section: section.clone(), key, value, origin: origin.to_owned() });
        }
    }
    Ok(entries)
}

/// A relative path counts from the folder of its file, wherever the program is started.
fn from_folder(path: &Path, key: &str, value: Value) -> Value {
    match value {
        Value::String(text) if PATH_KEYS.contains(&key) && !text.is_empty() => {
            let folder = path.parent().unwrap_or(Path::new(""));
            Value::String(folder.join(text).to_string_lossy().into_owned())
        }
        other => other,
    }
}
