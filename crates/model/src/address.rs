//! Postal addresses.

use serde::{Deserialize, Serialize};

use crate::{AddressId, account, country::is_country, text, violation::Violations};

/// Where a parcel goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor, company.
    pub line2: Option<String>,
    /// Town.
    pub city: String,
    /// State, province or county, where the country uses one.
    pub region: Option<String>,
    /// Postal code; empty in countries without them.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code, in capitals.
    pub country: String,
    /// Telephone number for the carrier.
    pub phone: Option<String>,
}

impl PostalAddress {
    /// The address with its texts trimmed and the country in capitals.
    ///
    /// # Errors
    /// What is wrong, with pointers below `pointer`.
    pub fn validate(self, pointer: &str) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let at = |field: &str| format!("{pointer}/{field}");
        let name = wrong.take(text::line(&at("name"), &self.name, account::NAME_MAX));
        let line1 = wrong.take(text::line(&at("line1"), &self.line1, text::SHORT_TEXT_MAX));
        let line2 =
            wrong.take(text::optional_line(&at("line2"), self.line2.as_deref().unwrap_or(""), text::SHORT_TEXT_MAX));
        let city = wrong.take(text::line(&at("city"), &self.city, text::SHORT_TEXT_MAX));
        let region =
            wrong.take(text::optional_line(&at("region"), self.region.as_deref().unwrap_or(""), text::SHORT_TEXT_MAX));
        let postal_code = wrong.take(text::optional_line(&at("postal_code"), &self.postal_code, 20));
        let phone = self
            .phone
            .filter(|phone| !phone.trim().is_empty())
            .and_then(|phone| wrong.take(account::phone(&at("phone"), &phone)));
        let country = self.country.trim().to_uppercase();
        if !is_country(&country) {
            wrong.add(at("country"), "invalid_country", "must be a two-letter ISO 3166-1 country code such as DE");
        }
        match (name, line1, city, postal_code) {
            (Some(name), Some(line1), Some(city), Some(postal_code)) if wrong.0.is_empty() => Ok(Self {
                name,
                line1,
                line2: line2.filter(|line| !line.is_empty()),
                city,
                region: region.filter(|region| !region.is_empty()),
                postal_code,
                country,
                phone,
            }),
            _ => Err(wrong),
        }
    }

    /// What is left of an address when its owner is forgotten: the country, for the books.
    #[must_use]
    pub fn anonymised(&self) -> Self {
        Self { country: self.country.clone(), ..Self::default() }
    }
}

/// An address that a customer keeps for next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedAddress {
    /// Its id.
    pub id: AddressId,
    /// What the customer calls it, for example "Home".
    pub label: Option<String>,
    /// The address.
    pub address: PostalAddress,
}

/// How many addresses one account may keep.
pub const SAVED_ADDRESSES_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let address = PostalAddress { country: "XX".into(), phone: Some("call me".into()), ..PostalAddress::default() };
        let wrong = address.validate("/ship_to").expect_err("nothing in it is right");
        let pointers: Vec<_> = wrong.0.iter().map(|violation| violation.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/ship_to/name", "/ship_to/line1", "/ship_to/city", "/ship_to/phone", "/ship_to/country"]
        );
    }
}
