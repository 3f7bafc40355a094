//! A broker that was shut out of its cluster for a moment answers with no broker at all: whoever heard
//! that finds it again.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bss::backends::kafka::{client, ends};
use bss::config::layers::{Sources, resolve};
use bss::config::settings::Kafka;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::broker::Corner;
use crate::support::{kafka, wait_for};

const METADATA: i16 = 3;
/// So many clients, each asked so often at once: one is lost if a second answer without brokers comes
/// right after the first.
const CLIENTS: usize = 10;
const AT_ONCE: usize = 8;

/// Stands before the broker and passes on what is said, as if the broker had its address (but for what
/// a client with a group asks of its coordinator: that says the true one); while
/// `silent`, metadata name no broker, and while `shut`, nobody comes through.
struct Door {
    address: SocketAddr,
    silent: Arc<AtomicBool>,
    shut: Arc<AtomicBool>,
    inside: Arc<Mutex<Vec<TcpStream>>>,
}

impl Door {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let door = Self {
            address: listener.local_addr().expect("an address"),
            silent: Arc::default(),
            shut: Arc::default(),
            inside: Arc::default(),
        };
        let (port, silent) = (door.address.port(), Arc::clone(&door.silent));
        let (shut, inside) = (Arc::clone(&door.shut), Arc::clone(&door.inside));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shut.load(SeqCst) {
                    continue;
                }
                let Ok(broker) = TcpStream::connect(kafka()) else { return };
                inside.lock().expect("who is inside").push(client.try_clone().expect("a socket"));
                if shut.load(SeqCst) {
                    continue;
                }
                pass(client, broker, port, &silent);
            }
        });
        door
    }

    fn shut(&self) {
        self.shut.store(true, SeqCst);
        for client in self.inside.lock().expect("who is inside").drain(..) {
            drop(client.shutdown(std::net::Shutdown::Both));
        }
    }

    fn open_again(&self) {
        self.shut.store(false, SeqCst);
    }
}

/// Passes requests one way and answers the other, each in a thread of its own.
fn pass(client: TcpStream, broker: TcpStream, port: u16, silent: &Arc<AtomicBool>) {
    let asked: Arc<Mutex<HashMap<[u8; 4], i16>>> = Arc::default();
    let (mut requests, mut to_broker) = (client.try_clone().expect("a socket"), broker);
    let (mut answers, mut to_client) = (to_broker.try_clone().expect("a socket"), client);
    let (noted, silent) = (Arc::clone(&asked), Arc::clone(silent));
    std::thread::spawn(move || {
        while let Some(request) = frame(&mut requests) {
            let kind = i16::from_be_bytes([request[0], request[1]]);
            let number = [request[4], request[5], request[6], request[7]];
            noted.lock().expect("notes").insert(number, kind);
            if kind == METADATA {
                assert!(request[3] >= 9, "a form with short lengths");
            }
            if send(&mut to_broker, &request).is_none() {
                break;
            }
        }
        drop(to_broker.shutdown(std::net::Shutdown::Both));
    });
    std::thread::spawn(move || {
        while let Some(mut answer) = frame(&mut answers) {
            let number = [answer[0], answer[1], answer[2], answer[3]];
            let kind = asked.lock().expect("notes").remove(&number);
            if kind == Some(METADATA) {
                answer = retold(answer, port, silent.load(SeqCst));
            }
            if send(&mut to_client, &answer).is_none() {
                break;
            }
        }
        drop(to_client.shutdown(std::net::Shutdown::Both));
    });
}

fn frame(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
    from.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn send(to: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    to.write_all(&u32::try_from(bytes.len()).ok()?.to_be_bytes()).ok()?;
    to.write_all(bytes).ok()
}

/// Metadata with another port of each broker, or without brokers. After the number of the request, its
/// tags and the throttle time: how many brokers there are, plus one, and of each id, host, port, rack
/// and tags; lengths are one byte here.
fn retold(mut answer: Vec<u8>, port: u16, silent: bool) -> Vec<u8> {
    const COUNT: usize = 9;
    let mut at = COUNT + 1;
    for _ in 1..answer[COUNT] {
        at += 4;
        at += usize::from(answer[at]);
        answer[at..at + 4].copy_from_slice(&u32::from(port).to_be_bytes());
        at += 4;
        at += usize::from(answer[at]).max(1);
        at += 1;
    }
    if silent {
        answer.drain(COUNT + 1..at);
        answer[COUNT] = 1;
    }
    answer
}

#[test]
fn a_client_that_heard_of_no_broker_begins_again() {
    let corner = Corner::new("vanished", 1);
    let topic = corner.topic("payment.events");
    let door = Door::open();
    let resolved = resolve(&Sources::default()).expect("the built-in settings");
    let settings = Kafka { bootstrap: door.address.to_string(), ..resolved.settings.kafka };
    let consumer = || -> BaseConsumer { client(&settings).create().expect("a consumer") };
    let clients: Vec<BaseConsumer> = (0..CLIENTS).map(|_| consumer()).collect();
    let limit = Duration::from_secs(30);
    for client in &clients {
        ends::bounds(client, &topic, 0, limit).expect("the bounds");
    }
    // A broker that stood still, and is shut out when it comes back; what clients say of that is of no
    // interest.
    door.shut();
    for client in &clients {
        drop(client.fetch_metadata(Some(&topic), Duration::from_millis(100)));
    }
    door.silent.store(true, SeqCst);
    door.open_again();
    let heard = |client: &BaseConsumer| {
        let heard = client.fetch_metadata(Some(&topic), Duration::from_secs(1)).ok()?;
        heard.brokers().is_empty().then_some(())
    };
    for client in &clients {
        wait_for("the client hears of no broker", limit, || {
            std::thread::scope(|scope| {
                let asked = [(); AT_ONCE].map(|()| scope.spawn(|| heard(client)));
                let answers = asked.map(|one| one.join().expect("an answer"));
                answers.into_iter().flatten().next()
            })
        });
    }
    door.silent.store(false, SeqCst);
    for client in &clients {
        wait_for("the client is back", limit, || {
            ends::bounds(client, &topic, 0, Duration::from_secs(1)).ok()
        });
    }
}
