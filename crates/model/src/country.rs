//! The countries, by their ISO 3166-1 alpha-2 codes, and Kosovo.

use std::sync::LazyLock;

/// Kosovo has no code of its own in ISO 3166-1. Posts, carriers and the European Union use this one, of those that the standard leaves
/// to its users.
const KOSOVO: (&str, &str) = ("XK", "Kosovo");

/// The countries as code and name, in the order of their names.
#[must_use]
pub fn countries() -> &'static [(String, String)] {
    static ALL: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let named = |country: &rust_iso3166::CountryCode| (country.alpha2.to_owned(), country.name.to_owned());
        let mut all: Vec<_> = rust_iso3166::ALL.iter().map(named).collect();
        all.push((KOSOVO.0.to_owned(), KOSOVO.1.to_owned()));
        all.sort_by_key(|(_, name)| name.replace('Å', "A"));
        all
    });
    &ALL
}

/// The name of the country with this code; the code itself where no country has it.
#[must_use]
pub fn country_name(code: &str) -> &str {
    if code == KOSOVO.0 {
        return KOSOVO.1;
    }
    rust_iso3166::from_alpha2(code).map_or(code, |country| country.name)
}

/// Whether this is the code of a country, in capitals.
#[must_use]
pub fn is_country(code: &str) -> bool {
    code == KOSOVO.0 || (code.len() == 2 && rust_iso3166::from_alpha2(code).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_their_codes() {
        assert!(is_country("DE") && !is_country("XX") && !is_country("DEU") && !is_country("de"));
        assert!(countries().iter().any(|(code, name)| code == "NZ" && name == "New Zealand"));
        assert_eq!(countries()[0].1, "Afghanistan");
        assert_eq!((country_name("NZ"), country_name("XX")), ("New Zealand", "XX"));
    }

    #[test]
    fn kosovo_is_among_them_once_and_in_its_place() {
        assert!(is_country("XK") && !is_country("xk"));
        assert_eq!(country_name("XK"), "Kosovo");
        let at = countries().iter().position(|(code, _)| code == "XK").expect("it is listed");
        assert!(countries()[at - 1].1.as_str() < "Kosovo" && countries()[at + 1].1.as_str() > "Kosovo");
        assert_eq!(countries().iter().filter(|(_, name)| name.contains("Kosovo")).count(), 1);
    }
}
