//! What happens by itself: sales begin and end, drafts are published, and who waited for stock is told.

use std::{sync::Arc, time::Duration};

use commerce::{
    Error,
    catalogue::{TurnProducts, settled_ahead},
    stock_alerts::SendStockAlerts,
};
use identity::fresh_stamp;
use model::Timestamp;
use store::{Engine, execute};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::warn;

/// How often it is asked whether something is due. What is bought costs what it costs at the moment however late this is; lists
/// and filters follow within this time.
const PERIOD: Duration = Duration::from_secs(1);
/// How often it is looked for what a clock that was ahead has settled, maybe that of another process: a look at all variants.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(10);

/// Turns what is due, for ever.
pub(super) async fn run(engine: Arc<dyn Engine>, mail_wake: Arc<Notify>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = Looks::new();
    loop {
        ticks.tick().await;
        if looks.are_due(Timestamp::now()) {
            looks.looked();
            if let Err(error) = look(engine.as_ref()).await {
                warn!(%error, "it could not be looked for sales that a wrong clock has settled; it is tried again");
            }
        }
        if let Err(error) = turn(engine.as_ref()).await {
            warn!(%error, "sales and publications that are due could not be carried out; it is tried again");
            tokio::time::sleep(PAUSE).await;
        }
        match tell(engine.as_ref()).await {
            Ok(false) => {}
            Ok(true) => mail_wake.notify_one(),
            Err(error) => {
                warn!(%error, "those who wait for stock could not be told; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// When to look for what a clock that was ahead has settled.
struct Looks {
    /// What the clock showed last.
    showed: Timestamp,
    next: Instant,
}

impl Looks {
    /// At once: nobody knows what the clock was before.
    fn new() -> Self {
        Self { showed: Timestamp::now(), next: Instant::now() }
    }

    /// Whether it is time to, by a clock that shows `shows`: also when that was put back.
    fn are_due(&mut self, shows: Timestamp) -> bool {
        if shows < self.showed {
            self.next = Instant::now();
        }
        self.showed = shows;
        self.next <= Instant::now()
    }

    fn looked(&mut self) {
        self.next = Instant::now() + LOOK;
    }
}

/// Settles anew what a clock that was ahead has settled.
async fn look(engine: &dyn Engine) -> Result<(), Error> {
    for settle in settled_ahead(engine, Timestamp::now()).await? {
        execute(engine, settle).await?;
    }
    Ok(())
}

async fn turn(engine: &dyn Engine) -> Result<(), Error> {
    // Asked outside of a transaction first: most of the time there is nothing.
    while engine.has_turns(Timestamp::now()).await?
        && execute(engine, TurnProducts { now: Timestamp::now() }).await? > 0
    {}
    Ok(())
}

/// Whether there was anybody to be told.
async fn tell(engine: &dyn Engine) -> Result<bool, Error> {
    let mut any = false;
    while engine.has_due_stock_alerts().await? {
        if execute(engine, SendStockAlerts { stamp: fresh_stamp() }).await? == 0 {
            break;
        }
        any = true;
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use model::SignedDuration;

    use super::*;

    #[test]
    fn a_clock_that_is_put_back_is_a_reason_to_look() {
        let now = Timestamp::now();
        let mut looks = Looks::new();
        assert!(looks.are_due(now), "at the start");
        looks.looked();
        assert!(!looks.are_due(now + SignedDuration::from_hours(48)), "somebody put it forward");
        assert!(looks.are_due(now) && looks.are_due(now), "until it was looked");
        looks.looked();
        assert!(!looks.are_due(now));
    }
}
