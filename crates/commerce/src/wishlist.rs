//! Wishlists. Each is a document of its owner, so that it is read and written whole.

use async_trait::async_trait;
use model::{AccountId, ProductId, ProductStatus, Stamp, Timestamp, Wishlist};
use serde::{Deserialize, Serialize};
use store::{Change, Document, DocumentKind, Operation, StoreError, Tx};

use crate::{Conflict, Error, accounts::usable_row};

/// Whose wishlist a share token opens.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SharedBy {
    /// Whose.
    pub account_id: AccountId,
}

/// Puts a product on one's wishlist.
#[derive(Clone, Copy, Debug)]
pub struct AddToWishlist {
    /// Whose.
    pub account_id: AccountId,
    /// What.
    pub product_id: ProductId,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for AddToWishlist {
    type Output = Wishlist;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Wishlist, Error> {
        let mut list = own(tx, self.account_id).await?;
        if !list.add(for_sale(tx, self.product_id).await?, self.now) {
            return Err(Conflict::TooManyWishes.into());
        }
        put(tx, list).await
    }
}

/// Takes a product from one's wishlist. One that is neither on it nor for sale is unknown to whoever asks.
#[derive(Clone, Copy, Debug)]
pub struct RemoveFromWishlist {
    /// Whose.
    pub account_id: AccountId,
    /// What.
    pub product_id: ProductId,
}

#[async_trait]
impl Operation for RemoveFromWishlist {
    type Output = Wishlist;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Wishlist, Error> {
        let mut list = own(tx, self.account_id).await?;
        if list.remove(self.product_id) {
            return put(tx, list).await;
        }
        for_sale(tx, self.product_id).await?;
        Ok(list)
    }
}

/// Shares one's wishlist by a link, or no longer. Sharing a shared one keeps its link.
#[derive(Clone, Debug)]
pub struct ShareWishlist {
    /// Whose.
    pub account_id: AccountId,
    /// What the link shall end with, hard to guess; `None` ends the sharing.
    pub token: Option<String>,
    /// The ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ShareWishlist {
    type Output = Wishlist;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Wishlist, Error> {
        let mut list = own(tx, self.account_id).await?;
        match (&self.token, list.share_token.take()) {
            (Some(_), Some(old)) => list.share_token = Some(old),
            (Some(token), None) => {
                let (id, by) = (self.stamp.ids().draw(), SharedBy { account_id: list.account_id });
                let share = Document::new(DocumentKind::WishlistShare, id, token.as_str(), 1, &by)?;
                tx.apply(&[Change::PutDocument(share)]).await?;
                list.share_token = Some(token.clone());
            }
            (None, Some(old)) => end_share(tx, &old).await?,
            (None, None) => {}
        }
        put(tx, list).await
    }
}

/// What forgets the wishlist of an account.
pub(crate) async fn forget(tx: &mut dyn Tx, account_id: AccountId) -> Result<Vec<Change>, Error> {
    let Some(document) = tx.document_named(DocumentKind::Wishlist, &account_id.to_string()).await? else {
        return Ok(Vec::new());
    };
    let list: Wishlist = document.read()?;
    if let Some(token) = list.share_token {
        end_share(tx, &token).await?;
    }
    Ok(vec![Change::DeleteDocument { kind: DocumentKind::Wishlist, id: document.id }])
}

async fn end_share(tx: &mut dyn Tx, token: &str) -> Result<(), StoreError> {
    match tx.document_named(DocumentKind::WishlistShare, token).await? {
        Some(share) => tx.apply(&[Change::DeleteDocument { kind: DocumentKind::WishlistShare, id: share.id }]).await,
        None => Ok(()),
    }
}

/// The product, if it is for sale.
async fn for_sale(tx: &mut dyn Tx, id: ProductId) -> Result<ProductId, Error> {
    let product = tx.product(id).await?.filter(|product| product.status == ProductStatus::Active);
    product.map(|product| product.id).ok_or(Error::NotFound("product"))
}

async fn own(tx: &mut dyn Tx, account_id: AccountId) -> Result<Wishlist, Error> {
    let account_id = usable_row(tx.account(account_id).await?)?.account.id;
    let document = tx.document_named(DocumentKind::Wishlist, &account_id.to_string()).await?;
    Ok(document.map_or_else(|| Ok(Wishlist::empty(account_id)), |document| document.read())?)
}

async fn put(tx: &mut dyn Tx, mut list: Wishlist) -> Result<Wishlist, Error> {
    list.version += 1;
    let AccountId(id) = list.account_id;
    let document = Document::new(DocumentKind::Wishlist, id, list.account_id.to_string(), list.version, &list)?;
    tx.apply(&[Change::PutDocument(document)]).await?;
    Ok(list)
}
