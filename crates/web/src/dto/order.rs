//! Orders, as the API speaks of them.

use std::collections::HashMap;

use model::{
    AccountId, Currency, Image, Order, OrderEvent, OrderId, OrderLine, OrderStatus, PostalAddress, ProductId,
    ProductStatus, Timestamp, Tracking, VariantId,
    checkout::{Offer, RequestedLine},
    order::{Correction, OrderActor},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ImageDto, account::PostalAddressDto, money::MoneyDto, object::only_from_objects, patch};

only_from_objects!(; both RequestedLineDto, TrackingDto);

/// What to order. Prices are the catalogue's.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceOrder, example = json!({
    "lines": [{"variant_id": "0198c2a4-5b6e-7c3d-9f00-0123456789ab", "quantity": 2}],
    "expected_total": {"amount": 3998, "currency": "EUR"},
    "ship_to": {"name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"}
}))]
pub struct PlaceOrderDto {
    /// 1 to 100 lines; lines of one variant are summed.
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<RequestedLineDto>,
    /// In which currency, as an ISO 4217 code; each variant's own when left out.
    #[schema(value_type = Option<String>, example = "EUR", min_length = 3, max_length = 3)]
    pub currency: Option<Currency>,
    /// What the buyer was shown that it comes to. If it comes to anything else by then, dearer or cheaper or in another currency,
    /// nothing is ordered: 409 `price_changed`, whose `total` is what it comes to now. When left out, it costs what it costs.
    pub expected_total: Option<MoneyDto>,
    /// Where it goes.
    pub ship_to: PostalAddressDto,
}

/// A line of what to order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = RequestedLine)]
pub struct RequestedLineDto {
    /// What.
    #[schema(value_type = uuid::Uuid)]
    pub variant_id: VariantId,
    /// How many pieces.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: i64,
}

impl From<RequestedLineDto> for RequestedLine {
    fn from(line: RequestedLineDto) -> Self {
        Self { variant_id: line.variant_id, quantity: line.quantity }
    }
}

/// Where an order stands.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStatus)]
pub enum OrderStatusDto {
    /// Placed; the stock is taken.
    Pending,
    /// Accepted by the shop.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Called off; the stock is back.
    Cancelled,
}

/// Where an order goes. Texts are empty where there is nothing: after the buyer's account was deleted, all but the country.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShipTo)]
pub struct ShipToDto {
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor, company.
    #[schema(required)]
    pub line2: Option<String>,
    /// Town.
    pub city: String,
    /// State, province or county.
    #[schema(required)]
    pub region: Option<String>,
    /// Postal code; empty where there is none.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code, or `XK` for Kosovo.
    pub country: String,
    /// A telephone number for the carrier.
    #[schema(required)]
    pub phone: Option<String>,
}

impl From<PostalAddress> for ShipToDto {
    fn from(address: PostalAddress) -> Self {
        let PostalAddress { name, line1, line2, city, region, postal_code, country, phone } = address;
        Self { name, line1, line2, city, region, postal_code, country, phone }
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderDto {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: OrderId,
    /// Its number for people.
    #[schema(example = "CW-10001")]
    pub number: String,
    /// Where it stands.
    #[schema(value_type = OrderStatusDto)]
    pub status: OrderStatus,
    /// Whether its buyer can still cancel it.
    pub can_be_cancelled: bool,
    /// What was bought.
    pub lines: Vec<OrderLineDto>,
    /// The sum of the lines.
    pub total: MoneyDto,
    /// The buyer's address when it was placed; null after the account was deleted. Its mails go to the address that the account has
    /// when they are written.
    #[schema(required)]
    pub email: Option<String>,
    /// Where it goes. After the buyer's account was deleted only the country is left.
    pub ship_to: ShipToDto,
    /// How the parcel can be followed.
    #[schema(required)]
    pub tracking: Option<TrackingDto>,
    /// What happened, oldest first.
    pub timeline: Vec<OrderEventDto>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; the `ETag` carries it.
    pub version: i64,
}

impl From<&Order> for OrderDto {
    fn from(order: &Order) -> Self {
        Self {
            id: order.id,
            number: order.number.to_string(),
            status: order.status,
            can_be_cancelled: order.status.may_become(OrderStatus::Cancelled),
            lines: order.lines.iter().map(OrderLineDto::from).collect(),
            total: order.total.into(),
            email: order.email.as_ref().map(ToString::to_string),
            ship_to: order.ship_to.clone().into(),
            tracking: order.tracking.clone().map(TrackingDto::from),
            timeline: order.timeline.iter().map(OrderEventDto::from).collect(),
            placed_at: order.placed_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }
}

impl OrderDto {
    /// The order as it is placed and read: its lines lead to the pages of their products, as far as these are among `faces`.
    #[must_use]
    pub fn with_faces(order: &Order, faces: &Faces) -> Self {
        let lines = order.lines.iter().map(|line| OrderLineDto::with_faces(line, faces)).collect();
        Self { lines, ..Self::from(order) }
    }
}

/// An order, as the staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminOrder)]
pub struct AdminOrderDto {
    /// What the buyer sees.
    #[serde(flatten)]
    pub order: OrderDto,
    /// The buyer's account.
    #[schema(value_type = uuid::Uuid)]
    pub account_id: AccountId,
    /// Where it may go from here.
    #[schema(value_type = Vec<OrderStatusDto>)]
    pub allowed_transitions: &'static [OrderStatus],
}

impl From<&Order> for AdminOrderDto {
    fn from(order: &Order) -> Self {
        Self { order: order.into(), account_id: order.account_id, allowed_transitions: order.status.allowed() }
    }
}

impl AdminOrderDto {
    /// The order as it is placed and read, see [`OrderDto::with_faces`].
    #[must_use]
    pub fn with_faces(order: &Order, faces: &Faces) -> Self {
        Self {
            order: OrderDto::with_faces(order, faces),
            account_id: order.account_id,
            allowed_transitions: order.status.allowed(),
        }
    }
}

/// A line of an order: what was bought, as it was at the time. `slug` and `image` lead to the product's page: where orders are placed, as
/// they were then; where they are read, as they are now. Replies to cancelling, moving and correcting an order are without
/// them, and so is the export of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct OrderLineDto {
    /// The product.
    #[schema(value_type = uuid::Uuid)]
    pub product_id: ProductId,
    /// The variant.
    #[schema(value_type = uuid::Uuid)]
    pub variant_id: VariantId,
    /// The product's title.
    pub title: String,
    /// The variant's title; empty for simple products.
    pub variant_title: String,
    /// The SKU.
    #[schema(required)]
    pub sku: Option<String>,
    /// How many pieces.
    pub quantity: i64,
    /// What one piece cost.
    pub unit_price: MoneyDto,
    /// What the line cost.
    pub total: MoneyDto,
    /// The product's name in URLs; null when it is no longer for sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "linen-shirt")]
    pub slug: Option<Option<String>>,
    /// The variant's picture, or else the product's first one; null when there is none, or the product is no longer for sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ImageDto>)]
    pub image: Option<Option<ImageDto>>,
}

impl OrderLineDto {
    fn with_faces(line: &OrderLine, faces: &Faces) -> Self {
        let face = faces.get(&line.product_id);
        Self {
            slug: Some(face.map(|face| face.slug.clone())),
            image: Some(face.and_then(|face| face.image_of(line.variant_id).cloned())),
            ..Self::from(line)
        }
    }
}

/// What is shown of products that are for sale beside the lines of orders.
pub type Faces = HashMap<ProductId, LineFace>;

/// What is shown of what an order was placed for just now: it is for sale.
#[must_use]
pub fn faces_of(offers: &[Offer]) -> Faces {
    let mut faces = Faces::with_capacity(offers.len());
    for Offer { product_id, slug, image, variant, .. } in offers {
        let face = faces.entry(*product_id).or_insert_with(|| LineFace::new(slug, None));
        face.add(variant.id, image.as_ref());
    }
    faces
}

/// What is shown of a product beside a line of an order.
#[derive(Debug)]
pub struct LineFace {
    slug: String,
    of_variants: HashMap<VariantId, ImageDto>,
    /// That of the variants that have none of their own.
    of_others: Option<ImageDto>,
}

impl LineFace {
    /// That of a product; `None` when it is not for sale, and so has no page.
    #[must_use]
    pub fn of(product: &store::ProductFace) -> Option<Self> {
        if product.status != ProductStatus::Active {
            return None;
        }
        let image_of = |own: Option<&str>| Image::of_variant(&product.images, own);
        let mut face = Self::new(&product.slug, image_of(None));
        product.variant_images.iter().for_each(|(id, url)| face.add(*id, image_of(Some(url.as_str()))));
        Some(face)
    }

    fn new(slug: &str, of_others: Option<&Image>) -> Self {
        Self { slug: slug.to_owned(), of_others: of_others.map(ImageDto::from), of_variants: HashMap::new() }
    }

    fn add(&mut self, variant_id: VariantId, image: Option<&Image>) {
        self.of_variants.extend(image.map(|image| (variant_id, ImageDto::from(image))));
    }

    fn image_of(&self, variant_id: VariantId) -> Option<&ImageDto> {
        self.of_variants.get(&variant_id).or(self.of_others.as_ref())
    }
}

impl From<&OrderLine> for OrderLineDto {
    fn from(line: &OrderLine) -> Self {
        Self {
            product_id: line.product_id,
            variant_id: line.variant_id,
            title: line.title.clone(),
            variant_title: line.variant_title.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            total: line.total().into(),
            slug: None,
            image: None,
        }
    }
}

/// One entry of an order's timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderEvent)]
pub struct OrderEventDto {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What the order became. An order that was corrected still was what it was, and `note` says what was corrected.
    #[schema(value_type = OrderStatusDto)]
    pub status: OrderStatus,
    /// Who did it.
    #[schema(value_type = OrderActorDto)]
    pub actor: OrderActor,
    /// What they noted.
    #[schema(required)]
    pub note: Option<String>,
}

impl From<&OrderEvent> for OrderEventDto {
    fn from(event: &OrderEvent) -> Self {
        Self { at: event.at, status: event.status, actor: event.actor, note: event.note.clone() }
    }
}

/// Who did something to an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderActor)]
pub enum OrderActorDto {
    /// The buyer.
    Customer,
    /// Somebody of the shop.
    Staff,
}

/// How a parcel can be followed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = Tracking, example = json!({"number": "00340434161094021501", "carrier": "DHL", "url": "https://www.dhl.example/track?id=00340434161094021501"}))]
pub struct TrackingDto {
    /// The number of the consignment.
    pub number: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// A page that shows where it is.
    pub url: Option<String>,
}

impl From<Tracking> for TrackingDto {
    fn from(tracking: Tracking) -> Self {
        let Tracking { number, carrier, url } = tracking;
        Self { number, carrier, url }
    }
}

/// A tracking number alone, or with its carrier and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TrackingInput)]
pub enum TrackingInputDto {
    /// The number alone.
    Number(String),
    /// With carrier and page.
    Full(TrackingDto),
}

impl From<TrackingInputDto> for Tracking {
    fn from(input: TrackingInputDto) -> Self {
        match input {
            TrackingInputDto::Number(number) => Self { number, carrier: None, url: None },
            TrackingInputDto::Full(TrackingDto { number, carrier, url }) => Self { number, carrier, url },
        }
    }
}

/// Where an order shall go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderTransition, example = json!({"to": "shipped", "tracking": {"number": "00340434161094021501", "carrier": "DHL"}}))]
pub struct OrderTransitionDto {
    /// The status it shall have.
    #[schema(value_type = OrderStatusDto)]
    pub to: OrderStatus,
    /// What to tell the buyer, at most 2,000 characters.
    pub note: Option<String>,
    /// How to follow the parcel; with `shipped` only. Later it is added or corrected by changing the order.
    pub tracking: Option<TrackingInputDto>,
    /// Whether the pieces go back into stock; true when left out. False, with `cancelled` only, is for pieces that are lost or broken.
    pub restock: Option<bool>,
}

/// A correction of what was mistyped about an order; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderPatch, example = json!({
    "ship_to": {"name": "Ann Example", "line1": "Lindenstrasse 11", "city": "Berlin", "postal_code": "10969", "country": "DE"}
}))]
pub struct OrderPatchDto {
    /// Where it goes, the whole address; while the order is `pending` or `confirmed`.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = PostalAddressDto)]
    pub ship_to: Option<PostalAddressDto>,
    /// How to follow the parcel, all of it; once the order is `shipped` or `delivered`. `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<TrackingInputDto>)]
    pub tracking: Option<Option<TrackingInputDto>>,
}

impl From<OrderPatchDto> for Correction {
    fn from(patch: OrderPatchDto) -> Self {
        let tracking = patch.tracking.map(|tracking| tracking.map(Tracking::from));
        Self { ship_to: patch.ship_to.map(PostalAddress::from), tracking }
    }
}

/// A cancellation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelOrder, example = json!({"note": "Ordered twice by mistake."}))]
pub struct CancelOrderDto {
    /// Why, at most 2,000 characters.
    pub note: Option<String>,
}
