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
    /// `BSS_DEV_FAULT`, see [`crate::runtime::Fault`]; debug builds only.
    pub fault: Option<String>,
}

/// Variables that start with `BSS_` but are no settings.
const OTHERS: [&str; 3] = ["BSS_CONFIG", "BSS_CONTEXT", "BSS_LOG"];

/// Reads the environment of the process.
#[must_use]
pub fn read() -> Environment {
    let path = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variables = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .filter(|(k, _)| k.starts_with("BSS_") && !OTHERS.contains(&k.as_str()))
        .filter(|(k, _)| !k.starts_with("BSS_TEST_") && !k.starts_with("BSS_DEV_"))
        .collect();
    Environment {
        plain: variable("NO_COLOR").is_some_and(|v| !v.is_empty())
            || variable("TERM").is_some_and(|v| v == "dumb"),
        variables,
        config: path("BSS_CONFIG"),
        context: variable("BSS_CONTEXT").filter(|v| !v.is_empty()),
        home: path("HOME"),
        config_home: path("XDG_CONFIG_HOME"),
        state_home: path("XDG_STATE_HOME"),
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
        let files = [Some(PathBuf::from("/etc/bss/bss.toml")), user, Some("./bss.toml".into())];
        Sources {
            file: global.config.clone().or_else(|| self.config.clone()),
            files: files.into_iter().flatten().filter(|p| p.exists()).collect(),
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

    /// The folder for state: `$XDG_STATE_HOME/bss` or `~/.local/state/bss`.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.state_home
            .clone()
            .or_else(|| self.home.as_ref().map(|h| h.join(".local/state")))
            .unwrap_or_else(|| PathBuf::from("/var/lib"))
            .join("bss")
    }
}
