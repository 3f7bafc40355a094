//! The event store on a Redis Cluster. User report R9.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::event_corner::Corner;
use crate::redis_server::Server;
use crate::support::wait_for;

/// Three primaries.
fn cluster() -> Vec<Server> {
    let servers: Vec<Server> = (0..3)
        .map(|_| {
            let bus = crate::redis_server::free_port().to_string();
            let enabled = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            Server::start(&[&enabled[..], &["--cluster-node-timeout", "5000"]].concat())
        })
        .collect();
    let mut create = Command::new("redis-cli");
    create.args(["--cluster", "create"]);
    create.args(servers.iter().map(|server| format!("127.0.0.1:{}", server.port)));
    let made = create.args(["--cluster-yes"]).stdin(Stdio::null()).output().expect("redis-cli");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    for server in &servers {
        wait_for("the cluster agrees", Duration::from_secs(60), || {
            let told: String =
                redis::cmd("CLUSTER").arg("INFO").query(&mut server.connection()).ok()?;
            told.contains("cluster_state:ok").then_some(())
        });
    }
    servers
}

/// Which server has a shard's keys.
fn home(servers: &[Server], key: &str) -> usize {
    let of = |server: &Server| {
        let count: std::result::Result<i64, _> =
            redis::cmd("EXISTS").arg(key).query(&mut server.connection());
        count.is_ok()
    };
    servers.iter().position(of).expect("one of them")
}

#[test]
fn shards_spread_over_the_nodes_and_every_command_finds_them() {
    let servers = cluster();
    // A name whose three shards lie on three nodes.
    let spread = |n: u32| {
        let name = format!("spread{n}");
        let mut homes: Vec<usize> =
            (0..3).map(|shard| home(&servers, &format!("{{{name}:{shard}}}:log"))).collect();
        homes.sort_unstable();
        (homes == [0, 1, 2]).then_some(name)
    };
    let name = (0..).find_map(spread).expect("a name");
    let corner = Corner::at("cluster", servers[0].port).named(&name).with("BSS_EVENTS_SHARDS", "3");
    for n in 0..12 {
        corner.append_many(&format!("order/{n}"), 50);
    }
    corner.append("order/1", "once", "{}");
    corner.append("order/1", "once", "{}");
    for server in &servers {
        let keys: i64 = redis::cmd("DBSIZE").query(&mut server.connection()).expect("a size");
        assert!(keys > 50, "{keys}");
    }
    let read = corner.json(&["read", "order/1", "--limit", "100"]);
    assert_eq!(read["rows"].as_array().expect("rows").len(), 51);
    assert_eq!(corner.lines(&["replay", "-o", "ndjson"]).len(), 601);
    assert_eq!(corner.lines(&["replay", "-o", "ndjson", "order/1"]).len(), 51);
    assert_eq!(corner.json(&["list"])["rows"].as_array().expect("rows").len(), 12);
    assert!(corner.ends(0, &["verify"]).contains("601 events: whole"));
    corner.ends(0, &["stats"]);
    let file = corner.home().join("events.ndjson").display().to_string();
    corner.ends(0, &["export", &file]);
    let text = std::fs::read_to_string(&file).expect("an export");
    // Into another namespace of the cluster, as it was and as new events.
    let copy = Corner::at("copy", servers[1].port).with("BSS_EVENTS_SHARDS", "3");
    copy.ends(0, &["import", &file]);
    let again = copy.home().join("events.ndjson").display().to_string();
    copy.ends(0, &["export", &again]);
    assert_eq!(std::fs::read_to_string(&again).expect("an export"), text);
    let anew = Corner::at("anew", servers[2].port).with("BSS_EVENTS_SHARDS", "5");
    anew.ends(0, &["import", &file, "--renumber"]);
    assert!(anew.ends(0, &["verify"]).contains("601 events: whole"));
    // One append is one step on one aggregate, on a cluster as anywhere.
    let two = "{\"type\":\"T\",\"data\":{}}\n{\"aggregateType\":\"order\",\"aggregateId\":\"2\",\"type\":\"T\",\"data\":{}}\n";
    let told =
        corner.ends(2, &["append", "order/1", "--file", &corner.file("two", two.as_bytes())]);
    assert!(told.contains("one step on one aggregate"), "{told}");
    // Functions that a node lost come back.
    for server in &servers {
        server.tell(&["FUNCTION", "FLUSH"]);
    }
    corner.append("order/1", "later", "{}");
    assert!(corner.ends(0, &["verify"]).contains("602 events: whole"));
}
