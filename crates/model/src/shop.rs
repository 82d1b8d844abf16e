//! What the staff set about the shop while it runs. What the operator sets (addresses, keys, currencies) is configuration and not here.

use serde::{Deserialize, Serialize};

use crate::{Currency, Email, PostalAddress, Violations, country::is_country, text};

/// The most characters of a legal text.
pub const LEGAL_MAX: usize = 50_000;
/// The most characters of a shop's name.
pub const NAME_MAX: usize = 80;
/// The largest threshold of low stock.
pub const LOW_STOCK_MAX: i64 = 10_000;

/// The settings of a shop. A shop that has set nothing has [`ShopSettings::default`]. What a newer program has added is passed over
/// by an older one that still works beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopSettings {
    /// Counts the changes; 0 is a shop that has set nothing.
    pub version: i64,
    /// What the shop is called; empty for what the operator calls it.
    pub name: String,
    /// Where the shop is, as an ISO 3166-1 alpha-2 code; empty for nowhere in particular.
    pub country: String,
    /// The shop's own currency; `None` is the operator's.
    pub currency: Option<Currency>,
    /// Where customers write to; empty for nowhere.
    pub contact_email: String,
    /// From how many pieces on a variant is short.
    pub low_stock_at: i64,
    /// Whether the shop is mailed, at its contact address, what became short.
    pub low_stock_mail: bool,
    /// Whether orders are taken.
    pub takes_orders: bool,
    /// What customers are told while no orders are taken.
    pub closed_text: String,
    /// Where the shop sends to, as ISO 3166-1 alpha-2 codes; empty is everywhere.
    pub countries: Vec<String>,
    /// Whether the shop window is shown at `/`.
    pub shop_window: bool,
    /// Whether the staff need a second factor to use the dashboard.
    pub require_second_factor: bool,
    /// The legal texts, as plain text.
    pub legal: Legal,
}

/// The legal texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Legal {
    /// Who runs the shop.
    pub imprint: String,
    /// The terms of sale.
    pub terms: String,
    /// What is done with personal data.
    pub privacy: String,
    /// How things are sent back.
    pub returns: String,
}

impl Default for ShopSettings {
    fn default() -> Self {
        Self {
            version: 0,
            name: String::new(),
            country: String::new(),
            currency: None,
            contact_email: String::new(),
            low_stock_at: 5,
            low_stock_mail: true,
            takes_orders: true,
            closed_text: String::new(),
            countries: Vec::new(),
            shop_window: false,
            require_second_factor: false,
            legal: Legal::default(),
        }
    }
}

impl ShopSettings {
    /// The settings with their texts trimmed, if they can be.
    ///
    /// # Errors
    /// What is wrong.
    pub fn validate(mut self) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        self.name = self.name.trim().to_owned();
        if !self.name.is_empty() {
            wrong.take(text::line("/name", &self.name, NAME_MAX));
        }
        self.country = self.country.trim().to_ascii_uppercase();
        if !self.country.is_empty() {
            check_country(&mut wrong, "/country", &self.country);
        }
        self.contact_email = self.contact_email.trim().to_owned();
        if !self.contact_email.is_empty() {
            wrong.take(Email::parse("/contact_email", &self.contact_email));
        }
        if !(0..=LOW_STOCK_MAX).contains(&self.low_stock_at) {
            wrong.add("/low_stock_at", "out_of_range", format!("must be 0 to {LOW_STOCK_MAX}"));
        }
        if let Some(closed) = wrong.take(text::paragraph("/closed_text", self.closed_text.trim(), 500)) {
            self.closed_text = closed;
        }
        for country in &mut self.countries {
            *country = country.trim().to_ascii_uppercase();
            check_country(&mut wrong, "/countries", country);
        }
        self.countries.sort();
        self.countries.dedup();
        let Legal { imprint, terms, privacy, returns } = &mut self.legal;
        let texts = [("imprint", imprint), ("terms", terms), ("privacy", privacy), ("returns", returns)];
        for (name, text) in texts {
            if let Some(checked) =
                wrong.take(text::paragraph(&format!("/legal/{name}"), &text.trim().replace("\r\n", "\n"), LEGAL_MAX))
            {
                *text = checked;
            }
        }
        wrong.into_result().map(|()| self)
    }

    /// Whether an order to this address is taken.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_order(&self, ship_to: &PostalAddress) -> Result<(), Violations> {
        if !self.takes_orders {
            let closed = self.closed_text.as_str();
            let message = if closed.is_empty() { "the shop takes no orders at the moment" } else { closed };
            return Err(Violations::one("", "shop_closed", message));
        }
        self.check_destination(ship_to)
    }

    /// Whether the shop sends to this address.
    ///
    /// # Errors
    /// That it does not, with a pointer below `/ship_to`.
    pub fn check_destination(&self, ship_to: &PostalAddress) -> Result<(), Violations> {
        let country = ship_to.country.as_str();
        if self.countries.is_empty() || self.countries.iter().any(|known| known.eq_ignore_ascii_case(country)) {
            return Ok(());
        }
        let message = format!("the shop does not send there; it sends to {}", self.countries.join(", "));
        Err(Violations::one("/ship_to/country", "not_shipped_to", message))
    }
}

fn check_country(wrong: &mut Violations, pointer: &str, code: &str) {
    if !is_country(code) {
        wrong.add(pointer, "invalid", format!("`{code}` is not a country's code of two letters, such as DE"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(country: &str) -> PostalAddress {
        PostalAddress {
            name: "Ann".to_owned(),
            line1: "Street 1".to_owned(),
            line2: None,
            postal_code: "1".to_owned(),
            city: "Town".to_owned(),
            region: None,
            country: country.to_owned(),
            phone: None,
        }
    }

    #[test]
    fn a_shop_that_has_set_nothing_sends_everywhere() {
        assert!(ShopSettings::default().check_order(&to("NZ")).is_ok());
    }

    #[test]
    fn a_shop_sends_where_it_says() {
        let settings = ShopSettings { countries: vec![" de".to_owned(), "AT".to_owned()], ..ShopSettings::default() };
        let settings = settings.validate().expect("good settings");
        assert!(settings.check_order(&to("DE")).is_ok());
        assert_eq!(settings.check_order(&to("FR")).expect_err("refused").0[0].code, "not_shipped_to");
    }

    #[test]
    fn a_closed_shop_says_why() {
        let closed =
            ShopSettings { takes_orders: false, closed_text: "Back on Monday".to_owned(), ..ShopSettings::default() };
        assert_eq!(closed.check_order(&to("DE")).expect_err("refused").0[0].message, "Back on Monday");
    }

    #[test]
    fn wrong_settings_are_refused() {
        let wrong = ShopSettings {
            name: "x".repeat(NAME_MAX + 1),
            country: "D".to_owned(),
            contact_email: "nobody".to_owned(),
            low_stock_at: -1,
            countries: vec!["Germany".to_owned()],
            legal: Legal { terms: "x".repeat(LEGAL_MAX + 1), ..Legal::default() },
            ..ShopSettings::default()
        };
        let wrong = wrong.validate().expect_err("refused");
        let pointers: Vec<_> = wrong.0.iter().map(|violation| violation.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/country", "/contact_email", "/low_stock_at", "/countries", "/legal/terms"]);
    }
}
