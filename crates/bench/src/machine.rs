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

/// What the process `pid` has used of the processors, by the names of its threads and in total. It tells what a request costs
/// also where other programs share the machine.
pub(crate) fn processor_time(pid: u32) -> Result<Vec<(String, Duration)>, String> {
    let folder = format!("/proc/{pid}/task");
    let tasks = fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?;
    let mut times: Vec<(String, Duration)> = Vec::new();
    for task in tasks.flatten() {
        // A thread may end while the list is read.
        let Ok(stat) = fs::read_to_string(task.path().join("stat")) else { continue };
        let Some((name, time)) = parse_stat(&stat) else { continue };
        match times.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += time,
            None => times.push((name, time)),
        }
    }
    Ok(times)
}

/// Name and processor time out of proc_pid_stat(5): the name stands in parentheses, and the 12th and 13th fields after it
/// are ticks of 1/100 s (`USER_HZ`) in user and kernel mode.
fn parse_stat(stat: &str) -> Option<(String, Duration)> {
    let (head, fields) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut ticks = fields.split_whitespace().skip(11).map(|ticks| ticks.parse::<u64>().ok());
    let ticks = ticks.next()?? + ticks.next()??;
    Some((name.to_owned(), Duration::from_millis(ticks * 10)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_whatever_the_thread_is_called() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 999 0 1 0 250 50 0 0 20 0 9 0 12345 1000 200";
        assert_eq!(parse_stat(stat), Some(("a (b) c".to_owned(), Duration::from_secs(3))));
        assert_eq!(parse_stat("42 (x) S 1"), None);
        assert!(!processor_time(std::process::id()).expect("this process").is_empty());
    }
}
