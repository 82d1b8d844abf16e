//! Who sees each mail handed out, sent and noted, and says what must not be.

use std::collections::{BTreeMap, BTreeSet};

use commerce::mail::Delivery;
use model::{
    MailId, OutboxMail, SignedDuration, Timestamp,
    mail::{ATTEMPTS_MAX, DeliveryOutcome, LEASE, MailLease, MailStatus},
};

use super::gates::Said;

/// What is known of a mail.
#[derive(Debug, Default)]
struct Track {
    /// How often a server took it.
    delivered: u32,
    /// How often that may not have been noted in time: then it is sent once more.
    excuses: u32,
    /// How often it had been taken when nothing troubled its worker any more.
    delivered_before: u32,
    /// How it was handed out last, and until when somebody has it.
    lease: Option<MailLease>,
    held_until: Option<Timestamp>,
    /// How often it was handed out and no word of that came in time: all die, again and again.
    unheard: i64,
    /// How often it was put off.
    deferrals: i64,
    /// How many send it at this moment.
    senders: u32,
    /// It was noted as sent.
    is_done: bool,
    /// A server said no, or it was put off as often as may be.
    was_refused: bool,
    /// That was noted.
    is_given_up: bool,
}

impl Track {
    const fn is_settled(&self) -> bool {
        self.is_done || self.is_given_up
    }
}

/// A 250 that a worker heard.
#[derive(Debug)]
struct Heard {
    worker: u64,
    lease: MailLease,
    /// Since when the worker could have noted it.
    at: Timestamp,
    is_noted: bool,
}

/// How long a worker may keep to itself that a mail was sent, while it waits for nothing: as in `mail::Worker`, which collects notes for a
/// tenth of a second, and tries again a second after the database failed.
const KEPT_MAX: SignedDuration = SignedDuration::from_millis(1_100);

/// How often a worker that stops tries to note what it knows, as in `mail::Worker`.
const NOTES_MAX: u32 = 5;

/// Knows of every mail.
#[derive(Debug)]
pub(super) struct Judge {
    mails: BTreeMap<MailId, Track>,
    heard: Vec<Heard>,
    /// How often in a row each worker could not note what it knows.
    failed: BTreeMap<u64, u32>,
    /// The workers that were told to stop, or killed.
    ended: BTreeSet<u64>,
    chance: fastrand::Rng,
    violations: Vec<String>,
}

impl Judge {
    pub(super) fn new(chance: fastrand::Rng) -> Self {
        Self {
            mails: BTreeMap::new(),
            heard: Vec::new(),
            failed: BTreeMap::new(),
            ended: BTreeSet::new(),
            chance,
            violations: Vec::new(),
        }
    }

    /// A number below this one.
    pub(super) fn draw(&mut self, below: u16) -> u16 {
        self.chance.u16(..below)
    }

    /// How many mails are on their way, as far as was seen.
    pub(super) fn count(&self) -> usize {
        self.mails.values().filter(|track| !track.is_settled()).count()
    }

    /// Another one is.
    pub(super) fn written(&mut self, id: MailId) {
        self.mails.entry(id).or_default();
    }

    /// Something is that must not be.
    pub(super) fn violate(&mut self, what: String) {
        self.violations.push(what);
    }

    /// A worker is about to be told to stop, or killed.
    pub(super) fn ends(&mut self, worker: u64) {
        self.ended.insert(worker);
    }

    /// Whether it was.
    pub(super) fn has_ended(&self, worker: u64) -> bool {
        self.ended.contains(&worker)
    }

    /// What must not be, and was.
    pub(super) fn take_violations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.violations)
    }

    /// The database handed these out, to somebody whose clock showed this.
    pub(super) fn handed_out(&mut self, mails: &[OutboxMail], now: Timestamp) {
        for mail in mails {
            let track = self.mails.entry(mail.id).or_default();
            if track.is_done {
                self.violations.push(format!("the mail {} was handed out after it was noted as sent", mail.id));
            }
            if track.is_given_up {
                self.violations.push(format!("the mail {} was handed out after it was given up", mail.id));
            }
            if track.held_until.is_some_and(|until| until > now) {
                self.violations.push(format!("the mail {} was handed out twice", mail.id));
            }
            track.held_until = now.checked_add(LEASE).ok();
            track.unheard += 1;
            track.lease = Some(mail.lease());
        }
    }

    /// A mail is on its way to the server.
    pub(super) fn sending_begins(&mut self, id: MailId) {
        let track = self.mails.entry(id).or_default();
        if track.senders > 0 {
            self.violations.push(format!("the mail {id} was sent by two at once"));
        }
        track.senders += 1;
    }

    /// It is not any more.
    pub(super) fn sending_ends(&mut self, id: MailId) {
        let track = self.mails.entry(id).or_default();
        track.senders = track.senders.saturating_sub(1);
    }

    /// The worker hung up, or died: the server may have it all the same.
    pub(super) fn cut_off(&mut self, id: MailId) {
        let has_arrived = u32::from(self.chance.bool());
        let track = self.mails.entry(id).or_default();
        track.delivered += has_arrived;
        track.excuses += has_arrived;
    }

    /// The server said this about a mail.
    pub(super) fn said(&mut self, worker: u64, lease: MailLease, said: Said, now: Timestamp) {
        let track = self.mails.entry(lease.mail).or_default();
        match said {
            Said::Taken => {
                track.delivered += 1;
                self.heard.push(Heard { worker, lease, at: now, is_noted: false });
            }
            Said::TakenUnheard => {
                track.delivered += 1;
                track.excuses += 1;
            }
            Said::Refused => track.was_refused = true,
            Said::NotNow | Said::Lost => {}
        }
    }

    /// The database has noted what became of these.
    pub(super) fn noted(&mut self, worker: u64, deliveries: &[Delivery]) {
        self.failed.remove(&worker);
        for Delivery { lease, outcome, server_only } in deliveries {
            let id = lease.mail;
            let track = self.mails.entry(id).or_default();
            let is_holder = track.lease == Some(*lease);
            match outcome {
                DeliveryOutcome::Sent { .. } => {
                    track.is_done = true;
                    match self.heard.iter_mut().find(|heard| heard.worker == worker && heard.lease == *lease) {
                        None => self.violations.push(format!("the mail {id} was noted as sent, and no server has it")),
                        Some(heard) => {
                            // Late: it was handed out again, and may be sent once more.
                            track.excuses += u32::from(!is_holder && !heard.is_noted);
                            heard.is_noted = true;
                        }
                    }
                }
                DeliveryOutcome::Rejected { .. } if !track.was_refused => {
                    self.violations.push(format!("the mail {id} was given up, and no server refused it"));
                }
                DeliveryOutcome::Rejected { .. } => track.is_given_up |= is_holder && !track.is_done,
                // Counted here, and not as the mail says it: what was put off, and hand-outs of which nobody heard.
                DeliveryOutcome::Deferred { .. } if is_holder && !server_only => {
                    track.deferrals += 1;
                    let is_too_often = track.deferrals + track.unheard > ATTEMPTS_MAX;
                    track.was_refused |= is_too_often;
                    track.is_given_up |= is_too_often && !track.is_done;
                }
                DeliveryOutcome::Deferred { .. } => {}
            }
            // A word that comes late gives nothing back that another one has.
            if is_holder {
                (track.lease, track.held_until) = (None, None);
                track.unheard -= 1;
            }
        }
    }

    /// A worker waits for the database: until then it can note nothing.
    pub(super) fn is_kept_waiting(&mut self, worker: u64, now: Timestamp) {
        self.heard.iter_mut().filter(|heard| heard.worker == worker).for_each(|heard| heard.at = now);
    }

    /// A worker that was not told to stop waits for nothing, unless for a time: what it heard it has noted.
    pub(super) fn waits_for_nothing(&mut self, worker: u64, now: Timestamp) {
        let of_it = self.heard.iter_mut().filter(|heard| heard.worker == worker && !heard.is_noted);
        for heard in of_it.filter(|heard| now.duration_since(heard.at) > KEPT_MAX) {
            self.violations
                .push(format!("the mail {} was taken, and the worker keeps that to itself", heard.lease.mail));
            // Once is enough.
            heard.is_noted = true;
        }
    }

    /// A note did not reach the database, or the word of it did not come back.
    pub(super) fn note_failed(&mut self, worker: u64) {
        *self.failed.entry(worker).or_default() += 1;
    }

    /// A worker that was told to stop has come to its end: what it heard it has noted, unless the database failed each time.
    pub(super) fn stopped(&mut self, worker: u64) {
        let may_be_lost = self.failed.get(&worker).is_some_and(|failed| *failed >= NOTES_MAX);
        let kept = self.heard.iter().find(|heard| heard.worker == worker && !heard.is_noted);
        if let Some(kept) = kept.filter(|_| !may_be_lost) {
            self.violations
                .push(format!("the mail {} was taken, and its worker stopped without a note", kept.lease.mail));
        }
        self.died(worker);
    }

    /// A worker died: what it heard and did not note nobody else knows.
    pub(super) fn died(&mut self, worker: u64) {
        self.failed.remove(&worker);
        let of_it = self.heard.extract_if(.., |heard| heard.worker == worker);
        for heard in of_it.filter(|heard| !heard.is_noted) {
            self.mails.entry(heard.lease.mail).or_default().excuses += 1;
        }
    }

    /// From now on nothing troubles whoever sends.
    pub(super) fn calm_begins(&mut self) {
        self.mails.values_mut().for_each(|track| track.delivered_before = track.delivered);
    }

    /// Which mails are on their way, as far as was seen.
    pub(super) fn unsettled(&self) -> Vec<MailId> {
        self.mails.iter().filter(|(_, track)| !track.is_settled()).map(|(id, _)| *id).collect()
    }

    /// What became of a mail in the end, which is on its way no more.
    pub(super) fn ended(&mut self, mail: &OutboxMail) {
        let Some(track) = self.mails.remove(&mail.id) else { return };
        let (id, delivered, excuses) = (mail.id, track.delivered, track.excuses);
        match mail.status {
            MailStatus::Sent if delivered > 0 => {}
            MailStatus::Failed if !track.is_done && (track.was_refused || track.unheard > ATTEMPTS_MAX) => {}
            status => self.violations.push(format!(
                "the mail {id} is {status:?} in the end, after {delivered} deliveries and {} tries",
                mail.attempts
            )),
        }
        if delivered > 1 + excuses {
            self.violations.push(format!("the mail {id} was sent {delivered} times with {excuses} excuses"));
        }
        let calm = delivered - track.delivered_before;
        if calm > 1 {
            self.violations.push(format!("the mail {id} was sent {calm} times by a worker whom nothing troubled"));
        }
    }

    /// All mails that are on their way.
    pub(super) fn all(&self) -> Vec<MailId> {
        self.mails.keys().copied().collect()
    }
}
