//! The raw ceiling of fraud-detection's work: read a payment, parse it, write one output of the
//! same size, keep one changelog record per key and transaction, commit exactly once every 100 ms,
//! and do nothing else.
//!
//! ```text
//! ceilings --bootstrap 127.0.0.1:19092 --prefix bss --group ceiling [--workers 2]
//!     [--partitions 12] [--commit-ms 100] [--headers on|off] [--changelog on|off]
//!     [--state-bytes 300] [--take poll|batch] [--partition key|input]
//!     [--drain on|off] [--max-records 10000] [--producer KEY=VALUE]...
//!     [--consumer KEY=VALUE]...
//! ```
//! Reads `PREFIX.payment.events`, writes `PREFIX.payment.metrics` and
//! `GROUP-customers-changelog`, which must be there; prints one line of JSON.

mod batch;
mod options;
mod payment;
mod worker;

use std::error::Error;
use std::time::Instant;

use options::Options;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// CPU seconds of this process so far. The kernel counts in hundredths (USER_HZ).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Peak resident memory in MiB.
fn peak_rss_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args(std::env::args().skip(1))?;
    let start = Instant::now();
    let done: Result<Vec<worker::Done>, String> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..options.workers)
            .map(|k| {
                let options = &options;
                scope.spawn(move || worker::run(options, k).map_err(|e| e.to_string()))
            })
            .collect();
        let joined = handles.into_iter().map(|h| h.join().map_err(|_| "a worker panicked"));
        joined.map(|r| r.map_err(str::to_owned).flatten()).collect()
    });
    let done = done?;
    let seconds = start.elapsed().as_secs_f64();
    let sum = |of: fn(&worker::Done) -> u64| done.iter().map(of).sum::<u64>();
    let events = sum(|d| d.events);
    let cpu = cpu_seconds().ok_or("/proc/self/stat cannot be read")?;
    println!(
        "{{\"name\":\"{}\",\"events\":{events},\"seconds\":{seconds:.3},\"events_s\":{:.0},\
         \"cpu_s\":{cpu:.2},\"events_per_cpu_s\":{:.0},\"peak_rss_mb\":{},\"changelog\":{},\
         \"commits\":{},\"drain_s\":{:.2},\"commit_s\":{:.2},\"amount\":{:.2}}}",
        options.name(),
        events as f64 / seconds,
        events as f64 / cpu,
        peak_rss_mb().ok_or("/proc/self/status cannot be read")?,
        sum(|d| d.changelog),
        sum(|d| d.commits),
        done.iter().map(|d| d.drain.as_secs_f64()).sum::<f64>(),
        done.iter().map(|d| d.commit.as_secs_f64()).sum::<f64>(),
        done.iter().map(|d| d.amount).sum::<f64>(),
    );
    Ok(())
}
