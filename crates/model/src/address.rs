//! Postal addresses.

use serde::{Deserialize, Serialize};

use crate::{
    AddressId, account,
    country::{country_name, is_country},
    text,
    violation::Violations,
};

/// Countries whose people write the postal code behind the town.
const POSTAL_CODE_LAST: [&str; 9] = ["AU", "CA", "GB", "IE", "IN", "NZ", "SG", "US", "ZA"];

/// Countries whose posts ask for a postal code, so that a parcel without one comes back. Elsewhere it may be left out: there are none, as
/// in Hong Kong, or people do without, as in Ireland.
const POSTAL_CODE_NEEDED: [&str; 62] = [
    "AS", "AT", "AU", "AX", "BE", "BL", "BR", "CA", "CH", "CN", "CZ", "DE", "DK", "EE", "ES", "FI", "FO", "FR", "GB",
    "GF", "GG", "GL", "GP", "GR", "GU", "HR", "HU", "IM", "IN", "IT", "JE", "JP", "KR", "LI", "LT", "LU", "LV", "MF",
    "MQ", "MX", "MY", "NL", "NO", "NZ", "PL", "PM", "PR", "PT", "RE", "RO", "RU", "SE", "SG", "SK", "TH", "TR", "TW",
    "UA", "US", "VI", "YT", "ZA",
];

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
    /// Postal code; empty where there is none, see [`needs_postal_code`].
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
        if postal_code.as_deref() == Some("") && needs_postal_code(&country) {
            let message = format!("must be given for an address in {}", country_name(&country));
            wrong.add(at("postal_code"), "required", message);
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

    /// The address as it stands on a parcel, written as in its country, with the country's name last; without the telephone number.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let is_postal_code_last = POSTAL_CODE_LAST.contains(&self.country.as_str());
        let region = self.region.as_deref().unwrap_or("");
        let (town, region) = if is_postal_code_last {
            ([self.city.as_str(), region, &self.postal_code], "")
        } else {
            ([self.postal_code.as_str(), &self.city, ""], region)
        };
        let town = town.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let line2 = self.line2.as_deref().unwrap_or("");
        let lines = [self.name.as_str(), &self.line1, line2, &town, region, country_name(&self.country)];
        lines.into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// What is left of an address when its owner is forgotten: the country, for the books.
    #[must_use]
    pub fn anonymised(&self) -> Self {
        Self { country: self.country.clone(), ..Self::default() }
    }
}

/// Whether an address in the country with this code, in capitals, must have a postal code.
#[must_use]
pub fn needs_postal_code(country: &str) -> bool {
    POSTAL_CODE_NEEDED.contains(&country)
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
    fn addresses_are_written_as_in_their_country() {
        let address = |country: &str, region: Option<&str>| PostalAddress {
            name: "Ann".into(),
            line1: "1 High Street".into(),
            city: "Springfield".into(),
            region: region.map(str::to_owned),
            postal_code: "62701".into(),
            country: country.into(),
            phone: Some("+1 555 0100".into()),
            ..PostalAddress::default()
        };
        let american = ["Ann", "1 High Street", "Springfield IL 62701", "United States of America"];
        assert_eq!(address("US", Some("IL")).lines(), american);
        assert_eq!(address("US", None).lines()[2], "Springfield 62701");
        assert_eq!(address("DE", Some("IL")).lines(), ["Ann", "1 High Street", "62701 Springfield", "IL", "Germany"]);
        assert_eq!(address("XX", None).lines()[3], "XX", "a country that is not known goes by its code");
        assert_eq!(address("DE", None).anonymised().lines(), ["Germany"]);
    }

    #[test]
    fn a_postal_code_is_asked_for_where_the_post_does() {
        let checked = |country: &str, postal_code: &str| {
            let address = PostalAddress {
                name: "Ann".into(),
                line1: "1 High Street".into(),
                city: "Springfield".into(),
                postal_code: postal_code.into(),
                country: country.into(),
                ..PostalAddress::default()
            };
            let checked = address.validate("");
            checked.map_err(|wrong| wrong.0.into_iter().map(|wrong| (wrong.pointer, wrong.code)).collect::<Vec<_>>())
        };
        for country in ["HK", "ae", "PA", "IE", "XK"] {
            assert_eq!(checked(country, "").expect("fine without one").postal_code, "", "{country}");
            assert_eq!(checked(country, " 999077 ").expect("fine with one").postal_code, "999077", "{country}");
        }
        for country in ["DE", "us", "GB", "JP"] {
            checked(country, "62701").expect("fine with one");
            for none in ["", " ", "\u{200B}"] {
                let wrong = checked(country, none).expect_err("without one");
                assert_eq!(wrong, [("/postal_code".to_owned(), "required")], "{country} {none:?}");
            }
        }
        assert!(POSTAL_CODE_NEEDED.is_sorted() && POSTAL_CODE_NEEDED.iter().all(|code| is_country(code)));
    }

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
