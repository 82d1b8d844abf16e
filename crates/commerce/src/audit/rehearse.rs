//! Seeing what an operation would do.

use std::fmt;

use async_trait::async_trait;
use store::{Operation, StoreError, Tx};

use super::recorder::Recorder;

/// Runs an operation and takes everything back: it ends in [`Rehearsed`], always.
#[derive(Clone, Debug)]
pub struct Rehearsal<O>(pub O);

/// One thing that would be done, in the words of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// What, as a noun and a verb: `product.changed`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What would change, a line each.
    pub changes: Vec<String>,
}

/// How a rehearsal ended.
pub enum Rehearsed<O: Operation> {
    /// It would succeed, with this.
    Would(O::Output, Vec<Foreseen>),
    /// It would be refused.
    Refused(O::Error),
    /// The engine failed.
    Store(StoreError),
}

impl<O: Operation> From<StoreError> for Rehearsed<O> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<O: Operation> fmt::Debug for Rehearsed<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Would(_, foreseen) => f.debug_tuple("Would").field(foreseen).finish(),
            Self::Refused(_) => f.write_str("Refused"),
            Self::Store(error) => f.debug_tuple("Store").field(error).finish(),
        }
    }
}

#[async_trait]
impl<O: Operation> Operation for Rehearsal<O> {
    type Output = ();
    type Error = Rehearsed<O>;

    /// Never succeeds: a refusal is what takes a transaction back.
    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Rehearsed<O>> {
        let mut recorder = Recorder::new(tx);
        let output = self.0.run(&mut recorder).await.map_err(Rehearsed::Refused)?;
        let foreseen =
            |deed: super::Deed| Foreseen { action: deed.action, subject: deed.subject, changes: deed.changes };
        Err(Rehearsed::Would(output, recorder.into_deeds().into_iter().map(foreseen).collect()))
    }
}
