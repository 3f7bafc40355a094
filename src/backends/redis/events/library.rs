//! The functions of the event store in the server: one text, run as a library of functions or, where
//! a server refuses those, as scripts.

use std::sync::LazyLock;

use redis::{Cmd, RedisError, Value};
use sha1::{Digest as _, Sha1};

use crate::backends::redis::connection::Connection;
use crate::backends::redis::passes;

/// The library's name carries a digest of its text: another text's functions stay beside it, so that
/// old and new programs run side by side.
static NAME: LazyLock<String> = LazyLock::new(|| {
    let bodies: String = ALL.iter().map(|function| function.body).collect();
    let mut name = format!("bss_{}", sha(&bodies));
    name.truncate(16);
    name
});

/// One function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    name: &'static str,
    body: &'static str,
    reads_only: bool,
}

/// Appends events of one aggregate.
pub const APPEND: Function =
    Function { name: "append", body: include_str!("append.lua"), reads_only: false };
/// Reads events of one aggregate.
pub const LOAD: Function =
    Function { name: "load", body: include_str!("load.lua"), reads_only: true };

/// Puts events back where they were.
pub const RESTORE: Function =
    Function { name: "restore", body: include_str!("restore.lua"), reads_only: false };
/// Walks the aggregates of a shard.
pub const SCAN: Function =
    Function { name: "scan", body: include_str!("scan.lua"), reads_only: true };
/// Gives a consumer of a group its next events.
pub const TAKE: Function = Function {
    name: "take",
    body: concat!(include_str!("group.lua"), include_str!("take.lua")),
    reads_only: false,
};
/// Notes what a group has done.
pub const ACK: Function = Function {
    name: "ack",
    body: concat!(include_str!("group.lua"), include_str!("ack.lua")),
    reads_only: false,
};
/// Sets an event of a group aside.
pub const PARK: Function = Function {
    name: "park",
    body: concat!(include_str!("group.lua"), include_str!("park.lua")),
    reads_only: false,
};
/// Lists what is pending in a group.
pub const PENDING: Function =
    Function { name: "pending", body: include_str!("pending.lua"), reads_only: true };
/// Gives pending events to another consumer.
pub const CLAIM: Function = Function {
    name: "claim",
    body: concat!(include_str!("group.lua"), include_str!("claim.lua")),
    reads_only: false,
};
/// Removes a consumer of a group.
pub const DISMISS: Function =
    Function { name: "dismiss", body: include_str!("dismiss.lua"), reads_only: false };
/// Removes a group.
pub const DISBAND: Function =
    Function { name: "disband", body: include_str!("disband.lua"), reads_only: false };
/// Trims what is archived.
pub const TRIM: Function =
    Function { name: "trim", body: include_str!("trim.lua"), reads_only: false };

/// Takes rows of a view with their position.
pub const PROJECT: Function =
    Function { name: "project", body: include_str!("project.lua"), reads_only: false };
/// Puts a view in the place of the live one.
pub const SWAP: Function =
    Function { name: "swap", body: include_str!("swap.lua"), reads_only: false };

/// Tells and counts the epoch of a shard.
pub const EPOCH: Function =
    Function { name: "epoch", body: include_str!("epoch.lua"), reads_only: false };

/// All functions of the library.
const ALL: [Function; 15] = [
    APPEND, LOAD, RESTORE, SCAN, EPOCH, TAKE, ACK, PARK, PENDING, CLAIM, DISMISS, DISBAND, TRIM,
    PROJECT, SWAP,
];

impl Function {
    fn registered(self) -> String {
        format!("{}_{}", *NAME, self.name)
    }

    fn script(self) -> String {
        format!("{}\nreturn {}(KEYS, ARGV)", self.body, self.name)
    }
}

/// The library as `FUNCTION LOAD` takes it.
fn text() -> String {
    let mut text = format!("#!lua name={}\n", *NAME);
    for function in ALL {
        let flags = if function.reads_only { ", flags = {'no-writes'}" } else { "" };
        text.push_str(function.body);
        text.push_str(&format!(
            "redis.register_function{{function_name = '{}', callback = {}{flags}}}\n",
            function.registered(),
            function.name
        ));
    }
    text
}

/// How the server runs our functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// As a library of functions.
    Functions,
    /// As scripts, since it refuses functions.
    Scripts,
}

impl Calls {
    /// The command that calls a function.
    #[must_use]
    pub fn command(self, function: Function, keys: &[String], args: &[&[u8]]) -> Cmd {
        let mut cmd = match self {
            Self::Functions => redis::cmd("FCALL").arg(function.registered()).to_owned(),
            Self::Scripts => redis::cmd("EVALSHA").arg(sha(&function.script())).to_owned(),
        };
        cmd.arg(keys.len()).arg(keys).arg(args);
        cmd
    }
}

fn sha(text: &str) -> String {
    Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts the functions into the server, on a cluster into every primary; where it refuses functions,
/// as scripts.
///
/// # Errors
/// If it refuses both.
pub async fn load(connection: &mut Connection) -> Result<Calls, RedisError> {
    let mut load = redis::cmd("FUNCTION");
    load.arg("LOAD").arg(text());
    let refused = match load.query_async::<Value>(connection).await {
        Ok(_) => return Ok(Calls::Functions),
        // It is there: its text is the same, or the name would be another.
        Err(error) if error.to_string().contains("already exists") => return Ok(Calls::Functions),
        Err(error) if passes(&error) => return Err(error),
        Err(error) => error,
    };
    for function in ALL {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(function.script());
        if load.query_async::<Value>(connection).await.is_err() {
            return Err(refused);
        }
    }
    Ok(Calls::Scripts)
}

/// Whether an error says that the functions are not there: a new primary, a flushed server.
#[must_use]
pub fn lacks(error: &RedisError) -> bool {
    let text = error.to_string();
    text.contains("Function not found") || error.code() == Some("NOSCRIPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_registers_each_function_once() {
        let text = text();
        for function in ALL {
            let registered = format!("'{}'", function.registered());
            assert_eq!(text.matches(&registered).count(), 1);
            assert!(function.body.contains(&format!("local function {}(", function.name)));
        }
        assert_eq!(sha("return 1"), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    }
}
