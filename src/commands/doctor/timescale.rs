//! Whether a PostgreSQL server with TimescaleDB can do what is asked of it.

use crate::backends::BackendError;
use crate::backends::postgres::probe::{self, Facts};
use crate::backends::postgres::{connect, inventory, place};
use crate::cli::Failure;
use crate::commands::doctor::{Check, clock};
use crate::commands::setup;
use crate::config::{Backend, Settings};
use crate::runtime::Clock;
use crate::timescale::server::{self, Edition, Server};

/// Asks the server and judges the answers.
pub async fn checks(settings: &Settings, our_clock: &dyn Clock) -> Vec<Check> {
    let (facts, server) = match ask(settings).await {
        Ok(answers) => answers,
        Err(error) => return vec![Check::unreachable(Backend::Timescale, error)],
    };
    let now = our_clock.now();
    let mut checks = vec![Check::fine("reachable", place(&settings.timescale))];
    checks.extend(judge(&facts, &server));
    if server::judge(&server).is_ok() {
        checks.push(objects(setup::timescale::differences(&settings.timescale).await));
    }
    checks.push(clock(facts.time, now, settings.general.max_skew));
    checks
}

async fn ask(settings: &Settings) -> Result<(Facts, Server), BackendError> {
    let own = &settings.timescale;
    let mut connection = connect(own).await?;
    let facts = probe::facts(&mut connection, own).await?;
    let server = inventory::server(&mut connection).await?;
    Ok((facts, server))
}

/// Judges the facts; version and edition as `bss setup timescale` does.
#[must_use]
pub fn judge(facts: &Facts, server: &Server) -> Vec<Check> {
    let version = match &server.installed {
        Some(installed) => format!("PostgreSQL {}, TimescaleDB {installed}", facts.version),
        None => format!("PostgreSQL {}, TimescaleDB not in this database", facts.version),
    };
    let mut checks = Vec::new();
    let edition = match server::judge(server) {
        Ok(edition) => edition,
        Err(unusable) => {
            let found = format!("{version}: {}", unusable.cause);
            checks.push(Check::finding("version", found, unusable.hint));
            checks.push(role(facts));
            return checks;
        }
    };
    checks.push(match server::update_waits(server) {
        Some((from, to)) => Check::finding(
            "version",
            format!("{version}; an update from {from} to {to} waits"),
            "Run `ALTER EXTENSION timescaledb UPDATE` first thing in a new session.",
        ),
        None => Check::fine("version", version),
    });
    checks.push(role(facts));
    checks.push(match edition {
        Edition::Apache => Check::note(
            "edition",
            "Apache: rollups instead of continuous aggregates; no compression, no scheduler",
        ),
        Edition::Community => Check::fine("edition", "Community"),
    });
    if edition == Edition::Community && server.installed.is_some() {
        checks.push(scheduler(facts));
    }
    checks
}

fn role(facts: &Facts) -> Check {
    if facts.in_recovery {
        return Check::finding(
            "role",
            "standby, takes no writes",
            "Point timescale.host and timescale.port at the primary.",
        );
    }
    Check::fine("role", "primary, takes writes")
}

fn scheduler(facts: &Facts) -> Check {
    if facts.scheduler {
        let workers = facts.background_workers.map_or("?".to_owned(), |w| w.to_string());
        return Check::fine("scheduler", format!("runs; background workers: {workers}"));
    }
    Check::finding(
        "scheduler",
        "no scheduler runs in this database: policies are kept but never run by themselves",
        "Raise max_worker_processes, then run `SELECT \
         _timescaledb_functions.start_background_workers()`.",
    )
}

/// How the declared objects stand against what is there.
fn objects(differences: Result<usize, Failure>) -> Check {
    match differences {
        Ok(0) => Check::fine("objects", "as declared"),
        Ok(count) => Check::finding(
            "objects",
            format!("{count} differ from what is declared"),
            "`bss setup timescale --plan` lists them, `bss setup timescale` mends them.",
        ),
        Err(failure) => Check::unusable("objects", failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;

    fn facts() -> Facts {
        Facts { version: "18.6".to_owned(), scheduler: true, ..Facts::default() }
    }

    fn server() -> Server {
        Server {
            postgres: 18,
            installed: Some("2.29.2".to_owned()),
            available: Some("2.29.2".to_owned()),
            schema: Some("public".to_owned()),
            license: Some("timescale".to_owned()),
            preloaded: Some(true),
            community_library: Some(true),
        }
    }

    fn findings(facts: &Facts, server: &Server) -> Vec<&'static str> {
        let checks = judge(facts, server).into_iter().filter(|c| c.state == State::Finding);
        checks.map(|c| c.subject).collect()
    }

    #[test]
    fn both_editions_are_fine_and_told_apart() {
        assert!(findings(&facts(), &server()).is_empty());
        let apache = Server { license: Some("apache".to_owned()), ..server() };
        let silent = Facts { scheduler: false, ..facts() };
        assert!(findings(&silent, &apache).is_empty());
        assert!(judge(&facts(), &apache).iter().any(|c| c.found.starts_with("Apache")));
    }

    #[test]
    fn each_lack_is_one_finding() {
        for (server, subject) in [
            (Server { postgres: 14, ..server() }, "version"),
            (Server { available: Some("2.31.0".to_owned()), ..server() }, "version"),
            (Server { community_library: Some(false), ..server() }, "version"),
        ] {
            assert_eq!(findings(&facts(), &server), [subject], "{server:?}");
        }
        let standby = Facts { in_recovery: true, ..facts() };
        assert_eq!(findings(&standby, &server()), ["role"]);
        let silent = Facts { scheduler: false, ..facts() };
        assert_eq!(findings(&silent, &server()), ["scheduler"]);
        assert_eq!(objects(Ok(3)).state, State::Finding);
        assert_eq!(objects(Ok(0)).state, State::Fine);
    }
}
