//! What the operating system says of this process.

use rustix::time::{ClockId, clock_gettime};

/// CPU time used so far, in milliseconds.
#[must_use]
pub fn cpu_millis() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}

/// Memory in use, in bytes; `None` where there is no `/proc`.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Open file descriptors; `None` where there is no `/proc`.
#[must_use]
pub fn open_files() -> Option<u64> {
    // Reading the folder opens one more.
    let count = std::fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(count).ok()?.checked_sub(1)
}

/// Lets the process open as many files as the system allows it, if it says so at all.
pub fn open_as_many_files_as_allowed() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!(%error, "as many files as before can be open");
    }
}

/// Has memory handed out in small pages: a huge one is held whole for the first byte of it, a third
/// of what a long run holds.
pub fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "memory comes in huge pages");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_something() {
        let before = cpu_millis();
        let mut sum = 0_u64;
        while cpu_millis() < before + 5 {
            sum = sum.wrapping_mul(31).wrapping_add(1);
        }
        assert!(resident_bytes().unwrap() > 1 << 20, "{sum}");
        assert!(open_files().unwrap() >= 3);
        open_as_many_files_as_allowed();
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        use_small_pages();
        assert!(rustix::thread::transparent_huge_pages_are_disabled().unwrap());
    }
}
