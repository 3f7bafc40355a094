//! A database that is set up for metrics, for one test.

use std::path::Path;
use std::process::{Command, Output};

use bss::backends::postgres::connect;
use bss::config::layers::{Sources, resolve};
use bss::config::settings::Timescale;
use serde_json::Value;
use sqlx::{Executor, PgConnection};

use crate::bounded::Bounded;
use crate::support::{self, shown};

/// A database, and a folder for the test's files.
pub struct Database {
    home: tempfile::TempDir,
    settings: Timescale,
}

/// The result of a command as JSON.
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(output)))
}

fn settings(community: bool, database: &str) -> Timescale {
    let (host, port) = if community { support::community() } else { support::postgres() };
    let options = [
        ("timescale.host", host.as_str()),
        ("timescale.port", &port.to_string()),
        ("timescale.database", database),
        ("timescale.password", if community { "" } else { "postgres" }),
    ];
    let options = options.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    resolve(&Sources { options, ..Sources::default() }).expect("settings").settings.timescale
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

impl Database {
    /// A database of its own on the Apache edition, with the extension and nothing else.
    pub fn bare() -> Self {
        let name = support::unique("metrics");
        wait(async {
            let mut admin = connect(&settings(false, "postgres")).await.expect("the server");
            admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
            let mut own = connect(&settings(false, &name)).await.expect("the database");
            own.execute("CREATE EXTENSION timescaledb").await.expect("the extension");
        });
        let home = tempfile::tempdir().expect("a folder");
        Self { home, settings: settings(false, &name) }
    }

    /// A database of its own on the Apache edition, set up.
    pub fn fresh() -> Self {
        let database = Self::bare();
        database.set_up();
        database
    }

    /// The Community edition as it is; the caller holds the turn.
    pub fn community_as_it_is() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        Self { home, settings: settings(true, "postgres") }
    }

    /// The Community edition, set up, without payments; the caller holds the turn.
    pub fn community() -> Self {
        let database = Self::community_as_it_is();
        database.set_up();
        database.work(async |connection| {
            let tables = ["payment", "order", "customer", "revenue", "system"];
            let tables = tables.map(|kind| format!("{kind}_metrics"));
            let others = ["fraud_alerts", "import_ledger", "retention_floor", "seen_event"]
                .map(str::to_owned);
            for table in tables.into_iter().chain(others) {
                // Their chunks go too.
                let empty = format!("TRUNCATE bss.{table}");
                connection.execute(empty.as_str()).await.expect("empty");
            }
        });
        database
    }

    fn set_up(&self) {
        let mut command = self.bss();
        let output = command.args(["setup", "timescale", "--yes"]).ended().expect("bss");
        assert!(output.status.success(), "{}", shown(&output));
    }

    /// The folder in which the program runs.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program, pointed at this database.
    pub fn bss(&self) -> Command {
        let mut command = support::bss(self.home());
        command
            .env("BSS_TIMESCALE_HOST", &self.settings.host)
            .env("BSS_TIMESCALE_PORT", self.settings.port.to_string())
            .env("BSS_TIMESCALE_DATABASE", &self.settings.database)
            .env("BSS_TIMESCALE_PASSWORD", self.settings.password.expose());
        command
    }

    /// Does something with a connection.
    pub fn work<T>(&self, work: impl AsyncFnOnce(&mut PgConnection) -> T) -> T {
        wait(async {
            let mut connection = connect(&self.settings).await.expect("the database");
            work(&mut connection).await
        })
    }

    /// A number that a query gives.
    pub fn count(&self, query: &str) -> u64 {
        self.work(async |connection| {
            let count: i64 = sqlx::query_scalar(query).fetch_one(connection).await.expect(query);
            u64::try_from(count).expect("a count")
        })
    }

    /// How many payments are stored.
    pub fn payments(&self) -> u64 {
        self.count("SELECT count(*) FROM bss.payment_metrics")
    }

    /// A digest of all stored payments, whatever their order on disk.
    pub fn digest(&self) -> String {
        self.work(async |connection| {
            let query = "SELECT md5(string_agg(p::text, chr(10) ORDER BY payment_id, time)) \
                         FROM bss.payment_metrics p";
            sqlx::query_scalar(query).fetch_one(connection).await.expect("a digest")
        })
    }
}
