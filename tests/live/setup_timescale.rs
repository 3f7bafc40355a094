//! `bss setup timescale` on both editions.

use bss::backends::postgres::{connect, migrate};
use bss::config::layers::{Sources, resolve};
use bss::config::settings::Timescale;
use sqlx::{Connection, Executor, PgConnection};

use crate::support;

/// Settings of the test servers' databases.
fn settings(community: bool, database: &str) -> Timescale {
    let (host, port) = if community { support::community() } else { support::postgres() };
    let password = if community { "" } else { "postgres" };
    let options = [
        ("timescale.host", host.as_str()),
        ("timescale.port", &port.to_string()),
        ("timescale.database", database),
        ("timescale.password", password),
    ];
    let options = options.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    resolve(&Sources { options, ..Sources::default() }).expect("settings").settings.timescale
}

/// Runs `work` to its end.
fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// A database of its own on the Apache edition, without the extension.
async fn fresh_database() -> String {
    let name = support::unique("setup");
    let mut admin = connect(&settings(false, "postgres")).await.expect("the Apache edition");
    admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
    admin.close().await.expect("closed");
    name
}

/// Empties the schema on PGlite; 2.23 drops hypertables only one at a time.
async fn clean(connection: &mut PgConnection) {
    let caggs: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', view_schema, view_name)
         FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'bss'",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("continuous aggregates");
    for cagg in caggs {
        let drop = format!("DROP MATERIALIZED VIEW {cagg} CASCADE");
        connection.execute(drop.as_str()).await.expect(&drop);
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bss'",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("tables");
    for table in tables {
        let drop = format!("DROP TABLE {table} CASCADE");
        connection.execute(drop.as_str()).await.expect(&drop);
    }
    connection.execute("DROP SCHEMA IF EXISTS bss CASCADE").await.expect("no schema");
}

#[test]
fn migrations_apply_once_on_both_editions() {
    wait(async {
        let database = fresh_database().await;
        let mut apache = connect(&settings(false, &database)).await.expect("connected");
        assert_eq!(migrate::migrate(&mut apache).await.expect("first"), 9);
        assert_eq!(migrate::migrate(&mut apache).await.expect("second"), 0);
        assert_eq!(migrate::migrations(&mut apache).await.expect("read").pending, []);
    });
    let _turn = support::pglite();
    wait(async {
        let mut community = connect(&settings(true, "postgres")).await.expect("connected");
        clean(&mut community).await;
        assert_eq!(migrate::migrations(&mut community).await.expect("read").pending.len(), 9);
        assert_eq!(migrate::migrate(&mut community).await.expect("first"), 9);
        assert_eq!(migrate::migrate(&mut community).await.expect("second"), 0);
    });
}
