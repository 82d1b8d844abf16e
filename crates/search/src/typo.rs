//! How far apart two words are.

/// How many mistakes are forgiven in a word of so many letters.
pub(crate) const fn forgiven(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The longest word that mistakes are forgiven in. What is longer is a code, not a word.
const LETTERS_MAX: usize = 32;

/// Which letters a word has, one bit each: words that differ in many letters are far apart, which is cheap to see.
pub(crate) fn letters(word: &[u8]) -> u32 {
    word.iter().fold(0, |letters, letter| letters | 1 << (letter & 31))
}

/// The least number of letters to add, remove, change or swap with their neighbour that makes `one` into `other`, if it is at
/// most `max` (optimal string alignment). The words are ASCII, as folding makes them.
pub(crate) fn distance(one: &[u8], other: &[u8], max: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > max || one.len().max(other.len()) > LETTERS_MAX {
        return None;
    }
    let mut rows = [[0_u8; LETTERS_MAX + 1]; 3];
    for (at, cost) in (0_u8..).zip(&mut rows[1]) {
        *cost = at;
    }
    let limit = u8::try_from(max).unwrap_or(u8::MAX);
    for (i, letter) in one.iter().enumerate() {
        let [before, last, row] = &mut rows;
        row[0] = last[0].saturating_add(1);
        let mut least = row[0];
        for (j, wanted) in other.iter().enumerate() {
            let change = last[j] + u8::from(letter != wanted);
            let mut cost = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                cost = cost.min(before[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        if least > limit {
            return None;
        }
        rows.rotate_left(1);
    }
    Some(usize::from(rows[1][other.len()])).filter(|distance| *distance <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_mistakes_are_small() {
        let far = |one: &str, other: &str| distance(one.as_bytes(), other.as_bytes(), 2);
        assert_eq!(far("linen", "linen"), Some(0));
        assert_eq!(far("linnen", "linen"), Some(1));
        assert_eq!(far("shrit", "shirt"), Some(1));
        assert_eq!(far("notebok", "notebook"), Some(1));
        assert_eq!(far("linen", "wool"), None);
        assert_eq!(far("", "ab"), Some(2));
    }

    proptest::proptest! {
        #[test]
        fn it_is_the_same_both_ways(one in "[a-c]{0,6}", other in "[a-c]{0,6}") {
            let far = distance(one.as_bytes(), other.as_bytes(), 6);
            proptest::prop_assert_eq!(far, distance(other.as_bytes(), one.as_bytes(), 6));
            proptest::prop_assert_eq!(far == Some(0), one == other);
        }
    }
}
