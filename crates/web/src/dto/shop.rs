//! The shop itself, and the log of what its staff did, as the API speaks of them.

use model::{AuditEntry, Currency, ShopSettings, Timestamp, shop::Legal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::object::only_from_objects;

only_from_objects!(; both SettingsDto, LegalDto);

/// What a storefront shows of the shop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shop)]
pub struct ShopDto {
    /// What it is called.
    #[schema(example = "Alder & Ink")]
    pub name: String,
    /// Where it is, as an ISO 3166-1 alpha-2 code; empty when it does not say.
    pub country: String,
    /// Its currency, as an ISO 4217 code.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// All currencies that there are prices in.
    #[schema(value_type = Vec<String>)]
    pub currencies: Vec<Currency>,
    /// The languages of the catalogue.
    pub languages: Vec<String>,
    /// Whether orders are taken.
    pub takes_orders: bool,
    /// What to tell customers while they are not.
    pub closed_text: String,
    /// Where it sends to, as ISO 3166-1 alpha-2 codes; empty is everywhere.
    pub countries: Vec<String>,
    /// Where customers write to; empty for nowhere.
    pub contact_email: String,
    /// The legal texts, as plain text.
    pub legal: LegalDto,
    /// What becomes of a new review: `moderated` (it waits for the staff), `immediate`, or `off` (none are taken).
    #[schema(value_type = ReviewModeDto)]
    pub reviews: &'static str,
    /// How people sign up: `verify` (by a code that is mailed) or `immediate` (they are signed in at once).
    #[schema(value_type = SignUpModeDto)]
    pub signup: &'static str,
    /// Whether this is a demonstration, whose mailbox everybody on this machine may read.
    pub demo: bool,
}

/// What becomes of a new review.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewMode)]
pub enum ReviewModeDto {
    /// It waits until the staff have looked at it.
    Moderated,
    /// Everybody sees it at once.
    Immediate,
    /// There are no new ones.
    Off,
}

/// How people sign up.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SignUpMode)]
pub enum SignUpModeDto {
    /// The address is proven by a code that is mailed before anybody is signed in.
    Verify,
    /// They are signed in at once.
    Immediate,
}

/// Legal texts, as plain text.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = Legal)]
pub struct LegalDto {
    /// Who runs the shop.
    #[serde(default)]
    pub imprint: String,
    /// The terms of sale.
    #[serde(default)]
    pub terms: String,
    /// What is done with personal data.
    #[serde(default)]
    pub privacy: String,
    /// How things are sent back.
    #[serde(default)]
    pub returns: String,
}

impl From<&Legal> for LegalDto {
    fn from(legal: &Legal) -> Self {
        let Legal { imprint, terms, privacy, returns } = legal.clone();
        Self { imprint, terms, privacy, returns }
    }
}

/// What the staff set about the shop.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = ShopSettings, example = json!({
    "name": "Alder & Ink", "country": "DE", "contact_email": "hello@example.com", "low_stock_at": 5, "low_stock_mail": true, "takes_orders": true, "closed_text": "", "countries": ["DE", "AT"],
    "shop_window": false, "require_second_factor": true, "legal": {"imprint": "Ann Example, Lindenstrasse 1, Berlin"}
}))]
pub struct SettingsDto {
    /// What the shop is called, at most 80 characters; empty for what the program was started with.
    #[serde(default)]
    pub name: String,
    /// Where the shop is, as an ISO 3166-1 alpha-2 code; empty for nowhere in particular.
    #[serde(default)]
    pub country: String,
    /// The shop's own currency, as an ISO 4217 code; `null` leaves it as it is, at first what the program was started with. It
    /// cannot be changed once there are products.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// Where customers write to; empty for nowhere.
    #[serde(default)]
    pub contact_email: String,
    /// From how many pieces on a variant is short, 0 to 10,000.
    #[schema(minimum = 0, maximum = 10000)]
    pub low_stock_at: i64,
    /// Whether the shop is mailed, at its contact address, what became short; at most once an hour.
    pub low_stock_mail: bool,
    /// Whether orders are taken.
    pub takes_orders: bool,
    /// What to tell customers while they are not.
    #[serde(default)]
    pub closed_text: String,
    /// Where the shop sends to, as ISO 3166-1 alpha-2 codes; empty is everywhere.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Whether the built-in shop window is shown at `/`.
    pub shop_window: bool,
    /// Whether the staff need a second factor.
    pub require_second_factor: bool,
    /// The legal texts.
    #[serde(default)]
    pub legal: LegalDto,
}

impl From<&ShopSettings> for SettingsDto {
    fn from(settings: &ShopSettings) -> Self {
        Self {
            name: settings.name.clone(),
            country: settings.country.clone(),
            currency: settings.currency,
            contact_email: settings.contact_email.clone(),
            low_stock_at: settings.low_stock_at,
            low_stock_mail: settings.low_stock_mail,
            takes_orders: settings.takes_orders,
            closed_text: settings.closed_text.clone(),
            countries: settings.countries.clone(),
            shop_window: settings.shop_window,
            require_second_factor: settings.require_second_factor,
            legal: (&settings.legal).into(),
        }
    }
}

impl From<SettingsDto> for ShopSettings {
    fn from(dto: SettingsDto) -> Self {
        let LegalDto { imprint, terms, privacy, returns } = dto.legal;
        Self {
            version: 0,
            name: dto.name,
            country: dto.country,
            currency: dto.currency,
            contact_email: dto.contact_email,
            low_stock_at: dto.low_stock_at,
            low_stock_mail: dto.low_stock_mail,
            takes_orders: dto.takes_orders,
            closed_text: dto.closed_text,
            countries: dto.countries,
            shop_window: dto.shop_window,
            require_second_factor: dto.require_second_factor,
            legal: Legal { imprint, terms, privacy, returns },
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryDto {
    /// Its id; the ids ascend with time.
    pub id: Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who, as the id of an account; `null` is the shop itself.
    #[schema(required)]
    pub actor_id: Option<Uuid>,
    /// What, as a noun and a verb.
    #[schema(example = "product.changed")]
    pub action: String,
    /// To what.
    #[schema(required)]
    pub subject_id: Option<Uuid>,
    /// What that was called.
    pub subject: String,
    /// What changed, a line each.
    pub changes: Vec<String>,
    /// The network address that it came from.
    #[schema(required)]
    pub address: Option<String>,
    /// The name of the API key that was used.
    #[schema(required)]
    pub key: Option<String>,
}

impl From<&AuditEntry> for AuditEntryDto {
    fn from(entry: &AuditEntry) -> Self {
        let content = entry.content.clone();
        Self {
            id: entry.id.0,
            at: entry.at,
            actor_id: entry.actor_id.map(|id| id.0),
            action: entry.action.clone(),
            subject_id: entry.subject_id,
            subject: content.subject,
            changes: content.changes,
            address: content.address,
            key: content.key,
        }
    }
}
