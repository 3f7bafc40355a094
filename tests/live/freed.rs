//! What a client, a C library, has freed goes back to the system, also where something else lies
//! above it.

use std::time::Duration;

use bss::runtime::process::resident_bytes;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};

use crate::support::wait_for;

/// A producer that reaches no broker: what it is given waits in its buffers.
fn producer() -> BaseProducer {
    ClientConfig::new()
        .set("bootstrap.servers", "127.0.0.1:1")
        .set("queue.buffering.max.messages", "1000000")
        .set("queue.buffering.max.kbytes", "1000000")
        .set("log_level", "0")
        .create()
        .expect("a producer")
}

fn give(producer: &BaseProducer, records: usize) {
    for _ in 0..records {
        let record = BaseRecord::<(), [u8]>::to("t").payload(&[7; 1000]);
        producer.send(record).map_err(|(error, _)| error).expect("room for it");
    }
}

#[test]
fn a_clients_buffers_go_back_to_the_system() {
    let (burst, rest) = (producer(), producer());
    let resident = || resident_bytes().expect("a /proc");
    let before = resident();
    give(&burst, 200_000);
    give(&rest, 1000);
    let full = resident();
    assert!(full > before + (150 << 20), "the burst is in memory");
    burst.purge(PurgeConfig::default().queue());
    wait_for("the burst is gone", Duration::from_secs(60), || {
        burst.poll(Duration::from_millis(10));
        (burst.in_flight_count() == 0).then_some(())
    });
    // Other tests run in this process: half of it must do.
    wait_for("what it held is given back", Duration::from_secs(60), || {
        (resident() + (75 << 20) < full).then_some(())
    });
}
