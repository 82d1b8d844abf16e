//! The clock and the randomness of one operation, as data.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// By how much the clocks of two processes may differ.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A time in whole microseconds: the precision that both engines store.
#[must_use]
pub fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// When an operation happens and from what its ids are drawn.
///
/// An operation may be run again (a serialisation failure, a group commit that was rolled back by one of its members);
/// with the same stamp it then decides the same and writes the same ids.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The time of the operation, in whole microseconds (the precision that both engines store).
    pub now: Timestamp,
    seed: u128,
    /// By how many milliseconds its ids are ahead of its time.
    ahead: u64,
}

impl Stamp {
    /// A stamp for the time `now`, whose ids are drawn from `seed`. The seed must come from a good random source:
    /// two operations with an equal seed in one millisecond would draw equal ids.
    #[must_use]
    pub fn new(now: Timestamp, seed: u128) -> Self {
        Self { now: whole_micros(now), seed, ahead: 0 }
    }

    /// The ids of this operation, always the same sequence for the same stamp.
    #[must_use]
    pub fn ids(&self) -> Ids {
        let millis = u64::try_from(self.now.as_millisecond()).unwrap_or(0);
        Ids { millis: millis.saturating_add(self.ahead), state: self.seed, drawn: 0 }
    }

    /// The stamp of the `n`th of the operations that this one consists of: at the same time, with ids of its own that sort
    /// behind those of the ones before it.
    #[must_use]
    pub fn nth(&self, n: u64) -> Self {
        let seed = self.seed.wrapping_add(u128::from(n).wrapping_mul(0xD134_2543_DE82_EF95_9E37_79B9_7F4A_7C15));
        Self { seed, ahead: self.ahead.saturating_add(n), ..*self }
    }
}

/// What the 12 bits of the counter hold.
const COUNTER_MAX: u16 = 0xFFF;

/// A repeatable sequence of UUIDv7 ids, in ascending order within one operation.
#[derive(Debug)]
pub struct Ids {
    millis: u64,
    state: u128,
    drawn: u16,
}

impl Ids {
    /// The next id, as any of the id newtypes.
    pub fn draw<T: From<Uuid>>(&mut self) -> T {
        // RFC 9562, 6.2: what does not fit into the counter any more goes into the next millisecond.
        if self.drawn > COUNTER_MAX {
            self.drawn = 0;
            self.millis = self.millis.saturating_add(1);
        }
        // The 12 bits after the version count within the operation, so ids drawn later sort later.
        let mut random = [0_u8; 10];
        random[..2].copy_from_slice(&self.drawn.to_be_bytes());
        random[2..].copy_from_slice(&self.next_u64().to_be_bytes());
        self.drawn += 1;
        T::from(uuid::Builder::from_unix_timestamp_millis(self.millis, &random).into_uuid())
    }

    /// Two rounds of SplitMix64, one for each half of the seed.
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let halves = self.state.to_be_bytes();
        let (high, low) = halves.split_at(8);
        mix(be_u64(high)) ^ mix(be_u64(low).rotate_left(17))
    }
}

fn be_u64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stamps_draw_equal_ids_and_other_seeds_do_not() {
        let now = Timestamp::from_second(1_700_000_000).expect("in range");
        let draw = |seed| {
            let mut ids = Stamp::new(now, seed).ids();
            (0..100).map(|_| ids.draw::<Uuid>()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert!(draw(7).iter().all(|id| !draw(8).contains(id)));
    }

    #[test]
    fn ids_are_version_7_and_ascend() {
        let mut ids = Stamp::new(Timestamp::from_second(1_700_000_000).expect("in range"), 1).ids();
        let drawn: Vec<Uuid> = (0..10_000).map(|_| ids.draw()).collect();
        assert!(drawn.iter().all(|id| id.get_version_num() == 7));
        assert!(drawn.is_sorted(), "also beyond what the counter holds");
    }

    #[test]
    fn operations_inside_of_one_have_ids_of_their_own_in_their_order() {
        let stamp = Stamp::new(Timestamp::from_second(1_700_000_000).expect("in range"), 1);
        let drawn: Vec<Uuid> = (0..100)
            .flat_map(|n| {
                let mut ids = stamp.nth(n).ids();
                [ids.draw(), ids.draw()]
            })
            .collect();
        assert!(drawn.is_sorted_by(|one, next| one < next));
        assert_eq!(stamp.nth(7).now, stamp.now);
    }
}
