//! How far apart two words are.

/// How many mistakes are forgiven in a word of so many letters.
pub(crate) const fn forgiven(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The least number of letters to add, remove, change or swap with their neighbour that makes `one` into `other`, if it is at
/// most `max` (optimal string alignment). The words are ASCII, as folding makes them.
pub(crate) fn distance(one: &[u8], other: &[u8], max: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > max {
        return None;
    }
    let width = other.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    let mut row: Vec<usize> = vec![0; width];
    for (i, letter) in one.iter().enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, wanted) in other.iter().enumerate() {
            let change = last[j] + usize::from(letter != wanted);
            let mut cost = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                cost = cost.min(before[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        if least > max {
            return None;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last.last().copied().filter(|distance| *distance <= max)
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
