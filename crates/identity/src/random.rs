//! Randomness and the clock, where they enter the program.

use model::{Stamp, Timestamp};

/// Fills `bytes` with random ones from the operating system.
///
/// # Panics
/// When the system has none. It then cannot make secrets either, and nothing that goes on would be safe.
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system must give random bytes");
}

/// The system's time and fresh randomness, for one operation.
#[must_use]
pub fn fresh_stamp() -> Stamp {
    let mut seed = [0; 16];
    fill(&mut seed);
    Stamp::new(Timestamp::now(), u128::from_ne_bytes(seed))
}

/// Six random digits, each of the million values as likely as any other.
#[must_use]
pub fn random_code() -> String {
    /// The largest multiple of a million below 2^32: above it, some codes would come up more often.
    const FAIR: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let mut bytes = [0; 4];
        fill(&mut bytes);
        let drawn = u32::from_ne_bytes(bytes);
        if drawn < FAIR {
            return format!("{:06}", drawn % 1_000_000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_six_digits_and_differ() {
        let codes: std::collections::HashSet<_> = (0..200).map(|_| random_code()).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())));
        assert!(codes.len() > 190);
    }
}
