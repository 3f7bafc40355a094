//! The environment, read once.

use std::path::PathBuf;

use crate::cli::global::Global;
use crate::config::Sources;

/// What the environment says.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// No colour, no bars: `NO_COLOR` is set or `TERM` is `dumb`.
    pub plain: bool,
    /// `BSS_*` settings.
    pub variables: Vec<(String, String)>,
    /// Names of `BSS_*` variables whose value is not UTF-8.
    pub unreadable: Vec<String>,
    /// `BSS_LOG`: which logs are wanted, as `bss=debug,info`.
    pub log: Option<String>,
    /// `BSS_CONFIG`.
    pub config: Option<PathBuf>,
    /// `BSS_CONTEXT`.
    pub context: Option<String>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config_home: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub state_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `USER` or `LOGNAME`.
    pub user: Option<String>,
    /// `BSS_DEV_FAULT`, see [`crate::runtime::Fault`]; debug builds only.
    pub fault: Option<String>,
}

/// Variables that start with `BSS_` but are no settings.
const OTHERS: [&str; 3] = ["BSS_CONFIG", "BSS_CONTEXT", "BSS_LOG"];

/// Reads the environment of the process.
#[must_use]
pub fn read() -> Environment {
    let path = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let mut variables = Vec::new();
    let mut unreadable = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        if !name.starts_with("BSS_") || OTHERS.contains(&name.as_str()) {
            continue;
        }
        // Addresses for the tests and switches for development are no settings.
        if name.starts_with("BSS_TEST_") || name.starts_with("BSS_DEV_") {
            continue;
        }
        match value.into_string() {
            Ok(value) => variables.push((name, value)),
            Err(_) => unreadable.push(name),
        }
    }
    variables.sort();
    Environment {
        plain: variable("NO_COLOR").is_some_and(|v| !v.is_empty())
            || variable("TERM").is_some_and(|v| v == "dumb"),
        variables,
        unreadable,
        log: variable("BSS_LOG").filter(|v| !v.is_empty()),
        config: path("BSS_CONFIG"),
        context: variable("BSS_CONTEXT").filter(|v| !v.is_empty()),
        home: path("HOME"),
        config_home: path("XDG_CONFIG_HOME"),
        state_home: path("XDG_STATE_HOME"),
        data_home: path("XDG_DATA_HOME"),
        user: ["USER", "LOGNAME"].iter().find_map(|n| variable(n).filter(|v| !v.is_empty())),
        fault: variable("BSS_DEV_FAULT"),
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var(name).ok()
}

impl Environment {
    /// The layers' sources, with the options of the command line.
    #[must_use]
    pub fn sources(&self, global: &Global) -> Sources {
        let user = self
            .config_home
            .clone()
            .or_else(|| self.home.as_ref().map(|h| h.join(".config")))
            .map(|c| c.join("bss/bss.toml"));
        let files = [Some(PathBuf::from("/etc/bss/bss.toml")), user];
        Sources {
            file: global.config.clone().or_else(|| self.config.clone()),
            files: files.into_iter().flatten().collect(),
            local: Some(PathBuf::from("./bss.toml")),
            variables: self.variables.clone(),
            options: global
                .set
                .iter()
                .map(|s| s.split_once('=').unwrap_or((s, "")))
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            context: global.context.clone().or_else(|| self.context.clone()),
        }
    }

    /// The folder for data of the user: `$XDG_DATA_HOME/bss` or `~/.local/share/bss`.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder(self.data_home.as_ref(), ".local/share")
    }

    /// The folder for state: `$XDG_STATE_HOME/bss` or `~/.local/state/bss`.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.folder(self.state_home.as_ref(), ".local/state")
    }

    /// Ours in the folder that is set, else `below` the home.
    fn folder(&self, set: Option<&PathBuf>, below: &str) -> PathBuf {
        set.cloned()
            .or_else(|| self.home.as_ref().map(|h| h.join(below)))
            .unwrap_or_else(|| PathBuf::from("/var/lib"))
            .join("bss")
    }
}
