//! Lists whose rows have a number beside them, their place, that can be typed over.

/// A row of such a list.
#[derive(Clone, Debug)]
pub(super) struct Row<T> {
    /// What stands there.
    pub(super) item: T,
    /// The place that the form showed, from 1.
    pub(super) shown: i64,
    /// The place that was sent.
    pub(super) typed: i64,
}

/// The items where people want them: what was given another number goes to that place, and everything else keeps its order around it. So a 1
/// beside the last one makes it the first, without any other number being touched.
pub(super) fn in_places<T>(rows: Vec<Row<T>>) -> Vec<T> {
    let (mut moved, stayed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.typed != row.shown);
    let mut items: Vec<T> = stayed.into_iter().map(|row| row.item).collect();
    // From the front, so that each place is still right when the next is taken. Of two with the same number the one that was in front stays so.
    moved.sort_by_key(|row| row.typed);
    let mut taken = 0;
    for row in moved {
        let place = usize::try_from(row.typed.saturating_sub(1)).unwrap_or(0).max(taken).min(items.len());
        items.insert(place, row.item);
        taken = place + 1;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_a_number_goes_there() {
        let placed = |typed: &[i64]| -> String {
            let rows = "ABCDE".chars().zip(typed).zip(1..);
            in_places(rows.map(|((item, typed), shown)| Row { item, shown, typed: *typed }).collect()).iter().collect()
        };
        for (typed, expected) in [
            (&[1, 2, 3, 4, 5][..], "ABCDE"),
            (&[1, 1], "BA"),
            (&[2, 2], "BA"),
            (&[1, 2, 3, 4, 1], "EABCD"),
            (&[5, 2, 3, 4, 5], "BCDEA"),
            (&[2, 1, 3, 4, 5], "BACDE"),
            (&[5, 4, 3, 2, 1], "EDCBA"),
            (&[1, 2, 3, 1, 1], "DEABC"),
            (&[1, 2, 99, 4, 5], "ABDEC"),
            (&[1, 2, 3, 4, -7], "EABCD"),
            (&[], ""),
        ] {
            assert_eq!(placed(typed), expected, "{typed:?}");
        }
    }
}
