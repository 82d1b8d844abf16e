//! Categories, products, and what was said of them.

use std::collections::{HashMap, HashSet};

use bson::{Bson, Document};
use model::{
    Image, Money, Product, ProductDetails, ProductStatus, Rating, Review, ReviewStatus, Variant, VariantDetails,
    category::is_one_name,
    product::IMAGES_MAX,
    review::{ReviewContent, author},
    stock::STOCK_MAX,
    text::{SHORT_TEXT_MAX, line, slugify},
};

use super::{
    Planner, Sold,
    document::{OldId, field, id_of, is_rounded, list, money, new_id, shown, text, time, whole, wrong},
};
use crate::{
    bring_over::{OldProduct, Thing},
    rich_text,
};

const CATEGORIES: &str = "categories";
pub(super) const PRODUCTS: &str = "products";

impl Planner {
    pub(super) fn products(&mut self, categories: &[Document], products: &[Document]) {
        self.plan.totals.categories = categories.len();
        self.plan.totals.products = products.len();
        let (names, members) = self.categories(categories);
        let known: HashSet<String> =
            products.iter().filter_map(|product| id_of(product.get("_id"))).map(|id| id.text).collect();
        for (product, category) in members.iter().filter(|(product, _)| !known.contains(*product)) {
            let what = format!("names the product {product}, which is not there");
            self.tell(CATEGORIES, category, what);
        }
        for (id, document) in self.identified(PRODUCTS, products) {
            let category = self.category_of(&id, document, &names, &members);
            let Some(product) = self.product(&id, document) else { continue };
            self.plan.totals.stock += product.variants.iter().map(|variant| variant.stock).sum::<i64>();
            self.plan.things.push(Thing::Product(Box::new(OldProduct { product, category, is_stand_in: false })));
        }
    }

    /// The names of the categories by their `_id`s, and which category names a product (the first that does).
    fn categories(&mut self, categories: &[Document]) -> (HashMap<String, String>, HashMap<String, String>) {
        let (mut names, mut members) = (HashMap::new(), HashMap::new());
        for (id, document) in self.identified(CATEGORIES, categories) {
            let name = text(document.get("name")).and_then(|name| line("/name", &name, SHORT_TEXT_MAX).ok());
            let Some(name) = name else {
                let what = format!("{} is no name; the category is left out", shown(document.get("name")));
                self.leave_out(CATEGORIES, &id.text, what);
                continue;
            };
            for product in list(document, "products").iter().filter_map(|product| id_of(Some(product))) {
                members.entry(product.text).or_insert_with(|| id.text.clone());
            }
            self.plan.things.push(Thing::Category { id: new_id(CATEGORIES, &id), name: name.clone() });
            names.insert(id.text, name);
        }
        (names, members)
    }

    /// The name of the category of a product: what it says itself, or the category that names it.
    fn category_of(
        &mut self,
        id: &OldId,
        document: &Document,
        names: &HashMap<String, String>,
        members: &HashMap<String, String>,
    ) -> Option<String> {
        let own = document.get("category").filter(|value| !matches!(value, Bson::Null));
        if let Some(own) = own {
            let by_id = id_of(Some(own)).and_then(|id| names.get(&id.text));
            // Of several the first in the order of their letters, with each run the same.
            let by_name =
                text(Some(own)).and_then(|name| names.values().filter(|known| is_one_name(known, &name)).min());
            if let Some(name) = by_id.or(by_name) {
                return Some(name.clone());
            }
            self.tell(PRODUCTS, &id.text, format!("is in the category {}, which is not there", shown(Some(own))));
        }
        members.get(&id.text).and_then(|category| names.get(category)).cloned()
    }

    fn product(&mut self, id: &OldId, document: &Document) -> Option<Product> {
        let at = &id.text;
        let (called, name) = field(document, &["name", "title"]);
        let title = text(name).and_then(|name| line("/name", &name, SHORT_TEXT_MAX).ok());
        let title = title.unwrap_or_else(|| {
            let what = wrong(called, name, "is no name");
            self.tell(PRODUCTS, at, format!("{what}; it is called Product {at}"));
            format!("Product {at}")
        });
        let (price, compare_at_price, status) = self.prices(at, document);
        let stock = self.stock(at, document);
        let created_at = self.created_at(id, document);
        let description = text(document.get("description")).unwrap_or_default();
        let variant = Variant {
            id: new_id("variant", id),
            sku: None,
            option_values: Vec::new(),
            price,
            compare_at_price,
            stock,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: VariantDetails::default(),
        };
        let product = Product {
            id: new_id(PRODUCTS, id),
            slug: slugify(&title),
            title: title.clone(),
            description: rich_text::sanitise(&description),
            status,
            vendor: None,
            category_id: None,
            tags: Vec::new(),
            options: Vec::new(),
            variants: vec![variant],
            images: self.images(at, document),
            details: ProductDetails::default(),
            rating: Rating::default(),
            created_at,
            updated_at: created_at,
            version: 1,
        };
        match product.validate() {
            Ok(product) => {
                let variant_id = new_id("variant", id);
                let sold = Sold { id: product.id, variant_id, title, price: price.amount };
                self.products.insert(at.clone(), sold);
                Some(product)
            }
            Err(wrong) => {
                self.leave_out(PRODUCTS, at, format!("{wrong}; the product is left out"));
                None
            }
        }
    }

    /// What it costs, what it cost before, and whether it can be sold for that.
    fn prices(&mut self, at: &str, document: &Document) -> (Money, Option<Money>, ProductStatus) {
        let currency = self.options.currency;
        let price = document.get("price");
        let Some(regular) = money(price, currency) else {
            let what = wrong("price", price, "is no price");
            self.tell(PRODUCTS, at, format!("{what}; the product is a draft that costs nothing"));
            return (Money::new(0, currency), None, ProductStatus::Draft);
        };
        let (called, sale) = field(document, &["sale", "salePrice"]);
        let sale = sale.filter(|sale| text(Some(sale)).is_some());
        for (called, value) in [("price", price), (called, sale)] {
            if let Some(money) = money(value, currency).filter(|_| is_rounded(value, currency)) {
                let what = format!("{called} {} has more decimals than {currency}; it becomes {money}", shown(value));
                self.tell(PRODUCTS, at, what);
            }
        }
        let is_none = text(sale).is_none_or(|text| text.trim_matches(['0', '.', ',', ' ']).is_empty());
        match money(sale, currency) {
            _ if is_none => (regular, None, ProductStatus::Active),
            Some(reduced) if reduced.amount < regular.amount => (reduced, Some(regular), ProductStatus::Active),
            Some(_) => {
                let what = format!("the sale price {} is not below the price and is left out", shown(sale));
                self.tell(PRODUCTS, at, what);
                (regular, None, ProductStatus::Active)
            }
            None => {
                self.tell(PRODUCTS, at, format!("the sale price {} is no price and is left out", shown(sale)));
                (regular, None, ProductStatus::Active)
            }
        }
    }

    fn stock(&mut self, at: &str, document: &Document) -> i64 {
        let (name, value) = field(document, &["quantity", "countInStock", "stock"]);
        match whole(value) {
            Some(pieces) if (0..=STOCK_MAX).contains(&pieces) => pieces,
            Some(pieces) if pieces < 0 => {
                self.tell(PRODUCTS, at, format!("the {name} {pieces} is below zero and becomes 0"));
                0
            }
            _ => {
                let what = wrong(name, value, "is no number of pieces");
                self.tell(PRODUCTS, at, format!("{what}; it becomes 0"));
                0
            }
        }
    }

    fn images(&mut self, at: &str, document: &Document) -> Vec<Image> {
        let mut images: Vec<Image> = Vec::new();
        let (_, first) = field(document, &["primaryImage", "image"]);
        let others = ["secondaryImages", "images"].into_iter().flat_map(|name| list(document, name));
        let all = first.into_iter().chain(others);
        for value in all.filter(|value| !matches!(value, Bson::Null)) {
            let written = text(Some(value)).unwrap_or_default();
            if written.is_empty() {
                continue;
            }
            let is_absolute = written.starts_with("https://") || written.starts_with("http://");
            let url = if is_absolute { written } else { format!("/{}", written.trim_start_matches('/')) };
            if images.iter().any(|image| image.url == url) {
                continue;
            }
            if !model::product::is_picture(&url) || images.len() >= IMAGES_MAX {
                self.tell(PRODUCTS, at, format!("the picture {} cannot be used and is left out", shown(Some(value))));
                continue;
            }
            images.push(Image { url, alt: None });
        }
        images
    }

    pub(super) fn reviews(&mut self, products: &[Document]) {
        for document in products {
            let reviews = list(document, "reviews");
            self.plan.totals.reviews += reviews.len();
            let Some(id) = id_of(document.get("_id")) else { continue };
            let Some(product) = self.products.get(&id.text).cloned() else {
                if !reviews.is_empty() {
                    self.leave_out(PRODUCTS, &id.text, format!("its {} reviews are left out with it", reviews.len()));
                }
                continue;
            };
            let mut authors = HashSet::new();
            for (number, review) in (1..).zip(reviews) {
                if let Some(review) = self.review(&id, &product, number, review, &mut authors) {
                    self.plan.things.push(Thing::Review(review));
                }
            }
        }
    }

    fn review(
        &mut self,
        product_id: &OldId,
        product: &Sold,
        number: usize,
        value: &Bson,
        authors: &mut HashSet<model::AccountId>,
    ) -> Option<Review> {
        let at = &product_id.text;
        let mut refuse = |what: String| {
            self.leave_out(PRODUCTS, at, format!("review {number} {what}; it is left out"));
            None
        };
        let Bson::Document(review) = value else { return refuse("is none".to_owned()) };
        let (_, by) = field(review, &["user", "userId"]);
        let user = id_of(by);
        let Some(stars) = whole(review.get("rating")).filter(|stars| (1..=5).contains(stars)) else {
            return refuse(format!("has the rating {}, which is not 1 to 5", shown(review.get("rating"))));
        };
        let known = user.as_ref().and_then(|user| self.people.get(&user.text));
        let Some(person) = known.filter(|person| !person.name.is_empty()).cloned() else {
            let what = format!("is by the user {}, who is not there", shown(by));
            self.leave_out(PRODUCTS, at, format!("review {number} {what}; it is left out"));
            return None;
        };
        if !authors.insert(person.id) {
            self.leave_out(PRODUCTS, at, format!("review {number} is a second one by the same user; it is left out"));
            return None;
        }
        let seconds = id_of(review.get("_id")).and_then(|id| id.seconds).or(product_id.seconds);
        let own = OldId { text: format!("{at} {}", person.id), seconds };
        let now = self.options.now;
        let at_time = time(review.get("createdAt")).or_else(|| own.time()).filter(|at| *at <= now).unwrap_or(now);
        let review = Review {
            id: new_id("reviews", &own),
            product_id: product.id,
            account_id: person.id,
            status: ReviewStatus::Approved,
            stars,
            content: ReviewContent {
                title: None,
                text: text(field(review, &["text", "comment"]).1).unwrap_or_default(),
                author: author(&person.name),
                is_verified: false,
                reply: None,
                reported_by: Vec::new(),
                updated_at: at_time,
            },
            created_at: at_time,
            version: 1,
        };
        match review.validate() {
            Ok(review) => Some(review),
            Err(wrong) => {
                self.leave_out(PRODUCTS, at, format!("review {number}: {wrong}; it is left out"));
                None
            }
        }
    }

    /// A product that orders name and that is gone: they have to name something.
    pub(super) fn gone_product(&mut self, id: &OldId) -> Sold {
        if let Some(known) = self.products.get(&id.text) {
            return known.clone();
        }
        let title = format!("Product {} (no longer there)", id.text);
        let document = bson::doc! { "name": title.as_str(), "price": "0", "quantity": 0 };
        if let Some(product) = self.product(id, &document) {
            let product = Product { status: ProductStatus::Archived, ..product };
            self.plan.things.push(Thing::Product(Box::new(OldProduct { product, category: None, is_stand_in: true })));
        }
        let variant_id = new_id("variant", id);
        let gone = Sold { id: new_id(PRODUCTS, id), variant_id, title, price: 0 };
        self.products.insert(id.text.clone(), gone.clone());
        gone
    }
}
