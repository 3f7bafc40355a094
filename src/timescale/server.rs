//! Which server this is, and whether it can be used.

/// The oldest PostgreSQL: `NULLS NOT DISTINCT` came with 15.
pub const OLDEST_POSTGRES: u32 = 15;
/// The oldest TimescaleDB (major, minor).
pub const OLDEST_TIMESCALE: (u32, u32) = (2, 18);
/// The range that the tests run on.
pub const TESTED: &str = "2.23 to 2.31";

/// What the server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// PostgreSQL's major version.
    pub postgres: u32,
    /// The extension's version in this database, if it is there.
    pub installed: Option<String>,
    /// The version that could be created or updated to, if the server has the extension's files.
    pub available: Option<String>,
    /// The schema of the extension's functions.
    pub schema: Option<String>,
    /// `timescaledb.license`, if the library is loaded.
    pub license: Option<String>,
    /// Whether `shared_preload_libraries` names it; none if we may not see it.
    pub preloaded: Option<bool>,
    /// Whether the library of the Community edition answers; none if not asked.
    pub community_library: Option<bool>,
}

/// What may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// Hypertables only.
    Apache,
    /// Everything.
    Community,
}

impl std::fmt::Display for Edition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Apache => "Apache",
            Self::Community => "Community",
        })
    }
}

/// Why a server cannot be used, and the literal next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// What it lacks.
    pub cause: String,
    /// What to do.
    pub hint: String,
}

/// Decides the edition, or why the server cannot be used.
///
/// # Errors
/// [`Unusable`]: too old, not installed, not preloaded, the Community library missing.
pub fn judge(server: &Server) -> Result<Edition, Unusable> {
    let unusable = |cause: String, hint: String| Err(Unusable { cause, hint });
    if server.postgres < OLDEST_POSTGRES {
        return unusable(
            format!("the server is PostgreSQL {}, needed is {OLDEST_POSTGRES}", server.postgres),
            format!("Upgrade the server to PostgreSQL {OLDEST_POSTGRES} or later."),
        );
    }
    let Some(available) = server.installed.as_ref().or(server.available.as_ref()) else {
        return unusable(
            "the server does not have the extension TimescaleDB".to_owned(),
            format!(
                "Install it on the server: `apt install postgresql-{0}-timescaledb` (Apache \
                 edition) or `timescaledb-2-postgresql-{0}` from packagecloud.io/timescale \
                 (Community), then `ALTER SYSTEM SET shared_preload_libraries = 'timescaledb'` \
                 and restart it.",
                server.postgres
            ),
        );
    };
    if server.preloaded == Some(false) && server.license.is_none() {
        return unusable(
            "the server has TimescaleDB but does not load it".to_owned(),
            "Run `ALTER SYSTEM SET shared_preload_libraries = 'timescaledb'` as a superuser and \
             restart the server."
                .to_owned(),
        );
    }
    if version(available).is_some_and(|v| v < OLDEST_TIMESCALE) {
        let (major, minor) = OLDEST_TIMESCALE;
        return unusable(
            format!("the server has TimescaleDB {available}, needed is {major}.{minor}"),
            "Install a newer TimescaleDB on the server, then run `ALTER EXTENSION timescaledb \
             UPDATE` in this database."
                .to_owned(),
        );
    }
    match (server.license.as_deref(), server.community_library) {
        (Some("apache"), _) => Ok(Edition::Apache),
        (Some(_), Some(false)) => unusable(
            "the server says it is the Community edition but has not loaded its library".to_owned(),
            "Restart the server; if that does not help, set `timescaledb.license = 'apache'` in \
             postgresql.conf or install the Community edition."
                .to_owned(),
        ),
        (Some(_), _) | (None, Some(true)) => Ok(Edition::Community),
        (None, _) => Ok(Edition::Apache),
    }
}

/// Whether an update of the extension waits in this database: from, to.
#[must_use]
pub fn update_waits(server: &Server) -> Option<(String, String)> {
    let (installed, available) = (server.installed.as_ref()?, server.available.as_ref()?);
    (version(installed)? < version(available)?).then(|| (installed.clone(), available.clone()))
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apache() -> Server {
        Server {
            postgres: 18,
            installed: Some("2.31.0".into()),
            available: Some("2.31.0".into()),
            schema: Some("public".into()),
            license: Some("apache".into()),
            preloaded: Some(true),
            community_library: Some(false),
        }
    }

    #[test]
    fn editions() {
        assert_eq!(judge(&apache()), Ok(Edition::Apache));
        let community = Server {
            postgres: 17,
            installed: Some("2.23.0-dev".into()),
            license: Some("timescale".into()),
            community_library: Some(true),
            preloaded: None,
            ..apache()
        };
        assert_eq!(judge(&community), Ok(Edition::Community));
        let not_yet = Server { installed: None, community_library: None, ..community.clone() };
        assert_eq!(judge(&not_yet), Ok(Edition::Community));
        let half = Server { community_library: Some(false), ..community };
        assert!(judge(&half).unwrap_err().cause.contains("not loaded its library"));
    }

    #[test]
    fn unusable_servers_are_told_with_the_next_step() {
        for (server, cause, hint) in [
            (Server { postgres: 14, ..apache() }, "PostgreSQL 14, needed is 15", "Upgrade"),
            (
                Server { installed: None, available: None, license: None, ..apache() },
                "does not have the extension",
                "apt install postgresql-18-timescaledb",
            ),
            (
                Server { installed: None, license: None, preloaded: Some(false), ..apache() },
                "does not load it",
                "ALTER SYSTEM SET shared_preload_libraries",
            ),
            (
                Server { installed: Some("2.9.1".into()), ..apache() },
                "2.9.1, needed is 2.18",
                "ALTER EXTENSION timescaledb UPDATE",
            ),
        ] {
            let unusable = judge(&server).unwrap_err();
            assert!(unusable.cause.contains(cause), "{}", unusable.cause);
            assert!(unusable.hint.contains(hint), "{}", unusable.hint);
        }
    }

    #[test]
    fn a_waiting_update_is_seen() {
        assert_eq!(update_waits(&apache()), None);
        let old = Server { installed: Some("2.23.1".into()), ..apache() };
        assert_eq!(update_waits(&old), Some(("2.23.1".into(), "2.31.0".into())));
    }
}
