//! Roles and their rights, and tenants who see their own rows only.

use std::process::{Command, Output};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

/// A database with roles of a prefix of its own: roles belong to the whole server.
struct Site {
    database: Database,
    prefix: String,
}

impl Site {
    /// Set up without roles so far.
    fn on(database: Database) -> Self {
        Self { database, prefix: support::unique("r") }
    }

    fn bss(&self, arguments: &[&str]) -> Command {
        let mut command = self.database.bss();
        command
            .env("BSS_TIMESCALE_ROLES", "true")
            .env("BSS_TIMESCALE_ROLE_PREFIX", &self.prefix)
            .args(arguments)
            .args(["--set", &format!("timescale.tenant_roles={}=acme", self.role("acme"))]);
        command
    }

    fn setup(&self, arguments: &[&str], status: i32) -> Output {
        let output = self.bss(&[&["setup", "timescale"], arguments].concat()).ended().expect("bss");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
        output
    }

    /// The lines of the plan that `--check` shows.
    fn differences(&self, status: i32) -> Vec<String> {
        let text = String::from_utf8(self.setup(&["--check"], status).stdout).expect("text");
        let lines = text.lines().skip(1).filter(|l| *l != "(no differences)");
        lines.map(str::to_owned).collect()
    }

    /// Alters by hand, demands exactly one line of difference, has it mended.
    fn altered(&self, alteration: &str, line: &str) {
        let alteration = alteration.replace("{p}", &self.prefix);
        executes(&self.database, &alteration);
        let lines = self.differences(6);
        assert_eq!(lines.len(), 1, "{alteration}: {lines:#?}");
        let line = line.replace("{p}", &self.prefix);
        assert!(lines[0].starts_with(&line), "{alteration}: {}", lines[0]);
        self.setup(&["--yes"], 0);
        assert_eq!(self.differences(0), Vec::<String>::new(), "{alteration}");
    }

    fn role(&self, of: &str) -> String {
        format!("{}_{of}", self.prefix)
    }
}

fn executes(database: &Database, statement: &str) {
    database.work(async |connection| {
        connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    });
}

/// Makes a role that can log in, as a member of others.
fn login(database: &Database, role: &str, of: &[String]) {
    executes(database, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"));
    for group in of {
        executes(database, &format!("GRANT {group} TO {role}"));
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// What a role that logs in is answered; `Err` holds the SQLSTATE.
fn says(database: &Database, role: &str, query: &str) -> Result<i64, String> {
    let name: String = database.work(async |connection| {
        let query = "SELECT current_database()::text";
        sqlx::query_scalar(query).fetch_one(connection).await.expect(query)
    });
    let (host, port) = support::postgres();
    let options = PgConnectOptions::new_without_pgpass()
        .host(&host)
        .port(port)
        .username(role)
        .password("secret")
        .database(&name);
    wait(async {
        let mut own = options.connect().await.expect("a login");
        let answer = asked(&mut own, query).await;
        own.close().await.expect("closed");
        answer
    })
}

/// The last answer of some statements, each given alone.
async fn asked(connection: &mut PgConnection, query: &str) -> Result<i64, String> {
    let code = |e: sqlx::Error| {
        e.as_database_error().and_then(|e| e.code()).map_or_else(|| e.to_string(), Into::into)
    };
    let (first, last) = query.rsplit_once(';').unwrap_or(("", query));
    if !first.is_empty() {
        connection.execute(first).await.map_err(code)?;
    }
    sqlx::query_scalar(last).fetch_one(connection).await.map_err(code)
}

/// Two payments of tenant acme and three of another, on two days, the first of them refreshed.
fn paid(database: &Database) {
    for (tenant, count) in [("acme", 2), ("other", 3)] {
        executes(
            database,
            &format!(
                "INSERT INTO bss.payment_metrics (time, payment_id, customer_id, amount, currency,
                     status, event_id, tenant)
                 SELECT now() - INTERVAL '3 days' + n * INTERVAL '20 hours', '{tenant}' || n, 'c', 10,
                     'EUR', 'COMPLETED', '{tenant}' || n, '{tenant}' FROM generate_series(1, {count}) n"
            ),
        );
    }
    let output = database.bss().args(["metrics", "refresh", "--stale"]).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
}

const DENIED: &str = "42501";

#[test]
fn rights_are_declared_and_each_alteration_is_one_line() {
    let site = Site::on(Database::fresh());
    login(&site.database, &site.role("acme"), &[]);
    let plan = shown(&site.setup(&["--plan"], 0));
    for part in ["+ create role {p}_reader: cannot log in", "+ create rights of {p}_writer: on "] {
        let part = part.replace("{p}", &site.prefix);
        assert!(plan.contains(&part), "no `{part}` in {plan}");
    }
    site.setup(&["--yes"], 0);
    assert_eq!(site.differences(0), Vec::<String>::new());
    for (alteration, line) in [
        (
            "GRANT DELETE ON bss.payment_metrics TO {p}_reader",
            "~ change rights of {p}_reader on payment_metrics: DELETE, SELECT -> SELECT",
        ),
        (
            "REVOKE SELECT ON bss.revenue_daily FROM {p}_reader",
            "~ change rights of {p}_reader on revenue_daily: none -> SELECT",
        ),
        (
            "REVOKE USAGE ON SCHEMA bss FROM {p}_writer",
            "~ change rights of {p}_writer on schema bss: none -> USAGE",
        ),
        (
            "GRANT SELECT ON bss.revenue_daily_v1 TO {p}_reader",
            "~ change rights of {p}_reader on revenue_daily_v1: SELECT -> none",
        ),
        (
            "GRANT SELECT ON bss.payment_metrics TO {p}_acme",
            "~ change rights of {p}_acme on payment_metrics: SELECT -> none",
        ),
        // What is made anew gets its rights and its tenants' view back.
        (
            "DROP VIEW bss.revenue_daily CASCADE",
            "+ create view revenue_daily: over revenue_daily_v1",
        ),
        (
            "DROP VIEW bss_tenant.order_metrics",
            "+ create view bss_tenant.order_metrics: rows of the own tenant",
        ),
        (
            "ALTER VIEW bss_tenant.order_metrics RESET (security_barrier)",
            "~ change view bss_tenant.order_metrics: another body -> rows of the own tenant",
        ),
        (
            "CREATE OR REPLACE FUNCTION bss_tenant.mine() RETURNS text[] LANGUAGE sql STABLE
             AS 'SELECT ARRAY[''acme'', ''other'']'",
            "~ change function bss_tenant.mine: other tenants -> its tenants",
        ),
    ] {
        site.altered(alteration, line);
    }
}

#[test]
fn each_role_may_do_what_it_is_for_and_no_more() {
    let site = Site::on(Database::fresh());
    let database = &site.database;
    login(database, &site.role("acme"), &[]);
    site.setup(&["--yes"], 0);
    let [reader, writer, admin] = ["reader", "writer", "admin"].map(|of| {
        let name = site.role(&format!("{of}_1"));
        login(database, &name, &[site.role(of)]);
        name
    });
    paid(database);
    let bss = |role: &str, arguments: &[&str], status: i32| {
        let mut command = database.bss();
        command.env("BSS_TIMESCALE_USER", role).env("BSS_TIMESCALE_PASSWORD", "secret");
        let output = command.args(arguments).ended().expect("bss");
        assert_eq!(output.status.code(), Some(status), "{role} {arguments:?} {}", shown(&output));
        shown(&output)
    };
    // Twice the same and a correction: by COPY, by the staging table, by a deletion.
    let file = |name: &str, rows: &[(&str, u32)]| {
        let header = "orderId,customerId,status,totalAmount,itemsCount,currency,timestamp,revision";
        let row = |(id, revision): &(&str, u32)| {
            format!("\n{id},c1,PAID,{revision}.00,1,EUR,2026-03-01T10:00:00Z,{revision}")
        };
        let text: String = [header.to_owned()].into_iter().chain(rows.iter().map(row)).collect();
        std::fs::write(database.home().join(name), text).expect("written");
    };
    file("rows.csv", &[("o1", 1), ("o1", 1)]);
    file("again.csv", &[("o1", 2)]);
    file("other.csv", &[("o2", 1)]);
    bss(&writer, &["metrics", "import", "order", "rows.csv"], 0);
    bss(&writer, &["metrics", "import", "order", "again.csv"], 0);
    let refused = bss(&reader, &["metrics", "import", "order", "other.csv"], 4);
    assert!(refused.contains("permission denied"), "{refused}");
    for role in [&reader, &writer, &admin] {
        let shown = bss(role, &["analytics", "orders", "status", "--since", "2026-02-28"], 0);
        assert!(shown.contains("PAID") && shown.contains("2.00"), "{shown}");
        bss(role, &["metrics", "policies", "check"], 0);
    }
    let truncate = "TRUNCATE bss.fraud_alerts; SELECT 1::bigint";
    assert_eq!(says(database, &admin, truncate), Ok(1));
    assert_eq!(says(database, &writer, truncate), Err(DENIED.to_owned()));
    let note = "UPDATE bss.retention_floor SET moved_at = now(); SELECT 1::bigint";
    assert_eq!(says(database, &writer, note), Err(DENIED.to_owned()));
    assert_eq!(says(database, &admin, note), Ok(1));
}

#[test]
fn a_tenant_sees_its_own_rows_only_in_aggregates_too() {
    let site = Site::on(Database::fresh());
    let database = &site.database;
    let acme = site.role("acme");
    login(database, &acme, &[]);
    site.setup(&["--yes"], 0);
    paid(database);
    let counts = [
        ("SELECT count(*) FROM bss_tenant.payment_metrics", 2),
        ("SELECT sum(payment_count)::bigint FROM bss_tenant.payment_status_daily", 2),
        ("SELECT sum(payment_count)::bigint FROM bss_tenant.payment_pattern_hourly", 2),
        ("SELECT count(*) FROM bss_tenant.payment_metrics WHERE tenant = 'other'", 0),
    ];
    for (query, count) in counts {
        assert_eq!(says(database, &acme, query), Ok(count), "{query}");
    }
    // A function of its own sees no row that the view hides.
    let leak =
        "CREATE FUNCTION pg_temp.leak(t text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS
         $$ BEGIN IF t <> 'acme' THEN RAISE EXCEPTION 'seen %', t; END IF; RETURN true; END $$;
         SELECT count(*) FROM bss_tenant.payment_metrics WHERE pg_temp.leak(tenant)";
    // The body has semicolons of its own.
    let (make, ask) = leak.split_once("$$;").expect("two statements");
    let name = format!("{make}$$");
    let (host, port) = support::postgres();
    let current: String = database.work(async |connection| {
        let query = "SELECT current_database()::text";
        sqlx::query_scalar(query).fetch_one(connection).await.expect(query)
    });
    let options = PgConnectOptions::new_without_pgpass()
        .host(&host)
        .port(port)
        .username(&acme)
        .password("secret")
        .database(&current);
    let unseen: i64 = wait(async {
        let mut own = options.connect().await.expect("a login");
        own.execute(name.as_str()).await.expect(&name);
        sqlx::query_scalar(ask).fetch_one(&mut own).await.expect(ask)
    });
    assert_eq!(unseen, 2);
    for table in ["payment_metrics", "payment_status_daily", "payment_status_daily_v1", "rollup"] {
        let query = format!("SELECT count(*) FROM bss.{table}");
        assert_eq!(says(database, &acme, &query), Err(DENIED.to_owned()), "{query}");
    }
    // A chunk is no way around.
    let chunk: String = database.work(async |connection| {
        let query = "SELECT format('%I.%I', chunk_schema, chunk_name)
                     FROM timescaledb_information.chunks WHERE hypertable_name = 'payment_metrics'";
        sqlx::query_scalar(query).fetch_one(connection).await.expect(query)
    });
    let query = format!("SELECT count(*) FROM {chunk}");
    assert_eq!(says(database, &acme, &query), Err(DENIED.to_owned()));
    // One that is also a reader would see everything: told, and not ours to take.
    let (grant, reader) = (format!("GRANT {}_reader TO {acme}", site.prefix), site.role("reader"));
    executes(database, &grant);
    let lines = site.differences(6);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("may use schema bss through another role"), "{lines:#?}");
    site.setup(&["--yes"], 7);
    executes(database, &format!("REVOKE {reader} FROM {acme}"));
    assert_eq!(site.differences(0), Vec::<String>::new());
}

#[test]
fn an_administrator_is_asked_for_what_the_user_may_not() {
    let site = Site::on(Database::bare());
    let database = &site.database;
    let owner = site.role("owner");
    login(database, &owner, &[]);
    let name: String = database.work(async |connection| {
        let query = "SELECT current_database()::text";
        sqlx::query_scalar(query).fetch_one(connection).await.expect(query)
    });
    executes(database, &format!("ALTER DATABASE {name} OWNER TO {owner}"));
    let run = |arguments: &[&str], status: i32| {
        let mut command = site.bss(&[&["setup", "timescale"], arguments].concat());
        command.env("BSS_TIMESCALE_USER", &owner).env("BSS_TIMESCALE_PASSWORD", "secret");
        let output = command.ended().expect("bss");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
        shown(&output)
    };
    let text = run(&["--yes"], 7);
    for of in ["reader", "writer", "admin"] {
        let statement = format!("CREATE ROLE \"{}\" NOLOGIN", site.role(of));
        assert!(text.contains(&statement), "no {statement} in {text}");
    }
    assert!(text.contains(&format!("CREATE ROLE \"{}\" LOGIN", site.role("acme"))), "{text}");
    // Once an administrator has run them, the same command completes it.
    for of in ["reader", "writer", "admin", "acme"] {
        executes(database, &format!("CREATE ROLE \"{}\" LOGIN PASSWORD 'secret'", site.role(of)));
    }
    run(&["--yes"], 0);
    run(&["--check"], 0);
    let own = says(database, &site.role("acme"), "SELECT count(*) FROM bss_tenant.payment_metrics");
    assert_eq!(own, Ok(0));
}

#[test]
fn the_community_edition_keeps_tenants_apart_too() {
    let _turn = support::pglite();
    wipe_community();
    let site = Site::on(Database::community());
    let database = &site.database;
    let (acme, reader) = (site.role("acme"), site.role("reader"));
    executes(database, &format!("CREATE ROLE {acme} LOGIN"));
    site.setup(&["--yes"], 0);
    assert_eq!(site.differences(0), Vec::<String>::new());
    paid(database);
    let as_role = |role: &str, query: &str| {
        database.work(async |connection| {
            let set = format!("SET ROLE {role}");
            connection.execute(set.as_str()).await.expect(&set);
            let answer = asked(connection, query).await;
            connection.execute("RESET ROLE").await.expect("reset");
            answer
        })
    };
    let daily = "SELECT sum(payment_count)::bigint FROM bss_tenant.payment_status_daily";
    assert_eq!(as_role(&acme, daily), Ok(2));
    assert_eq!(as_role(&acme, "SELECT count(*) FROM bss_tenant.payment_metrics"), Ok(2));
    let all = "SELECT sum(payment_count)::bigint FROM bss.payment_status_daily";
    assert_eq!(as_role(&acme, all), Err(DENIED.to_owned()));
    assert_eq!(as_role(&reader, all), Ok(5));
    site.altered(
        "DROP VIEW bss.payment_status_daily CASCADE",
        "+ create view payment_status_daily: over payment_status_daily_v1",
    );
    assert_eq!(as_role(&acme, daily), Ok(2));
    site.altered(
        "ALTER MATERIALIZED VIEW bss.revenue_daily_v1 SET (timescaledb.materialized_only = true)",
        "~ change continuous aggregate revenue_daily: materialized only -> real-time",
    );
    // Without tenants in the settings what was made for them is told and left.
    let mut command = database.bss();
    let left = command.args(["setup", "timescale", "--check"]).ended().expect("bss");
    assert!(shown(&left).contains("- foreign schema bss_tenant"), "{}", shown(&left));
    executes(database, "DROP SCHEMA bss_tenant CASCADE");
    for of in ["acme", "reader", "writer", "admin"] {
        let role = site.role(of);
        executes(database, &format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }
}
