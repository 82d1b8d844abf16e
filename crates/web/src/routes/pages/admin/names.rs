//! What people are called, for pages that say who did something.

use std::collections::HashMap;

use model::AccountId;

use crate::{App, problem::Problem};

/// The names of people, each looked up once.
pub(super) struct Names<'a> {
    app: &'a App,
    known: HashMap<AccountId, Option<String>>,
}

impl<'a> Names<'a> {
    /// Nobody's yet.
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, known: HashMap::new() }
    }

    /// What somebody is called; `None` for who has no name, or is gone.
    pub(super) async fn of(&mut self, id: AccountId) -> Result<Option<String>, Problem> {
        if let Some(name) = self.known.get(&id) {
            return Ok(name.clone());
        }
        let account = self.app.engine().account(id).await?;
        let name = account.map(|account| account.name).filter(|name| !name.is_empty());
        self.known.insert(id, name.clone());
        Ok(name)
    }
}
