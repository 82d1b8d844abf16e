//! Views of the order list that one of the staff saved, to come back to.

use async_trait::async_trait;
use model::{AccountId, Stamp, Violations, text};
use serde::{Deserialize, Serialize};
use store::{Change, Document, DocumentKind, Operation, Queries, StoreError, Tx};

use crate::Error;

/// The most views of one person.
pub const VIEWS_MAX: usize = 20;
/// The most letters of a view's name.
pub const NAME_MAX: usize = 40;
/// The most letters of what is looked for. In an address each letter that is not of the English alphabet takes six or more.
const QUERY_MAX: usize = 2000;

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// What it is called; unique for the person, whatever the case.
    pub name: String,
    /// What is looked for, as the query of the list's address.
    pub query: String,
}

/// Somebody's views, in the order in which they were saved.
///
/// # Errors
/// The engine failed.
pub async fn saved_views(queries: &dyn Queries, id: AccountId) -> Result<Vec<SavedView>, StoreError> {
    let document = queries.document_named(DocumentKind::SavedViews, &id.to_string()).await?;
    document.map_or_else(|| Ok(Vec::new()), |document| document.read())
}

/// What removes somebody's views.
pub(crate) async fn forget(tx: &mut dyn Tx, id: AccountId) -> Result<Option<Change>, StoreError> {
    let document = tx.document_named(DocumentKind::SavedViews, &id.to_string()).await?;
    Ok(document.map(|document| Change::DeleteDocument { kind: DocumentKind::SavedViews, id: document.id }))
}

/// Saves a view, in the place of one of the same name, or removes the one of this name.
#[derive(Clone, Debug)]
pub struct SaveView {
    /// Whose.
    pub account_id: AccountId,
    /// What it is called.
    pub name: String,
    /// What is looked for; `None` removes the view.
    pub query: Option<String>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for SaveView {
    type Output = Vec<SavedView>;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Vec<SavedView>, Error> {
        let mut wrong = Violations::default();
        let name = wrong.take(text::line("/name", &self.name, NAME_MAX)).unwrap_or_default();
        let query = self.query.as_deref().map(|query| wrong.take(text::optional_line("/query", query, QUERY_MAX)));
        let known = tx.document_named(DocumentKind::SavedViews, &self.account_id.to_string()).await?;
        let mut views: Vec<SavedView> = known.as_ref().map_or_else(|| Ok(Vec::new()), Document::read)?;
        let place = views.iter().position(|view| view.name.to_lowercase() == name.to_lowercase());
        match (place, query) {
            (Some(place), Some(query)) => views[place].query = query.unwrap_or_default(),
            (Some(place), None) => drop(views.remove(place)),
            (None, Some(query)) => views.push(SavedView { name, query: query.unwrap_or_default() }),
            (None, None) => {}
        }
        if views.len() > VIEWS_MAX {
            wrong.add("/name", "out_of_range", format!("there are {VIEWS_MAX} views already"));
        }
        wrong.into_result()?;
        let (id, version) = known.map_or_else(|| (self.stamp.ids().draw(), 1), |known| (known.id, known.version + 1));
        let name = self.account_id.to_string();
        let document = Document::new(DocumentKind::SavedViews, id, name, version, &views)?;
        tx.apply(&[Change::PutDocument(document)]).await?;
        Ok(views)
    }
}
