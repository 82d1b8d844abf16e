//! Which orders go to another address than they were placed for: what the short copies of all orders, which processes keep in
//! memory, read once more.

use model::OrderNumber;
use store::{Change, Document, DocumentKind, Queries, StoreError, Tx};
use uuid::Uuid;

/// How many are known. A copy that was not looked at for more of them is begun anew.
const KNOWN_MAX: usize = 100;
/// The name of the one document.
const NAME: &str = "orders";

/// The corrected addresses, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corrections {
    /// How many there were.
    pub count: i64,
    /// Whose the last of them were, the latest last.
    latest: Vec<OrderNumber>,
}

impl Corrections {
    /// The orders of those behind the first `seen`; `None` when that is no longer known.
    #[must_use]
    pub fn after(&self, seen: i64) -> Option<&[OrderNumber]> {
        let missed = usize::try_from(self.count - seen).ok()?;
        self.latest.len().checked_sub(missed).map(|first| &self.latest[first..])
    }
}

/// The corrected addresses until now.
///
/// # Errors
/// The engine failed.
pub async fn corrections(queries: &dyn Queries) -> Result<Corrections, StoreError> {
    let Some(document) = queries.document_named(DocumentKind::Corrections, NAME).await? else {
        return Ok(Corrections::default());
    };
    let latest: Vec<i64> = document.read()?;
    // The version counts them.
    Ok(Corrections { count: document.version, latest: latest.into_iter().map(OrderNumber).collect() })
}

/// What notes that the address of this order was corrected; `id` is for the first one ever.
pub(super) async fn note(tx: &mut dyn Tx, number: OrderNumber, id: Uuid) -> Result<Change, StoreError> {
    let known = tx.document_named(DocumentKind::Corrections, NAME).await?;
    let mut latest: Vec<i64> = known.as_ref().map_or_else(|| Ok(Vec::new()), Document::read)?;
    latest.push(number.0);
    latest.drain(..latest.len().saturating_sub(KNOWN_MAX));
    let (id, version) = known.map_or((id, 1), |known| (known.id, known.version + 1));
    Document::new(DocumentKind::Corrections, id, NAME, version, &latest).map(Change::PutDocument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_known_for_a_while() {
        let corrections = Corrections { count: 5, latest: [3, 9, 3].map(OrderNumber).to_vec() };
        let after = |seen| corrections.after(seen).map(|orders| orders.iter().map(|order| order.0).collect::<Vec<_>>());
        assert_eq!(after(5), Some(vec![]));
        assert_eq!(after(4), Some(vec![3]));
        assert_eq!(after(2), Some(vec![3, 9, 3]));
        assert_eq!(after(1), None);
        // A backup was restored, which knows less.
        assert_eq!(after(6), None);
        assert_eq!(Corrections::default().after(0).map(<[OrderNumber]>::len), Some(0));
    }
}
