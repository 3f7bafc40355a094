//! One section of the settings with some keys as another file has them.

use std::path::Path;

use toml::{Table, Value};

use crate::cli::Failure;
use crate::config::file::{cannot, unparsable};
use crate::config::layers::{DEFAULT, Entry, Resolved, known};
use crate::config::settings::Settings;
use crate::config::value;

/// The settings with the keys of `section` that the file at `path` gives, bare or under
/// `[section]`; the other keys stay as they are.
///
/// # Errors
/// Exit 3 for a file that cannot be read or parsed, an unknown key (with the nearest known one),
/// another section, a value of the wrong type.
pub fn with_file(resolved: &Resolved, section: &str, path: &Path) -> Result<Settings, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| cannot(path).because(&e))?;
    let file: Table = toml::from_str(&text).map_err(|e| unparsable(path, &text, &e))?;
    let mut merged: Table =
        toml::from_str(DEFAULT).map_err(|e| Failure::config("built-in settings").because(&e))?;
    let template = merged.clone();
    let origin = path.display().to_string();
    let mut entries = Vec::new();
    for (name, found) in file {
        match found {
            Value::Table(keys) if name == section => entries.extend(keys),
            Value::Table(_) if template.contains_key(&name) => {
                return Err(Failure::config(format!("[{name}] in {origin} is not of [{section}]"))
                    .hint(format!("Keep only the keys of [{section}] in this file.")));
            }
            Value::Table(_) => {
                known(&template, &name, "", &origin, false)?;
            }
            found => entries.push((name, found)),
        }
    }
    let Some(Value::Table(own)) = merged.get_mut(section) else {
        return Err(Failure::config(format!("there is no section [{section}]")));
    };
    for (key, present) in own.iter_mut() {
        if let Some(value) = resolved.values.get(&format!("{section}.{key}")) {
            *present = value.clone();
        }
    }
    for (key, value) in entries {
        known(&template, section, &key, &origin, false)?;
        let entry = Entry { section: section.to_owned(), key, value, origin: origin.clone() };
        let value = value::checked(&template, &entry)?;
        own.insert(entry.key, value);
    }
    Value::Table(merged)
        .try_into()
        .map_err(|e: toml::de::Error| Failure::config(e.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::config::layers::{Sources, resolve};

    fn with(text: &str) -> Result<Settings, Failure> {
        let options = vec![("fraud.rapid_high".to_owned(), "7".to_owned())];
        let resolved = resolve(&Sources { options, ..Sources::default() }).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        with_file(&resolved, "fraud", file.path())
    }

    #[test]
    fn bare_and_under_its_name_over_what_is_set() {
        for text in ["no_history = true\n", "[fraud]\nno_history = true\n"] {
            let settings = with(text).unwrap();
            assert!(settings.fraud.no_history);
            assert_eq!(settings.fraud.rapid_high, 7, "as it is set");
            assert_eq!(settings.fraud.rapid_critical, 20);
        }
        assert_eq!(with("").unwrap().fraud.rapid_high, 7);
    }

    #[test]
    fn what_does_not_belong_there_is_refused() {
        for (text, message, hint) in [
            ("rapid_hihg = 3", "unknown key in ", "Did you mean `fraud.rapid_high`?"),
            ("[fraud]\nrapid_hihg = 3", "unknown key in ", "Did you mean `fraud.rapid_high`?"),
            ("[kafka]\npartitions = 3", "[kafka] in ", "Keep only the keys of [fraud]"),
            ("[frued]\nrapid_high = 3", "unknown section in ", "Did you mean `fraud`?"),
            ("rapid_high = \"x\"", "cannot use fraud.rapid_high of ", ""),
            ("rapid_high = ", "cannot read the configuration file ", ""),
        ] {
            let failure = with(text).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Config, "{text}");
            assert!(failure.message.starts_with(message), "{text}: {}", failure.message);
            assert!(failure.hints.concat().contains(hint), "{text}: {:?}", failure.hints);
        }
    }
}
