//! Load: connections that ask as fast as they are answered, or at a fixed rate.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::http::{Connection, Failure};

/// Where the requests of one connection come from.
pub(crate) trait Requests: Send {
    /// The bytes of the next request.
    fn next(&mut self) -> &[u8];

    /// The loopback address that they come from.
    fn source(&self) -> Ipv4Addr {
        Ipv4Addr::LOCALHOST
    }
}

/// How long, and how fast.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// What passes before anything is measured.
    pub(crate) warm_up: Duration,
    /// What is measured.
    pub(crate) measured: Duration,
    /// Requests a second over all connections; `None` sends the next when the last was answered.
    pub(crate) rate: Option<u32>,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Of each measured request, in microseconds.
    latencies_us: Vec<u32>,
    /// Replies by status, those of the warm-up included.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// The first reply of a status that was not expected, or what broke a connection.
    pub(crate) surprise: Option<String>,
    /// What was measured.
    measured: Duration,
}

impl Outcome {
    /// Measured requests a second.
    pub(crate) fn per_second(&self) -> f64 {
        let count = u32::try_from(self.latencies_us.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.measured.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency that this share of the requests stays under, in milliseconds. `thousandths` of 990 is p99.
    pub(crate) fn percentile_ms(&self, thousandths: usize) -> f64 {
        let last = self.latencies_us.len().saturating_sub(1);
        let at = (self.latencies_us.len() * thousandths / 1000).min(last);
        self.latencies_us.get(at).map_or(0.0, |&us| f64::from(us) / 1000.0)
    }

    /// How many requests were measured.
    pub(crate) fn measured(&self) -> usize {
        self.latencies_us.len()
    }

    /// How many replies had this status.
    pub(crate) fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or(0)
    }

    fn take(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.surprise = self.surprise.take().or(other.surprise);
    }
}

/// Runs every source on a connection of its own until the time is over and the last reply is in.
pub(crate) async fn run(
    address: SocketAddr,
    sources: Vec<Box<dyn Requests>>,
    pace: Pace,
    expected: &'static [u16],
) -> Outcome {
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    let count = u32::try_from(sources.len()).unwrap_or(u32::MAX);
    for (index, source) in (0..count).zip(sources) {
        // Connection n of 64 begins n/64 of a period later, so that a fixed rate is even.
        let period = pace.rate.map(|rate| Duration::from_secs(1) * count / rate.max(1));
        let schedule = period.map(|period| Schedule { next: begin + period * index / count, period });
        tasks.spawn(connection(address, source, pace, begin, schedule, expected));
    }
    let mut total = Outcome { measured: pace.measured, ..Outcome::default() };
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(outcome) => total.take(outcome),
            Err(error) => total.surprise = Some(error.to_string()),
        }
    }
    total.latencies_us.sort_unstable();
    total
}

/// When the requests of a connection are due.
struct Schedule {
    next: Instant,
    period: Duration,
}

async fn connection(
    address: SocketAddr,
    mut source: Box<dyn Requests>,
    pace: Pace,
    begin: Instant,
    mut schedule: Option<Schedule>,
    expected: &'static [u16],
) -> Outcome {
    let mut outcome = Outcome { latencies_us: Vec::with_capacity(1 << 14), ..Outcome::default() };
    if let Err(failure) = ask(address, &mut source, pace, begin, schedule.as_mut(), expected, &mut outcome).await {
        outcome.surprise = Some(failure.to_string());
    }
    outcome
}

async fn ask(
    address: SocketAddr,
    source: &mut Box<dyn Requests>,
    pace: Pace,
    begin: Instant,
    mut schedule: Option<&mut Schedule>,
    expected: &'static [u16],
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let (warm, end) = (begin + pace.warm_up, begin + pace.warm_up + pace.measured);
    let mut connection = Connection::open_from(source.source(), address).await?;
    let mut ready = Instant::now();
    while ready < end {
        let sent = match schedule.as_deref_mut() {
            None => ready,
            Some(schedule) => schedule.wait(ready).await,
        };
        let reply = connection.send(source.next()).await?;
        *outcome.statuses.entry(reply.status).or_default() += 1;
        if !expected.contains(&reply.status) && outcome.surprise.is_none() {
            let body = String::from_utf8_lossy(&reply.body[..reply.body.len().min(500)]);
            outcome.surprise = Some(format!("{} {body}", reply.status));
        }
        ready = Instant::now();
        if sent >= warm && ready <= end {
            outcome.latencies_us.push(u32::try_from((ready - sent).as_micros()).unwrap_or(u32::MAX));
        }
    }
    Ok(())
}

impl Schedule {
    /// Waits until the next request is due and gives the time from which its latency counts: the time at which it was
    /// due, if the reply before it came too late (or slow replies would hide the waiting they cause); otherwise the
    /// time at which the timer, whose ticks are a millisecond, woke.
    async fn wait(&mut self, ready: Instant) -> Instant {
        let due = self.next;
        self.next += self.period;
        if ready >= due {
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let outcome = Outcome {
            latencies_us: (1..=1000).map(|n| n * 1000).collect(),
            measured: Duration::from_secs(2),
            ..Outcome::default()
        };
        let percentiles = [500, 990, 999, 1000].map(|thousandths| outcome.percentile_ms(thousandths));
        assert_eq!(percentiles.map(|ms| ms.to_string()), ["501", "991", "1000", "1000"]);
        assert_eq!(outcome.per_second().to_string(), "500");
        assert_eq!(Outcome::default().percentile_ms(990).to_string(), "0");
    }
}
