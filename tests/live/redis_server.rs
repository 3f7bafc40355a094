//! A redis-server of one test's own: to fill, kill, restart or misconfigure.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::wait_for;

/// A running server; it is killed when it is dropped.
pub struct Server {
    /// Where it listens, on the loopback interface.
    pub port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    child: Option<Child>,
}

impl Server {
    /// Starts one with an append-only file; later `arguments` win over earlier ones.
    pub fn start(arguments: &[&str]) -> Self {
        let safe = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"];
        let arguments = safe.iter().chain(arguments).map(|a| (*a).to_owned()).collect();
        let folder = tempfile::tempdir().expect("folder");
        let mut server = Self { port: free_port(), arguments, folder, child: None };
        server.launch();
        server
    }

    /// Starts the stopped server again, on its port and with its files.
    pub fn launch(&mut self) {
        self.begin();
        self.wait();
    }

    /// The same, with later `arguments` and without waiting until it answers.
    pub fn begin_with(&mut self, arguments: &[&str]) {
        self.arguments.extend(arguments.iter().map(|a| (*a).to_owned()));
        self.begin();
    }

    fn begin(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--dir"]);
        command.arg(self.folder.path()).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("redis-server is installed"));
    }

    /// Waits until it answers.
    pub fn wait(&self) {
        wait_for("redis-server answers", Duration::from_secs(60), || {
            let mut connection = self.client().get_connection().ok()?;
            redis::cmd("PING").query::<String>(&mut connection).ok()
        });
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("an end");
        }
    }

    /// Waits until it says that it loads its data.
    pub fn wait_for_loading(&self) {
        wait_for("redis-server loads", Duration::from_secs(60), || {
            let mut connection = self.client().get_connection().ok()?;
            let told: String = redis::cmd("INFO").arg("persistence").query(&mut connection).ok()?;
            told.contains("\nloading:1").then_some(())
        });
    }

    fn client(&self) -> redis::Client {
        redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("an address")
    }

    /// A connection.
    pub fn connection(&self) -> redis::Connection {
        self.client().get_connection().expect("a connection")
    }

    /// Runs a command whose answer does not matter.
    pub fn tell(&self, words: &[&str]) {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).exec(&mut self.connection()).expect("done");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
