//! What is measured of a program and its answers.

use std::{fs, time::Duration};

use super::load::Sent;

/// The 99th percentile of what orders took; nothing for none.
#[must_use]
pub fn p99(sent: &[Sent]) -> Duration {
    p99_of(sent.iter().map(|sent| sent.took).collect())
}

/// The 99th percentile of these times; nothing for none.
#[must_use]
pub fn p99_of(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took.get(took.len() * 99 / 100).copied().unwrap_or_default()
}

/// What a process has in memory (resident), in KiB; 0 when it is gone.
#[must_use]
pub fn memory_kib(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:")
}

/// The most that a process has had in memory since [`forget_peak`], in KiB; 0 when it is gone.
#[must_use]
pub fn peak_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

/// Has the system forget how much a process has had in memory at most (`proc(5)`, `clear_refs`).
///
/// # Errors
/// The process is gone, or somebody else's.
pub fn forget_peak(pid: u32) -> std::io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

fn status_kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
