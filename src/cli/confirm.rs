//! The guard before anything is deleted or reset.
//!
//! It shows the target with the origin of its address, then asks for `yes`, or for the context's
//! name where the context is production. `--yes` and `--yes=NAME` answer beforehand. Where there
//! is neither a terminal nor an answer it refuses at once: it never waits for nobody.

use std::collections::BTreeMap;

use crate::cli::failure::Failure;
use crate::config::{Backend, Resolved, Selected, Settings};

/// Proof that the operator agreed. Whatever deletes or resets takes it; only the guard makes it.
#[derive(Debug)]
pub struct Confirmed(());

/// What the guard knows about the target.
#[derive(Debug)]
pub struct Guard {
    context: Option<Selected>,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug)]
struct Endpoint {
    /// `database "bss" at db1:5432`.
    place: String,
    /// The host, which `--yes=HOST` names.
    host: String,
    /// `host from /etc/bss/bss.toml`.
    origins: String,
    /// Keys of the address that the environment or an option gave.
    overridden: Vec<String>,
}

/// What the guard decides before anybody is asked.
#[derive(Debug)]
pub enum Decision {
    /// Agreed beforehand.
    Agreed(Confirmed),
    /// The operator must type this word.
    Ask(String),
    /// Refused.
    Refused(Failure),
}

impl Guard {
    /// Gathers the addresses of `targets` and where they came from.
    #[must_use]
    pub fn new(resolved: &Resolved, targets: &[Backend]) -> Self {
        let endpoints =
            targets.iter().map(|t| endpoint(*t, &resolved.settings, &resolved.origins)).collect();
        Self { context: resolved.context.clone(), endpoints }
    }

    /// The lines that show target and effect.
    #[must_use]
    pub fn notice(&self, what: &str, effect: &str) -> Vec<String> {
        let mut lines = vec![format!("This will {what}: {effect}.")];
        for endpoint in &self.endpoints {
            lines.push(format!("  {} ({})", endpoint.place, endpoint.origins));
        }
        if let Some(context) = &self.context {
            let kind = if context.production { " (production)" } else { "" };
            lines.push(format!("  context {}{kind}", context.name));
        }
        lines
    }

    /// Decides by the answer given beforehand (`--yes` is `Some("")`) and whether anybody can be
    /// asked.
    #[must_use]
    pub fn decide(&self, what: &str, yes: Option<&str>, terminal: bool) -> Decision {
        let word = self.word();
        let agreed = match yes {
            None => false,
            // A bare --yes agrees wherever no name is demanded; a name must be the right one.
            Some("") => word == "yes",
            Some(name) if word == "yes" => self.names(name),
            Some(name) => name == word,
        };
        if agreed {
            return Decision::Agreed(Confirmed(()));
        }
        if yes.is_none() && terminal {
            return Decision::Ask(word);
        }
        Decision::Refused(self.refusal(what, yes, &word))
    }

    /// Takes the typed answer.
    ///
    /// # Errors
    /// Exit 2 unless it is `word`.
    pub fn answered(&self, what: &str, word: &str, typed: &str) -> Result<Confirmed, Failure> {
        if typed.trim() == word {
            return Ok(Confirmed(()));
        }
        Err(Failure::usage(format!("did not {what}: `{word}` was not typed")).code("refused"))
    }

    /// The word that agrees: the host where a production context's address was overridden, the
    /// name of a production context, else `yes`.
    fn word(&self) -> String {
        match &self.context {
            Some(context) if context.production => {
                let overridden = self.endpoints.iter().find(|e| !e.overridden.is_empty());
                overridden.map_or_else(|| context.name.clone(), |e| e.host.clone())
            }
            _ => "yes".to_owned(),
        }
    }

    fn names(&self, name: &str) -> bool {
        name == "yes"
            || self.context.as_ref().is_some_and(|c| c.name == name)
            || self.endpoints.iter().any(|e| e.host == name)
    }

    fn refusal(&self, what: &str, yes: Option<&str>, word: &str) -> Failure {
        let mut failure = match yes {
            Some(given) if !given.is_empty() => {
                Failure::usage(format!("refused to {what}: --yes={given} does not name the target"))
            }
            _ => Failure::usage(format!("refused to {what} without a confirmation")),
        }
        .code("refused");
        for endpoint in &self.endpoints {
            failure.causes.push(format!("the target is {} ({})", endpoint.place, endpoint.origins));
        }
        let production = self.context.as_ref().filter(|c| c.production);
        if let Some(context) = production {
            failure.causes.push(format!("context {} is production", context.name));
            for endpoint in self.endpoints.iter().filter(|e| !e.overridden.is_empty()) {
                failure.causes.push(format!(
                    "its address was overridden: {}",
                    endpoint.overridden.join(", ")
                ));
            }
            return failure.hint(format!("Add --yes={word} if that is what you want."));
        }
        failure.hint("Add --yes if that is what you want.")
    }
}

fn endpoint(backend: Backend, settings: &Settings, origins: &BTreeMap<String, String>) -> Endpoint {
    let Settings { timescale: t, kafka: k, redis: r, .. } = settings;
    let (place, host, keys): (String, String, &[&str]) = match backend {
        Backend::Timescale => (
            format!("database \"{}\" at {}:{}", t.database, t.host, t.port),
            t.host.clone(),
            &["host", "port", "database"],
        ),
        Backend::Kafka => {
            let first = k.bootstrap.split(',').next().unwrap_or_default().trim();
            let host = first.rsplit_once(':').map_or(first, |(host, _)| host);
            (format!("Kafka at {}", k.bootstrap), host.to_owned(), &["bootstrap"])
        }
        Backend::Redis => (
            format!("Redis database {} at {}:{}", r.database, r.host, r.port),
            r.host.clone(),
            &["host", "port", "database"],
        ),
    };
    let section = backend.section();
    let mut by_origin: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut overridden = Vec::new();
    for key in keys {
        let origin = origins.get(&format!("{section}.{key}")).map_or("built-in", String::as_str);
        by_origin.entry(origin).or_default().push(key);
        if origin.starts_with("environment ") || origin.starts_with("option ") {
            overridden.push(format!("{section}.{key} by {origin}"));
        }
    }
    let origins: Vec<String> = by_origin
        .into_iter()
        .map(|(origin, keys)| format!("{} from {origin}", keys.join(" and ")))
        .collect();
    Endpoint { place, host, origins: origins.join(", "), overridden }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::config::{Sources, layers};

    fn guard(production: bool, variables: &[(&str, &str)]) -> (Guard, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bss.toml");
        let text = format!(
            "[context.prod]\nproduction = {production}\n[context.prod.timescale]\nhost = \
             \"db1.example\"\n"
        );
        std::fs::write(&path, text).unwrap();
        let sources = Sources {
            file: Some(path),
            context: Some("prod".to_owned()),
            variables: variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ..Sources::default()
        };
        (Guard::new(&layers::resolve(&sources).unwrap(), &[Backend::Timescale]), folder)
    }

    fn told(decision: Decision) -> String {
        match decision {
            Decision::Agreed(_) => "agreed".to_owned(),
            Decision::Ask(word) => format!("type {word}"),
            Decision::Refused(failure) => {
                assert_eq!(failure.status, ExitStatus::Usage);
                let hint = failure.hints.join(" ");
                format!("refused; {hint}")
            }
        }
    }

    #[test]
    fn what_each_answer_means() {
        let (calm, _a) = guard(false, &[]);
        let (prod, _b) = guard(true, &[]);
        let (moved, _c) = guard(true, &[("BSS_TIMESCALE_HOST", "db9.example")]);
        for (guard, yes, terminal, expected) in [
            (&calm, None, true, "type yes"),
            (&calm, None, false, "refused; Add --yes if that is what you want."),
            (&calm, Some(""), false, "agreed"),
            (&calm, Some("prod"), false, "agreed"),
            (&calm, Some("db2"), false, "refused; Add --yes if that is what you want."),
            (&prod, None, true, "type prod"),
            (&prod, None, false, "refused; Add --yes=prod if that is what you want."),
            (&prod, Some(""), true, "refused; Add --yes=prod if that is what you want."),
            (&prod, Some("staging"), true, "refused; Add --yes=prod if that is what you want."),
            (&prod, Some("prod"), false, "agreed"),
            (
                &moved,
                Some("prod"),
                true,
                "refused; Add --yes=db9.example if that is what you want.",
            ),
            (&moved, None, true, "type db9.example"),
            (&moved, Some("db9.example"), false, "agreed"),
        ] {
            let decision = guard.decide("drop everything", yes, terminal);
            assert_eq!(told(decision), expected, "{yes:?} terminal {terminal} {guard:?}");
        }
    }

    #[test]
    fn the_notice_names_host_port_database_and_origin() {
        let (guard, _folder) = guard(true, &[("BSS_TIMESCALE_PORT", "6543")]);
        let notice = guard.notice("drop hypertable \"payment_metrics\"", "1000 rows go").join("\n");
        for part in [
            "drop hypertable \"payment_metrics\": 1000 rows go.",
            "database \"postgres\" at db1.example:6543",
            "host from",
            "[context.prod]",
            "port from environment BSS_TIMESCALE_PORT",
            "database from built-in",
            "context prod (production)",
        ] {
            assert!(notice.contains(part), "{notice}");
        }
    }

    #[test]
    fn only_the_word_itself_agrees() {
        let (guard, _folder) = guard(true, &[]);
        assert!(guard.answered("drop", "prod", "prod\n").is_ok());
        for typed in ["", "yes", "PROD", "production"] {
            assert!(guard.answered("drop", "prod", typed).is_err(), "{typed}");
        }
    }
}
