//! A small shop to try the engine with.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use cartwright_store_sqlite::{Options, SqliteEngine};
use model::{
    Account, AccountId, Currency, Email, MailTemplate, Money, Order, OrderEvent, OrderStatus, OutboxMail, Permissions,
    PostalAddress, Product, ProductStatus, Role, Stamp, StockCause, StockMovement, Timestamp, Variant, VariantId,
    checkout::{RequestedLine, Terms, decide},
    mail::OrderMail,
    order::OrderActor,
};
use store::{Change, Checkout, Operation, StoreError, Tx, execute};
use tempfile::TempDir;

/// A new stamp with each call, in ascending time.
pub(crate) fn stamp() -> Stamp {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let n = CALLS.fetch_add(1, Ordering::Relaxed);
    let micros = 1_700_000_000_000_000 + i64::try_from(n).expect("few") * 1000;
    Stamp::new(Timestamp::from_microsecond(micros).expect("in range"), u128::from(n))
}

/// A shop with one buyer.
pub(crate) struct Shop {
    pub(crate) folder: TempDir,
    pub(crate) engine: SqliteEngine,
    pub(crate) buyer: AccountId,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(Options::default()).await
    }

    pub(crate) async fn open_with(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = SqliteEngine::open(&folder.path().join("shop.db"), options).expect("opens");
        let account = account("ann@example.com");
        let buyer = account.id;
        write(&engine, vec![Change::InsertAccount { account, password_hash: None }]).await.expect("stored");
        Self { folder, engine, buyer }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    /// A connection beside the engine, to look and to break things with.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).expect("opens")
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).expect("a number")
    }

    /// A new product with as many variants as `stock` has levels.
    pub(crate) async fn stocked(&self, title: &str, stock: &[i64]) -> Product {
        let product = product(title, stock.len());
        let mut ids = stamp().ids();
        let received = product.variants.iter().zip(stock).filter(|(_, level)| **level != 0);
        let received = received.map(|(variant, level)| StockMovement {
            id: ids.draw(),
            variant_id: variant.id,
            delta: *level,
            cause: StockCause::Received,
            order_id: None,
            actor_id: None,
            reason: Some("first stock".to_owned()),
            at: product.created_at,
        });
        let changes = vec![Change::InsertProduct(product.clone()), Change::MoveStock(received.collect())];
        write(&self.engine, changes).await.expect("stored");
        product
    }

    pub(crate) async fn place_one(&self, variant: VariantId) -> Result<Order, StoreError> {
        self.place(&[(variant, 1)]).await
    }

    pub(crate) async fn place(&self, lines: &[(VariantId, i64)]) -> Result<Order, StoreError> {
        execute(&self.engine, Place::new(self.buyer, lines)).await
    }
}

pub(crate) fn account(email: &str) -> Account {
    let stamp = stamp();
    Account {
        id: stamp.ids().draw(),
        email: Some(Email::from_stored(email.to_owned())),
        name: "Ann Ärger".to_owned(),
        phone: None,
        role: Role::Customer,
        permissions: Permissions::default(),
        email_verified_at: Some(stamp.now),
        disabled_at: None,
        deleted_at: None,
        created_at: stamp.now,
        updated_at: stamp.now,
        version: 1,
    }
}

pub(crate) fn product(title: &str, variants: usize) -> Product {
    let stamp = stamp();
    let mut ids = stamp.ids();
    let id = ids.draw();
    let variant = |n: usize| Variant {
        id: ids.draw(),
        sku: Some(format!("{title}-{n}")),
        option_values: vec![format!("Size {n}")],
        price: Money::new(1000 + i64::try_from(n).expect("few"), Currency::EUR),
        compare_at_price: None,
        stock: 0,
        track_stock: true,
        weight_grams: Some(200),
        barcode: None,
        details: model::VariantDetails::default(),
    };
    Product {
        id,
        slug: model::text::slugify(title),
        title: title.to_owned(),
        description: "<p>A fine thing, made to last.</p>".to_owned(),
        status: ProductStatus::Active,
        vendor: Some("Maker".to_owned()),
        category_id: None,
        tags: vec!["Linen".to_owned(), "Blue".to_owned()],
        options: vec![],
        variants: (0..variants).map(variant).collect(),
        images: vec![],
        details: model::ProductDetails::default(),
        rating: model::Rating::default(),
        created_at: stamp.now,
        updated_at: stamp.now,
        version: 1,
    }
}

/// Writes changes in a transaction of their own.
pub(crate) async fn write(engine: &SqliteEngine, changes: Vec<Change>) -> Result<(), StoreError> {
    execute(engine, Write(changes)).await
}

pub(crate) struct Write(pub(crate) Vec<Change>);

#[async_trait]
impl Operation for Write {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.apply(&self.0).await
    }
}

/// Writes the rows that placing an order writes.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) buyer: AccountId,
    pub(crate) lines: Vec<RequestedLine>,
    pub(crate) stamp: Stamp,
}

impl Place {
    pub(crate) fn new(buyer: AccountId, lines: &[(VariantId, i64)]) -> Self {
        let lines = lines.iter().map(|&(variant_id, quantity)| RequestedLine { variant_id, quantity }).collect();
        Self { buyer, lines, stamp: stamp() }
    }
}

#[async_trait]
impl Operation for Place {
    type Output = Order;
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Order, StoreError> {
        let ids: Vec<_> = self.lines.iter().map(|line| line.variant_id).collect();
        let Checkout { buyer, offers, number } = tx.checkout(self.buyer, &ids).await?;
        let buyer = buyer.expect("the buyer is there").account;
        let decided = decide(
            &self.lines,
            &self.lines,
            &offers,
            Terms { currency: None, expected_total: None, now: self.stamp.now },
        );
        // Any error will do: it only has to be told from the engine's own.
        let (lines, total) = decided.map_err(|refusal| StoreError::Internal(format!("refused: {refusal:?}")))?;
        let mut ids = self.stamp.ids();
        let order = Order {
            id: ids.draw(),
            number,
            account_id: buyer.id,
            email: buyer.email.clone(),
            status: OrderStatus::Pending,
            lines,
            total,
            ship_to: address(),
            tracking: None,
            timeline: vec![OrderEvent {
                at: self.stamp.now,
                status: OrderStatus::Pending,
                actor: OrderActor::Customer,
                actor_id: Some(buyer.id),
                note: None,
            }],
            placed_at: self.stamp.now,
            updated_at: self.stamp.now,
            version: 1,
        };
        let sold = order.lines.iter().map(|line| StockMovement {
            id: ids.draw(),
            variant_id: line.variant_id,
            delta: -line.quantity,
            cause: StockCause::Sold,
            order_id: Some(order.id),
            actor_id: Some(buyer.id),
            reason: None,
            at: self.stamp.now,
        });
        let sold = sold.collect();
        let mail = mail_about(&order, &mut ids);
        tx.apply(&[Change::InsertOrder(order.clone()), Change::MoveStock(sold), Change::InsertMail(mail)]).await?;
        Ok(order)
    }
}

pub(crate) fn address() -> PostalAddress {
    PostalAddress {
        name: "Ann Ärger".to_owned(),
        line1: "Hauptstraße 1".to_owned(),
        city: "Berlin".to_owned(),
        postal_code: "10115".to_owned(),
        country: "DE".to_owned(),
        ..PostalAddress::default()
    }
}

fn mail_about(order: &Order, ids: &mut model::stamp::Ids) -> OutboxMail {
    let line = |line: &model::OrderLine| model::mail::OrderMailLine {
        title: format!("{} {}", line.title, line.variant_title),
        quantity: line.quantity,
        total: line.total().to_string(),
    };
    let content = OrderMail {
        number: order.number.to_string(),
        lines: order.lines.iter().map(line).collect(),
        total: order.total.to_string(),
        ship_to: order.ship_to.clone(),
        tracking: None,
        note: None,
    };
    let to = order.email.clone().expect("the buyer has an address");
    let mail = OutboxMail::new(ids.draw(), to, MailTemplate::OrderPlaced(content), order.placed_at);
    OutboxMail { account_id: Some(order.account_id), order_id: Some(order.id), ..mail }
}
