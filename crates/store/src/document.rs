//! Small things that are read and written whole, each a JSON document that nothing else in the schema points at: what the staff
//! keep, and the wishlists.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// The definition of an attribute, by its key.
    Attribute,
    /// A collection of products, by its slug.
    Collection,
    /// Where a product went whose slug was this.
    Redirect,
    /// A long piece of work, by its id.
    Job,
    /// A job that has not come to its end, by its id.
    JobQueue,
    /// A part of the file of a job.
    JobPart,
    /// A wishlist, by the id of its owner.
    Wishlist,
    /// Whose wishlist is shared, by the token that its link ends with.
    WishlistShare,
    /// The settings of the shop, named `shop`; and of what was short when the staff were told last, named `low_stock_told`.
    Settings,
    /// The notes on one thing, by what it is and its id: `order:…`, `account:…`.
    Notes,
    /// An API key, by the hash of its secret.
    ApiKey,
    /// The second factor of an account, by the account's id.
    SecondFactor,
    /// The views of the order list that one of the staff saved, by the account's id.
    SavedViews,
    /// Which orders had their addresses corrected last: there is one, named `orders`.
    Corrections,
}

impl DocumentKind {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Collection => "collection",
            Self::Redirect => "redirect",
            Self::Job => "job",
            Self::JobQueue => "job_queue",
            Self::JobPart => "job_part",
            Self::Wishlist => "wishlist",
            Self::WishlistShare => "wishlist_share",
            Self::Settings => "settings",
            Self::Notes => "notes",
            Self::ApiKey => "api_key",
            Self::SecondFactor => "second_factor",
            Self::SavedViews => "saved_views",
            Self::Corrections => "corrections",
        }
    }
}

impl std::str::FromStr for DocumentKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [
            Self::Attribute,
            Self::Collection,
            Self::Redirect,
            Self::Job,
            Self::JobQueue,
            Self::JobPart,
            Self::Wishlist,
            Self::WishlistShare,
            Self::Settings,
            Self::Notes,
            Self::ApiKey,
            Self::SecondFactor,
            Self::SavedViews,
            Self::Corrections,
        ];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Its id.
    pub id: Uuid,
    /// What finds it, unique in its kind.
    pub name: String,
    /// Counts the changes, from 1.
    pub version: i64,
    /// What it says.
    pub body: Value,
}

impl Document {
    /// The document that says `content`.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when that cannot be written as JSON.
    pub fn new<T: Serialize>(
        kind: DocumentKind,
        id: Uuid,
        name: impl Into<String>,
        version: i64,
        content: &T,
    ) -> Result<Self, StoreError> {
        let body = serde_json::to_value(content)
            .map_err(|error| StoreError::Internal(format!("a document cannot be written as JSON: {error}")))?;
        Ok(Self { kind, id, name: name.into(), version, body })
    }

    /// What it says.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when it says something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_value(self.body.clone()).map_err(|error| StoreError::broken("documents", self.id, error))
    }
}
