//! What the figures were measured on.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

/// Processor, cores, kernel and disk, in a line.
pub(crate) fn describe(folder: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let sync = match median_sync(folder) {
        Ok(time) => format!("a 4 KiB write with fdatasync takes {:.2} ms", time.as_secs_f64() * 1000.0),
        Err(error) => format!("fdatasync: {error}"),
    };
    format!(
        "{cores} cores of {}, Linux {}; {sync}",
        processor.unwrap_or("an unknown processor"),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

/// What durability costs here: the median of 100 appends that are synced.
fn median_sync(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("sync");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(100);
    for _ in 0..100 {
        let begin = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[50])
}
