//! Products, their stock, and categories.

use commerce::catalogue::{
    CategoryDraft, CreateCategory, CreateProduct, ImportedProduct, MoveStock, OptionDraft, ProductDraft, SoldIn,
    VariantDraft,
};
use model::{
    Category, CategoryId, Currency, Money, Product, ProductId, ProductStatus, StockMovement, VariantId,
    checkout::RequestedLine,
};
use store::PageRequest;

use super::Shop;

/// Cents.
#[must_use]
pub const fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR)
}

/// Cents of a dollar.
#[must_use]
pub fn usd(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("USD").expect("a currency"))
}

/// An active product of one variant that costs 10 euros.
#[must_use]
pub fn draft(title: &str, stock: i64) -> ProductDraft {
    ProductDraft {
        title: title.to_owned(),
        slug: None,
        description: format!("<p>{title}</p>"),
        status: ProductStatus::Active,
        vendor: None,
        category_id: None,
        tags: Vec::new(),
        options: Vec::new(),
        variants: vec![variant(&[], stock)],
        images: Vec::new(),
        details: None,
    }
}

/// Like [`draft`], with a variant for each size.
#[must_use]
pub fn with_options(title: &str, sizes: &[&str], stock: i64) -> ProductDraft {
    ProductDraft {
        options: vec![OptionDraft { name: "Size".to_owned(), values: Vec::new() }],
        variants: sizes.iter().map(|size| variant(&[size], stock)).collect(),
        ..draft(title, stock)
    }
}

/// What a shop that sells in euros alone sells in.
#[must_use]
pub const fn sold_in_euros() -> SoldIn {
    SoldIn { own: Currency::EUR, others: Vec::new() }
}

/// A product of a file, in its first row.
#[must_use]
pub fn imported(handle: &str, draft: ProductDraft) -> ImportedProduct {
    ImportedProduct {
        handle: handle.to_owned(),
        category: None,
        draft,
        variant_images: Vec::new(),
        keeps_prices: false,
        keeps_images: false,
        untold: Vec::new(),
        line: 2,
    }
}

fn variant(values: &[&str], stock: i64) -> VariantDraft {
    VariantDraft {
        id: None,
        sku: None,
        option_values: values.iter().map(|value| (*value).to_owned()).collect(),
        price: eur(1000),
        compare_at_price: None,
        stock: Some(stock),
        track_stock: true,
        weight_grams: None,
        barcode: None,
        details: None,
    }
}

/// A category under `parent_id`.
#[must_use]
pub fn category(name: &str, parent_id: Option<CategoryId>) -> CategoryDraft {
    CategoryDraft {
        name: name.to_owned(),
        slug: None,
        parent_id,
        position: Some(0),
        details: model::category::CategoryDetails::default(),
    }
}

/// A line of an order: pieces of the product's first variant.
#[must_use]
pub fn line(product: &Product, quantity: i64) -> RequestedLine {
    RequestedLine { variant_id: product.variants[0].id, quantity }
}

impl Shop {
    /// A creation of this product.
    #[must_use]
    pub fn creation(&self, draft: ProductDraft) -> CreateProduct {
        CreateProduct { draft, actor_id: None, stamp: self.next_stamp() }
    }

    /// Adds a product.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn add(&self, draft: ProductDraft) -> Product {
        self.run(self.creation(draft)).await.expect("a product")
    }

    /// Adds the product that [`draft`] describes.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn product(&self, title: &str, stock: i64) -> Product {
        self.add(draft(title, stock)).await
    }

    /// The product as it is now.
    ///
    /// # Panics
    /// When there is none.
    pub async fn product_now(&self, id: ProductId) -> Product {
        self.db().product(id).await.expect("an answer").expect("a product")
    }

    /// Adds a category.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn category(&self, draft: CategoryDraft) -> Category {
        self.run(CreateCategory { draft, stamp: self.next_stamp() }).await.expect("a category")
    }

    /// A movement of stock.
    #[must_use]
    pub fn movement(&self, variant_id: VariantId, delta: i64) -> MoveStock {
        let reason = "counted".to_owned();
        MoveStock { variant_id, delta, cause: None, reason, actor_id: None, stamp: self.next_stamp() }
    }

    /// The pieces of a product's first variant that are on hand.
    ///
    /// # Panics
    /// When there is no such product.
    pub async fn stock(&self, product: &Product) -> i64 {
        self.product_now(product.id).await.variants[0].stock
    }

    /// The whole ledger of a product's first variant, newest first.
    ///
    /// # Panics
    /// When it has more than 100 entries.
    pub async fn ledger(&self, product: &Product) -> Vec<StockMovement> {
        let all = PageRequest { limit: 100, after: None };
        let page = self.db().movements(product.variants[0].id, &all).await.expect("an answer");
        assert!(page.next.is_none(), "more than one page");
        page.items
    }
}
