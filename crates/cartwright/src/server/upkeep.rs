//! What is done from time to time while the shop is open.

use std::{sync::Arc, time::Duration};

use commerce::{
    Error, low_stock,
    upkeep::{Sweep, TakeTurn, Watched},
};
use identity::fresh_stamp;
use model::Timestamp;
use store::{Engine, execute};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tracing::warn;

/// Not while the shop is opening.
const FIRST: Duration = Duration::from_secs(60);
/// How often this process asks whether it is its turn.
const PERIOD: Duration = Duration::from_secs(10 * 60);
/// Between two parts of the work, for those who wait.
const PAUSE: Duration = Duration::from_millis(50);

/// Removes what nobody needs any more, for ever.
pub(super) async fn run(engine: Arc<dyn Engine>) {
    let mut ticks = interval_at(Instant::now() + FIRST, PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count = Count::default();
    loop {
        ticks.tick().await;
        if let Err(error) = sweep(engine.as_ref(), &mut count).await {
            warn!(%error, "old sessions and idempotency keys could not be removed, or what is short could not be told; it is tried again within the hour");
        }
    }
}

/// What this process saw of the time for which the shop has run, and since when.
#[derive(Default)]
struct Count(Option<(Duration, Instant)>);

impl Count {
    fn watched(&self) -> Option<Watched> {
        self.0.map(|(counted, since)| Watched { counted, passed: since.elapsed() })
    }

    /// Takes note of the count. One that stays the same is watched on.
    fn see(&mut self, counted: Duration) {
        if self.0.is_none_or(|(seen, _)| seen != counted) {
            self.0 = Some((counted, Instant::now()));
        }
    }
}

async fn sweep(engine: &dyn Engine, count: &mut Count) -> Result<(), Error> {
    let turn = execute(engine, TakeTurn { now: Timestamp::now(), watched: count.watched() }).await?;
    count.see(turn.counted);
    if !turn.is_taken {
        return Ok(());
    }
    tell_low_stock(engine).await?;
    let Some(before) = turn.kept_from else { return Ok(()) };
    while execute(engine, Sweep { before }).await? > 0 {
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Mails the shop what became short.
async fn tell_low_stock(engine: &dyn Engine) -> Result<(), Error> {
    if let Some(tell) = low_stock::news(engine, fresh_stamp()).await? {
        execute(engine, tell).await?;
    }
    Ok(())
}
