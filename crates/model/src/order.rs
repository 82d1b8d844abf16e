//! Orders and their state machine.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Account, AccountId, Email, Money, OrderId, PostalAddress, ProductId, VariantId, text,
    violation::{Violation, Violations},
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
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

impl OrderStatus {
    /// All of them, in the order of an order's life.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Confirmed, Self::Shipped, Self::Delivered, Self::Cancelled];

    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Where an order may go from here. The whole state machine is this table.
    #[must_use]
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Confirmed, Self::Cancelled],
            Self::Confirmed => &[Self::Shipped, Self::Cancelled],
            Self::Shipped => &[Self::Delivered],
            Self::Delivered | Self::Cancelled => &[],
        }
    }

    /// Whether an order may go from here to `to`.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        self.allowed().contains(&to)
    }

    /// Whether the parcel is still in the shop, so that its address is still needed, and can be corrected.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed)
    }

    /// Whether the parcel has left, so that it can be followed, and the number to follow it by corrected.
    #[must_use]
    pub const fn has_left(self) -> bool {
        matches!(self, Self::Shipped | Self::Delivered)
    }
}

impl FromStr for OrderStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// The number that people say on the telephone: `CW-10001`. The default, 0, is before all orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderNumber(pub i64);

impl OrderNumber {
    /// The first number of a shop.
    pub const FIRST: Self = Self(10_001);
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CW-{}", self.0)
    }
}

impl FromStr for OrderNumber {
    type Err = ();

    /// Reads it as people write it: `CW-10001`, `cw10001`, `CW 10 001`, `#10001` or `10001`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.strip_prefix('#').unwrap_or(&text);
        let digits = match text.split_at_checked(2) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("CW") => {
                rest.strip_prefix(['-', '\u{2013}']).unwrap_or(rest)
            }
            _ => text,
        };
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten().map(Self).ok_or(())
    }
}

/// What the first event of an order says that was not placed here: nobody was mailed by this shop about it.
pub const BROUGHT_OVER: &str = "brought over from another shop";

/// One line: a snapshot of what was bought, whatever becomes of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// The product it was.
    pub product_id: ProductId,
    /// The variant it was.
    pub variant_id: VariantId,
    /// The product's title at the time.
    pub title: String,
    /// The variant's title at the time; empty for simple products.
    pub variant_title: String,
    /// The SKU at the time.
    pub sku: Option<String>,
    /// How many pieces.
    pub quantity: i64,
    /// The price of one piece at the time.
    pub unit_price: Money,
    /// Whether stock was taken, so that a cancellation knows what to give back.
    pub stock_taken: bool,
}

impl OrderLine {
    /// What the line costs. Fits, because the checkout checked it.
    #[must_use]
    pub fn total(&self) -> Money {
        Money { amount: self.unit_price.amount.saturating_mul(self.quantity), ..self.unit_price }
    }
}

/// How a parcel can be followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// The number of the consignment.
    pub number: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// A page that shows where it is.
    pub url: Option<String>,
}

impl Tracking {
    /// What the numbers of parcels are compared by: in small letters (of ASCII), without the spaces that they are printed with.
    #[must_use]
    pub fn key(number: &str) -> String {
        number.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect()
    }

    /// Trims the texts and checks them.
    ///
    /// # Errors
    /// What is wrong, with pointers below `/tracking`.
    pub fn validate(self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let number = wrong.take(text::line("/tracking/number", &self.number, 100));
        let carrier =
            self.carrier.and_then(|carrier| wrong.take(text::optional_line("/tracking/carrier", &carrier, 100)));
        let url = self.url.and_then(|url| wrong.take(text::optional_line("/tracking/url", &url, 2048)));
        if url
            .as_ref()
            .is_some_and(|url| !(url.is_empty() || url.starts_with("https://") || url.starts_with("http://")))
        {
            wrong.add("/tracking/url", "invalid_url", "must be an http or https URL");
        }
        match number {
            Some(number) if wrong.0.is_empty() => Ok(Self {
                number,
                carrier: carrier.filter(|carrier| !carrier.is_empty()),
                url: url.filter(|url| !url.is_empty()),
            }),
            _ => Err(wrong),
        }
    }
}

/// Who did something to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderActor {
    /// The buyer.
    Customer,
    /// Somebody of the shop.
    Staff,
}

impl OrderActor {
    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
        }
    }
}

impl FromStr for OrderActor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Customer, Self::Staff].into_iter().find(|actor| actor.as_str() == text).ok_or(())
    }
}

/// What the event says of an order that goes to another address than it was placed for. Never which: notes are not for that.
pub const ADDRESS_CORRECTED: &str = "address corrected";

/// What the event says of an order whose parcel was first to be followed in another way.
pub const TRACKING_CORRECTED: &str = "tracking corrected";

/// What the event says of an order whose parcel could not be followed at first.
pub const TRACKING_ADDED: &str = "tracking added";

/// What the event says of an order whose parcel can no longer be followed.
pub const TRACKING_REMOVED: &str = "tracking removed";

/// A correction of what was mistyped about an order. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// Where it goes, while its parcel is still in the shop.
    pub ship_to: Option<PostalAddress>,
    /// How the parcel can be followed, once it has left; `Some(None)` for one that cannot be.
    pub tracking: Option<Option<Tracking>>,
}

/// One entry of an order's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// When.
    pub at: Timestamp,
    /// What the order became; what it still was when something about it was corrected.
    pub status: OrderStatus,
    /// Who did it.
    pub actor: OrderActor,
    /// The account that did it; staff see it, customers do not.
    pub actor_id: Option<AccountId>,
    /// What they noted; customers see it.
    pub note: Option<String>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    pub number: OrderNumber,
    /// Who bought; the account's row outlives its deletion.
    pub account_id: AccountId,
    /// The buyer's address when it was placed; `None` once the account is deleted. Its mails go to the address that the account has when
    /// they are written.
    pub email: Option<Email>,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was bought; 1 to 100 lines.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// Where it goes.
    pub ship_to: PostalAddress,
    /// How the parcel can be followed.
    pub tracking: Option<Tracking>,
    /// What happened, oldest first.
    pub timeline: Vec<OrderEvent>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl Order {
    /// What is left of an order when its buyer is forgotten. The e-mail address goes at once. The postal address (but the country, for
    /// the books), the page of the parcel, which may name the address, and what was written on its way go once it is no longer open.
    #[must_use]
    pub fn anonymised(mut self) -> Self {
        self.email = None;
        if !self.status.is_open() {
            self.ship_to = self.ship_to.anonymised();
            self.tracking = self.tracking.map(|tracking| Tracking { url: None, ..tracking });
            self.timeline.iter_mut().for_each(|event| event.note = None);
        }
        self
    }

    /// Whether its buyer is forgotten: they are gone, and what was kept of them for the parcel alone goes as well.
    #[must_use]
    pub fn is_forgotten(&self, buyer: &Account) -> bool {
        buyer.deleted_at.is_some() && !self.status.is_open()
    }

    /// Whether its buyer is told of a tracking number: of the first one, while the parcel is on its way. What comes in the place of one
    /// that was removed is a correction.
    #[must_use]
    pub fn takes_first_tracking(&self) -> bool {
        let was_removed = || self.timeline.iter().any(|event| event.note.as_deref() == Some(TRACKING_REMOVED));
        self.status == OrderStatus::Shipped && self.tracking.is_none() && !was_removed()
    }

    /// The order with this correction, and what its timeline says of it: nothing when it is as it was.
    ///
    /// # Errors
    /// What is wrong with it, or that it comes too early or too late.
    pub fn corrected(mut self, correction: Correction) -> Result<(Self, Option<&'static str>), Violations> {
        let mut said = None;
        if let Some(ship_to) = correction.ship_to {
            if !self.status.is_open() {
                let message = "an address can be corrected while the order is `pending` or `confirmed`";
                return Err(Violations::one("/ship_to", "not_allowed", message));
            }
            let ship_to = ship_to.validate("/ship_to")?;
            said = (ship_to != self.ship_to).then_some(ADDRESS_CORRECTED);
            self.ship_to = ship_to;
        }
        if let Some(tracking) = correction.tracking {
            // What is not there can be left away at any time.
            if !self.status.has_left() && (tracking.is_some() || self.tracking.is_some()) {
                let message = "a tracking number can be corrected once the order is `shipped` or `delivered`";
                return Err(Violations::one("/tracking", "not_allowed", message));
            }
            let tracking = tracking.map(Tracking::validate).transpose()?;
            let what = match (&self.tracking, &tracking) {
                (None, _) => TRACKING_ADDED,
                (Some(_), Some(_)) => TRACKING_CORRECTED,
                (Some(_), None) => TRACKING_REMOVED,
            };
            said = said.or((tracking != self.tracking).then_some(what));
            self.tracking = tracking;
        }
        Ok((self, said))
    }
}

/// The note of a move, trimmed.
///
/// # Errors
/// A violation at `/note`.
pub fn note(note: &str) -> Result<Option<String>, Violation> {
    text::paragraph("/note", note, 2000).map(|note| Some(note).filter(|note| !note.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_machine_is_as_promised() {
        use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Shipped};
        let mut allowed = Vec::new();
        for from in OrderStatus::ALL {
            allowed.extend(OrderStatus::ALL.into_iter().filter(|to| from.may_become(*to)).map(|to| (from, to)));
        }
        assert_eq!(
            allowed,
            [
                (Pending, Confirmed),
                (Pending, Cancelled),
                (Confirmed, Shipped),
                (Confirmed, Cancelled),
                (Shipped, Delivered)
            ]
        );
    }

    /// Each is corrected when it is of use: the address before the parcel leaves, the number of the parcel after.
    #[test]
    fn an_order_is_corrected_as_far_as_its_parcel_is() {
        let order = |status| Order {
            id: OrderId(uuid::Uuid::nil()),
            number: OrderNumber::FIRST,
            account_id: AccountId(uuid::Uuid::nil()),
            email: None,
            status,
            lines: Vec::new(),
            total: Money::new(1, crate::Currency::EUR),
            ship_to: PostalAddress { country: "DE".into(), ..PostalAddress::default() },
            tracking: None,
            timeline: Vec::new(),
            placed_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let address = PostalAddress {
            name: "Ann".into(),
            line1: "Lindenstrasse 1".into(),
            city: "Berlin".into(),
            postal_code: "10969".into(),
            country: "DE".into(),
            ..PostalAddress::default()
        };
        let ship_to = Correction { ship_to: Some(address), tracking: None };
        let number = Tracking { number: "T-1".into(), ..Tracking::default() };
        let tracking = Correction { ship_to: None, tracking: Some(Some(number)) };
        let removal = Correction { ship_to: None, tracking: Some(None) };
        for status in OrderStatus::ALL {
            let said = |correction: &Correction| order(status).corrected(correction.clone()).map(|(_, said)| said).ok();
            let is_open = matches!(status, OrderStatus::Pending | OrderStatus::Confirmed);
            assert_eq!(said(&ship_to), is_open.then_some(Some(ADDRESS_CORRECTED)), "{status:?}");
            assert_eq!(order(status).takes_first_tracking(), status == OrderStatus::Shipped);
            let has_left = matches!(status, OrderStatus::Shipped | OrderStatus::Delivered);
            assert_eq!(said(&tracking), has_left.then_some(Some(TRACKING_ADDED)), "{status:?}");
            // There is none yet.
            assert_eq!(said(&removal), Some(None), "{status:?}");
            assert_eq!(said(&Correction::default()), Some(None), "{status:?}");
        }
        // The same again is no correction.
        let (corrected, _) = order(OrderStatus::Pending).corrected(ship_to.clone()).expect("open");
        assert_eq!(corrected.clone().corrected(ship_to), Ok((corrected, None)));
        let (followed, _) = order(OrderStatus::Shipped).corrected(tracking).expect("on its way");
        assert_eq!(followed.corrected(removal), Ok((order(OrderStatus::Shipped), Some(TRACKING_REMOVED))));
    }

    #[test]
    fn parcels_are_known_however_their_numbers_are_grouped() {
        assert_eq!(Tracking::key("RR 123 456 789 De"), "rr123456789de");
        assert_eq!(Tracking::key("rr123456789de"), Tracking::key(" RR123456789DE "));
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        for text in [
            "CW-10001",
            "cw-10001",
            " 10001 ",
            "#10001",
            "# 10001",
            "CW10001",
            "cw 10001",
            "#CW-10001",
            "CW - 10 001",
            "CW\u{2013}10001",
        ] {
            assert_eq!(text.parse(), Ok(OrderNumber(10_001)), "{text}");
        }
        for bad in [
            "",
            "#",
            "##5",
            "CW",
            "CW-",
            "CW--5",
            "CW-x",
            "CWX5",
            "-5",
            "+5",
            "１２",
            "CW-99999999999999999999",
            "é-1",
            "éé",
        ] {
            assert!(bad.parse::<OrderNumber>().is_err(), "{bad}");
        }
    }
}
