//! What the event store does with a server that is unsafe, full, restricted, flushed or gone.

use std::time::Duration;

use serde_json::Value;

use crate::event_corner::{Corner, event};
use crate::redis_server::{Server, free_port};
use crate::support::wait_for;

const APPEND: [&str; 4] = ["append", "order/1", "--type", "Made"];

/// User report R1: a server that evicts, or forgets.
#[test]
fn an_unsafe_server_is_refused_with_the_setting_to_change() {
    let server = Server::start(&[]);
    let corner = Corner::at("unsafe", server.port);
    corner.ends(0, &APPEND);
    for (setting, value, back) in [
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
        ("maxmemory-policy", "volatile-ttl", "noeviction"),
        ("appendonly", "no", "yes"),
        ("appendfsync", "no", "everysec"),
    ] {
        server.tell(&["CONFIG", "SET", setting, value]);
        let told = corner.ends(1, &APPEND);
        assert!(told.contains(&format!("{setting} is {value}: an event store needs")), "{told}");
        assert!(told.contains(&format!("CONFIG SET {setting} {back}")), "{told}");
        assert!(told.contains("events.allow_unsafe=true"), "{told}");
        corner.ends(0, &["read", "order/1"]);
        let setup = corner.command(&["setup", "redis"]).output().expect("bss");
        assert_eq!(setup.status.code(), Some(6));
        corner.ends(0, &[&APPEND[..], &["--set", "events.allow_unsafe=true"]].concat());
        server.tell(&["CONFIG", "SET", setting, back]);
    }
    assert!(corner.ends(0, &["verify"]).contains("5 events: whole"));
}

/// User report R1: noeviction, and no memory left.
#[test]
fn a_full_server_refuses_an_append_whole() {
    let server = Server::start(&["--maxmemory", "8mb"]);
    let corner = Corner::at("full", server.port);
    let blob = "x".repeat(20_000);
    let line = |n: usize| {
        format!("{{\"eventId\":\"{n}\",\"type\":\"T\",\"data\":{{\"b\":\"{blob}\"}}}}\n")
    };
    let append = |of: usize| {
        let text: String = (of * 50..of * 50 + 50).map(line).collect();
        let file = corner.file("blobs.ndjson", text.as_bytes());
        corner.run(&["append", "order/1", "--file", &file])
    };
    let full = (0..20).map(|of| (of, append(of))).find(|(_, end)| !end.status.success());
    let (of, full) = full.expect("8 MB are full at some time");
    let told = crate::support::shown(&full);
    assert_eq!(full.status.code(), Some(1), "{told}");
    assert!(told.contains("The store is full") && told.contains("maxmemory"), "{told}");
    let events = of * 50;
    assert!(events > 0);
    assert!(corner.ends(0, &["verify"]).contains(&format!("{events} events: whole")));
    // With more memory the same append is stored.
    server.tell(&["CONFIG", "SET", "maxmemory", "64mb"]);
    assert_eq!(append(of).status.code(), Some(0));
    assert!(corner.ends(0, &["verify"]).contains(&format!("{} events: whole", events + 50)));
}

#[test]
fn a_server_that_is_not_there_ends_with_4() {
    let corner = Corner::at("gone", free_port());
    for command in [&APPEND[..], &["read", "order/1"], &["list"], &["replay"], &["verify"]] {
        let told = corner.ends(4, command);
        assert!(told.contains("could not connect to Redis at 127.0.0.1:"), "{told}");
    }
}

#[test]
fn a_store_that_was_never_made_is_told_apart_from_an_empty_one() {
    let corner = Corner::new("never");
    let told = corner.ends(4, &["verify"]);
    assert!(told.contains("could not find the event store") && told.contains("append"), "{told}");
    corner.append("order/1", "a", "{}");
    corner.ends(0, &["verify"]);
    // Somebody flushed the server while a writer held the store open.
    let server = Server::start(&[]);
    let corner = Corner::at("flushed", server.port);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut store = corner.store().await;
        let aggregate = "order/1".parse().expect("an aggregate");
        let append = |store: &bss::backends::redis::events::Store, id: &str| {
            store.prepare(&aggregate, bss::events::Expected::Any, &[event(id, "{}")]).expect("fits")
        };
        store.append(&append(&store, "a")).await.expect("stored");
        // Functions flushed during a process's life come back.
        server.tell(&["FUNCTION", "FLUSH"]);
        store.append(&append(&store, "b")).await.expect("stored");
        server.tell(&["FUNCTION", "FLUSH"]);
        let part = store.load(&aggregate, 0, None).await.expect("loaded");
        assert_eq!(part.loaded.len(), 2);
        server.tell(&["FUNCTION", "FLUSH"]);
        let pipelined = [append(&store, "c"), append(&store, "d")];
        let outcomes = store.append_all(&pipelined).await.expect("sent");
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        // A whole server flushed is no empty store.
        server.tell(&["FLUSHALL"]);
        let refused = store.append(&append(&store, "e")).await.expect_err("absent");
        assert!(refused.to_string().contains("could not find shard 0"), "{refused}");
    });
}

/// The number of replicas that a server knows as connected.
fn replicas(server: &Server) -> Option<()> {
    let told: String =
        redis::cmd("INFO").arg("replication").query(&mut server.connection()).ok()?;
    told.contains("state=online").then_some(())
}

#[test]
fn an_append_that_too_few_replicas_have_is_stored_and_not_confirmed() {
    let server = Server::start(&[]);
    let corner = Corner::at("replicas", server.port)
        .with("BSS_EVENTS_REPLICAS", "1")
        .with("BSS_EVENTS_REPLICAS_TIMEOUT", "300ms");
    let once = ["append", "order/1", "--type", "Made", "--id", "x"];
    for _ in 0..2 {
        let told = corner.ends(4, &once);
        assert!(told.contains("stored, not confirmed (replicated to 0 of 1)"), "{told}");
        assert!(told.contains("Ids: x") && told.contains("again is safe"), "{told}");
    }
    let port = server.port.to_string();
    let replica = Server::start(&["--replicaof", &format!("127.0.0.1 {port}")]);
    wait_for("the replica is there", Duration::from_secs(60), || replicas(&server));
    let patient = corner.with("BSS_EVENTS_REPLICAS_TIMEOUT", "9s");
    assert!(patient.ends(0, &once).contains("known"));
    patient.append("order/1", "y", "{}");
    assert!(patient.ends(0, &["verify"]).contains("2 events: whole"));
    let on_replica = Corner::at("r", replica.port).named(&patient.namespace);
    assert!(on_replica.ends(0, &["replay"]).contains("2 events"));
    let told = on_replica.ends(1, &["append", "order/1", "--type", "Made"]);
    assert!(told.to_lowercase().contains("read only replica"), "{told}");
}

#[test]
fn a_login_without_functions_uses_scripts() {
    let server = Server::start(&[]);
    let allowed = ["~{scripts*", "+@all", "-function", "-fcall", "-fcall_ro", "-config"];
    server.tell(&[&["ACL", "SETUSER", "writer", "on", ">secret"][..], &allowed].concat());
    let login = |corner: Corner| {
        corner.with("BSS_REDIS_USER", "writer").with("BSS_REDIS_PASSWORD", "secret")
    };
    let corner = login(Corner::at("scripts", server.port));
    corner.append_many("order/1", 10);
    corner.append("order/1", "x", "{}");
    corner.append("order/1", "x", "{}");
    let read: Value = corner.json(&["read", "order/1"]);
    assert_eq!(read["rows"].as_array().expect("rows").len(), 11);
    assert_eq!(corner.json(&["list"])["rows"][0]["events"], 11);
    assert!(corner.ends(0, &["verify"]).contains("11 events: whole"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut store = corner.store().await;
        let aggregate = "order/2".parse().expect("an aggregate");
        let any = bss::events::Expected::Any;
        let append = store.prepare(&aggregate, any, &[event("a", "{}")]).expect("fits");
        server.tell(&["SCRIPT", "FLUSH"]);
        store.append(&append).await.expect("stored");
    });
    // Neither functions nor scripts: the login is named as the cause.
    server.tell(&["ACL", "SETUSER", "writer", "-@scripting"]);
    let told = corner.ends(4, &["read", "order/1"]);
    assert!(told.contains("FUNCTION LOAD") && told.contains("EVALSHA"), "{told}");
    let told = login(Corner::at("other", server.port)).ends(4, &APPEND);
    assert!(told.contains("could not"), "{told}");
}
