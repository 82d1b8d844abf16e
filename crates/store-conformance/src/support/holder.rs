//! Somebody in the middle of a transaction.

use std::sync::Arc;

use async_trait::async_trait;
use store::{Operation, StoreError, Tx};
use tokio::{sync::Notify, task::JoinHandle};

use super::Shop;

/// Somebody who keeps what an operation locked until they are told to let go.
#[derive(Debug)]
pub struct Holder {
    go_on: Arc<Notify>,
    running: JoinHandle<Result<(), StoreError>>,
}

impl Holder {
    /// Ends the transaction.
    ///
    /// # Panics
    /// When it fails.
    pub async fn let_go(self) {
        self.go_on.notify_one();
        self.running.await.expect("no panic").expect("held until now");
    }
}

impl Shop {
    /// Somebody who has what this operation locks.
    pub async fn hold<O: Operation<Error = StoreError>>(&self, takes: O) -> Holder {
        let (held, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let holds = Holds { takes, held: Arc::clone(&held), go_on: Arc::clone(&go_on) };
        let shop = self.clone();
        let running = tokio::spawn(async move { shop.run(holds).await });
        held.notified().await;
        Holder { go_on, running }
    }
}

struct Holds<O> {
    takes: O,
    held: Arc<Notify>,
    go_on: Arc<Notify>,
}

#[async_trait]
impl<O: Operation<Error = StoreError>> Operation for Holds<O> {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.takes.run(tx).await?;
        self.held.notify_one();
        self.go_on.notified().await;
        Ok(())
    }
}
