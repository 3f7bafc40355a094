//! A server that loads its data says of itself what does not hold afterwards: whoever comes meanwhile
//! is told to wait, and nobody takes it for an unsafe one.

use crate::event_corner::Corner;
use crate::redis_server::Server;

#[test]
fn a_server_that_loads_its_data_is_not_ready_and_never_unsafe() {
    let mut server = Server::start(&[]);
    let corner = Corner::at("loading", server.port);
    let note = ["append", "order/1", "--type", "Noted", "--data", "{}", "--quiet"];
    corner.ends(0, &note);
    let mut many = redis::pipe();
    (0..20_000).for_each(|i| {
        many.cmd("SET").arg(format!("filler-{i}")).arg(i).ignore();
    });
    many.exec(&mut server.connection()).expect("filled");
    server.kill();
    // Six seconds, with an answer every third of a second.
    server.begin_with(&["--key-load-delay", "300"]);
    server.wait_for_loading();
    let told = corner.ends(4, &note);
    assert!(told.contains("loads its data"), "{told}");
    let output = corner.command(&["setup", "redis"]).output().expect("bss");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("loads its data"), "{told}");
    server.wait();
    corner.ends(0, &note);
    assert!(corner.ends(0, &["verify"]).contains("2 events: whole"));
}
