//! Old slugs lead on to what had them.

use model::{Product, stamp::Ids};
use serde::{Deserialize, Serialize};
use store::{Change, Document, DocumentKind, Tx};
use uuid::Uuid;

use crate::Error;

/// What had a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirected {
    /// A product.
    Product,
    /// A category.
    Category,
    /// A collection.
    Collection,
}

impl Redirected {
    /// The name under which the redirect of this slug is kept.
    #[must_use]
    pub fn name(self, slug: &str) -> String {
        let kind = match self {
            Self::Product => "product",
            Self::Category => "category",
            Self::Collection => "collection",
        };
        format!("{kind}/{slug}")
    }
}

/// Where a slug leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The id of what had it.
    pub id: Uuid,
}

/// The product that had this slug once, and has another one now.
pub(super) async fn renamed_product(tx: &mut dyn Tx, slug: &str) -> Result<Option<Product>, Error> {
    let name = Redirected::Product.name(slug);
    let Some(document) = tx.document_named(DocumentKind::Redirect, &name).await? else { return Ok(None) };
    let Redirect { id } = document.read()?;
    Ok(tx.product(id.into()).await?)
}

/// The change that makes the slug `from` lead to `id`.
pub(super) async fn leave(
    tx: &mut dyn Tx,
    what: Redirected,
    from: &str,
    id: Uuid,
    ids: &mut Ids,
) -> Result<Change, Error> {
    let name = what.name(from);
    let known = tx.document_named(DocumentKind::Redirect, &name).await?;
    let own = ids.draw();
    let (document_id, version) = known.map_or((own, 1), |known| (known.id, known.version + 1));
    Ok(Change::PutDocument(Document::new(DocumentKind::Redirect, document_id, name, version, &Redirect { id })?))
}
