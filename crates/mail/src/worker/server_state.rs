//! Whether the mail server is there.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The first pause after the server went away.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Whether the mail server is there, as far as is known. While it is not, no mail is leased: one try of the
/// connection in each pause takes the place of the attempts of all the mails that wait.
#[derive(Debug)]
pub(super) struct ServerState {
    health: Health,
    /// The last pause; zero once the server has worked. One that can be reached and takes nothing (it wants a password, the disk
    /// behind the folder is full) is asked as seldom as one that is away.
    pause: Duration,
    was_told_down: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Health {
    Up,
    /// Down, or nobody has looked yet; looked at again at this time.
    CheckAt(Instant),
    CheckIsDue,
    Checking,
}

impl ServerState {
    /// At the start: to be looked at before the first mail.
    pub(super) const fn unknown() -> Self {
        Self { health: Health::CheckIsDue, pause: Duration::ZERO, was_told_down: false }
    }

    pub(super) fn is_up(&self) -> bool {
        self.health == Health::Up
    }

    /// Ends when the server shall be looked at again; never while it is up or being looked at.
    pub(super) async fn until_check(&self) {
        match self.health {
            Health::CheckAt(at) => sleep_until(at).await,
            Health::CheckIsDue => {}
            Health::Up | Health::Checking => std::future::pending().await,
        }
    }

    /// The server shall be looked at, unless it is up.
    pub(super) fn check_is_due(&mut self) {
        if !self.is_up() {
            self.health = Health::CheckIsDue;
        }
    }

    /// Whether a check is due; it counts as begun then.
    pub(super) fn begin_check(&mut self) -> bool {
        let is_due = self.health == Health::CheckIsDue;
        if is_due {
            self.health = Health::Checking;
        }
        is_due
    }

    /// The server can be reached. Gives whether that is news.
    pub(super) fn came_up(&mut self) -> bool {
        self.health = Health::Up;
        std::mem::take(&mut self.was_told_down)
    }

    /// The server said something about a mail: that it has it, or why not.
    pub(super) fn worked(&mut self) {
        self.pause = Duration::ZERO;
    }

    /// The server could not be reached. Gives the pause that begins, or `None` when one is under way already.
    pub(super) fn went_down(&mut self) -> Option<Duration> {
        if matches!(self.health, Health::CheckAt(_) | Health::CheckIsDue) {
            return None;
        }
        self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        self.health = Health::CheckAt(Instant::now() + self.pause);
        self.was_told_down = true;
        Some(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_anew_once_the_server_has_worked() {
        let mut server = ServerState::unknown();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            server.check_is_due();
            assert!(server.begin_check() && !server.begin_check());
            pauses.push(server.went_down().expect("a pause begins").as_secs());
            assert_eq!(server.went_down(), None, "the others in flight do not lengthen it");
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        server.check_is_due();
        assert!(server.begin_check() && server.came_up() && server.is_up());
        assert_eq!(server.went_down(), Some(PAUSE_MAX), "it can be reached, and takes nothing all the same");
        server.check_is_due();
        assert!(server.begin_check() && server.came_up());
        server.worked();
        assert_eq!(server.went_down(), Some(PAUSE_MIN));
    }
}
