//! Runs of the program that end within a limit: one that hangs fails its test and tells where it
//! stands, instead of keeping the whole run from ending.

use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// After this long a call of the program hangs: no test waits half as long for one.
const HUNG: Duration = Duration::from_secs(240);

/// Calls that end.
pub trait Bounded {
    /// As [`Command::output`]; killed, and its threads shown, if it hangs.
    fn ended(&mut self) -> std::io::Result<Output>;
}

impl Bounded for Command {
    fn ended(&mut self) -> std::io::Result<Output> {
        self.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.spawn()?;
        let pid = Pid::from_child(&child);
        watched(pid, || child.wait_with_output())
    }
}

/// Waits for a child as for any call.
pub fn end_of(child: &mut Child) -> ExitStatus {
    let pid = Pid::from_child(child);
    watched(pid, || child.wait()).expect("an end")
}

fn watched<T>(pid: Pid, wait: impl FnOnce() -> T) -> T {
    let (done, over) = channel::<()>();
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            // An end drops the sender.
            (over.recv_timeout(HUNG) == Err(RecvTimeoutError::Timeout)).then(|| {
                let shown = threads(pid);
                kill_process(pid, Signal::KILL).expect("killed");
                shown
            })
        });
        let result = wait();
        drop(done);
        let hangs = watch.join().expect("a look");
        assert!(hangs.is_none(), "it hangs: {}", hangs.unwrap_or_default());
        result
    })
}

/// What each thread of a process does: its stack where a debugger is there, else the kernel's word.
fn threads(pid: Pid) -> String {
    let number = pid.as_raw_pid().to_string();
    let stacks = Command::new("gdb")
        .args(["-p", &number, "-batch", "-nx", "-ex", "thread apply all bt 20"])
        .stdin(Stdio::null())
        .output();
    if let Ok(stacks) = stacks
        && stacks.status.success()
    {
        return String::from_utf8_lossy(&stacks.stdout).into_owned();
    }
    let tasks = std::fs::read_dir(format!("/proc/{number}/task")).into_iter().flatten().flatten();
    let read = |task: &std::fs::DirEntry, what| {
        std::fs::read_to_string(task.path().join(what)).unwrap_or_default().trim().to_owned()
    };
    let line = |task: std::fs::DirEntry| {
        ["comm", "wchan", "syscall"].map(|what| read(&task, what)).join(" ")
    };
    tasks.map(line).collect::<Vec<_>>().join("\n")
}
