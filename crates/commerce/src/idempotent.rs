//! Doing something once, however often it is asked for.

use async_trait::async_trait;
use store::{Change, Claim, Claimed, Operation, StoredReply, Tx};

/// An operation behind an idempotency key: the key is claimed, the operation run, and the reply stored, in one
/// transaction. A refusal stores nothing, so that the same request may succeed later.
#[derive(Debug)]
pub struct Idempotent<O: Operation> {
    /// The key; without one the operation simply runs.
    pub claim: Option<Claim>,
    /// What is to be done once.
    pub operation: O,
    /// Makes the reply that is sent and kept.
    pub render: fn(&O::Output) -> StoredReply,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replied {
    /// It was done now.
    New(StoredReply),
    /// It had been done; this was the reply.
    Before(StoredReply),
    /// The key was used for another request.
    KeyReused,
}

#[async_trait]
impl<O: Operation> Operation for Idempotent<O> {
    type Output = Replied;
    type Error = O::Error;

    fn may_share_transaction(&self) -> bool {
        self.operation.may_share_transaction()
    }

    async fn run(&self, tx: &mut dyn Tx) -> Result<Replied, O::Error> {
        let claim = self.claim.as_ref().filter(|_| !faults::is_lifted("guard.claim"));
        if let Some(claim) = claim
            && let Claimed::Before { fingerprint, reply } = tx.claim(claim).await?
        {
            return Ok(if fingerprint == claim.fingerprint { Replied::Before(reply) } else { Replied::KeyReused });
        }
        let output = self.operation.run(tx).await?;
        let reply = (self.render)(&output);
        if let Some(claim) = claim {
            let change = Change::StoreReply { claim: claim.clone(), reply: reply.clone() };
            tx.apply(&[change]).await?;
        }
        Ok(Replied::New(reply))
    }
}
