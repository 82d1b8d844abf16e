//! The codes of `errors[]`: what can be wrong with a part of the input, and what to do about it.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputCode {
    /// The code as it stands in replies. Never renamed.
    pub(crate) name: &'static str,
    /// What is wrong.
    pub(crate) meaning: &'static str,
    /// What a caller can do about it.
    pub(crate) remedy: &'static str,
}

const fn known(name: &'static str, meaning: &'static str, remedy: &'static str) -> InputCode {
    InputCode { name, meaning, remedy }
}

/// All of them: first those that placing an order can meet, then those about the form of a request, then the others.
pub(crate) const INPUT_CODES: &[InputCode] = &[
    known(
        "shop_closed",
        "The shop takes no orders at the moment. Its pointer is empty: nothing is wrong with the request",
        "Show `message` to the customer, and try again when `takes_orders` of GET /v1/shop says so.",
    ),
    known(
        "not_for_sale",
        "There is no such variant, or its product is no longer for sale",
        "Take the line out of the basket and tell the customer.",
    ),
    known(
        "no_price",
        "The variant has no price in the currency of the order",
        "Order in another currency, or without the variant.",
    ),
    known(
        "mixed_currencies",
        "Prices in several currencies stand where one is needed",
        "Order in each currency by itself, or name one in `currency`. A product is priced in one, too.",
    ),
    known(
        "not_shipped_to",
        "The shop does not send to the country",
        "Ask for another address; `countries` of GET /v1/shop lists where it sends to.",
    ),
    known("invalid_country", "It is no country", "Send the two letters of ISO 3166-1, such as DE."),
    known("required", "It is missing or empty", "Send it; `message` says what it needs at least."),
    known(
        "out_of_range",
        "A number, a time or how many there are of something is outside of what is allowed",
        "`message` names the bounds.",
    ),
    known("too_long", "The text is too long", "`message` names the most characters."),
    known("too_short", "The password is too short", "`message` names the fewest characters."),
    known(
        "too_common",
        "The password is among those that are guessed first, or like the address or the name",
        "Ask for another one; several words that have nothing to do with each other are good.",
    ),
    known("control_character", "The text has line breaks or control characters in it", "Leave them out."),
    known("invalid_email", "It is no e-mail address", "Have it corrected."),
    known("invalid_phone", "It is no telephone number", "Have it corrected, or leave it out."),
    known(
        "invalid_url",
        "It is no address on the web",
        "Send an http or https URL, or a path on this server where `message` allows it.",
    ),
    known("invalid_slug", "It cannot be a name in URLs", "Use small letters from a to z, digits and single hyphens."),
    known("invalid_key", "It cannot be the key of an attribute", "`message` says how keys are written."),
    known("unchanged", "It is what is there already", "There is nothing to do."),
    known("unknown_field", "The body has a member that there is not", "Correct its name, or leave it out."),
    known("duplicate_field", "The body has a member twice", "Send it once."),
    known("invalid_type", "The value is of another type", "`message` says which type is expected."),
    known("unknown_value", "The value is none of those that there are", "`message` lists them."),
    known("invalid_value", "The value cannot be read as what it has to be", "`message` says what is expected."),
    known("invalid", "The value cannot be read as what it has to be", "`message` says what is expected."),
    known("malformed", "The body is not JSON from here on", "Send JSON in UTF-8 (RFC 8259)."),
    known("unknown_parameter", "There is no such query parameter", "Correct its name, or leave it out."),
    known(
        "invalid_cursor",
        "The cursor is not one of this list in this order, or of another search",
        "Send `next_cursor` as it came, with the parameters of the page before; or begin with the first page.",
    ),
    known("no_such_currency", "The shop does not sell in the currency", "Choose one of `currencies` of GET /v1/shop."),
    known("no_such_language", "The shop has no texts in the language", "Choose one of `languages` of GET /v1/shop."),
    known("no_such_category", "There is no such category", "GET /v1/categories lists those that there are."),
    known("no_such_collection", "There is no such collection", "GET /v1/collections lists those that there are."),
    known("not_found", "What it names does not exist", "Read what there is, and name that."),
    known("duplicate", "The same stands there twice", "Leave one out."),
    known("not_allowed", "It cannot be given here", "`message` says why, and what can."),
    known("in_use", "It cannot be changed while it is used", "`message` says by what."),
    known("too_many", "There were as many as may be in a time", "Wait a while."),
    known(
        "not_verified",
        "The e-mail address of the account is not proven",
        "Have its owner enter the code from the mail first.",
    ),
    known(
        "option_mismatch",
        "The option values of a variant do not fit the options of its product",
        "Send one value for each option, in their order.",
    ),
    known(
        "no_regular_price",
        "A sale names a currency that the variant has no price in",
        "Add the price first, or leave the currency out of the sale.",
    ),
    known("not_lower", "The price of a sale is not below the regular one", "Lower it, or leave it out."),
    known("not_defined", "No such attribute is defined", "Define it with POST /v1/admin/attributes."),
    known("wrong_value", "The value does not fit the kind of the attribute", "`message` says what fits."),
];

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    /// What takes a place, a code and a message.
    const NOTED: [&str; 7] = ["Violations::one(", ".add(", ".parameter(", ".at(", "violation(", "wrong(", "refused("];

    /// Codes that are chosen before they are noted.
    const CHOSEN: [&str; 5] = ["too_short", "too_long", "invalid_type", "unknown_value", "duplicate_field"];

    /// What stands between a call's first and second comma.
    fn second_argument(arguments: &str) -> Option<&str> {
        let (mut depth, mut is_text, mut is_escaped, mut begin) = (0_u32, false, false, None);
        for (at, c) in arguments.char_indices() {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' if is_text => is_escaped = true,
                '"' => is_text = !is_text,
                _ if is_text => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.checked_sub(1)?,
                ',' if depth == 0 => match begin {
                    None => begin = Some(at + 1),
                    Some(begin) => return arguments.get(begin..at).map(str::trim),
                },
                _ => {}
            }
        }
        None
    }

    /// The codes that a source notes, as far as they are written out where it does.
    fn noted(source: &str) -> BTreeSet<String> {
        let calls = NOTED.into_iter().flat_map(|call| source.match_indices(call));
        let second = calls.filter_map(|(at, call)| second_argument(source.get(at + call.len()..)?));
        let literals = second.filter_map(|argument| argument.strip_prefix('"')?.strip_suffix('"'));
        let members = source.split(" code: \"").skip(1).filter_map(|rest| rest.split('"').next());
        let is_code = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        literals.chain(members).filter(is_code).map(str::to_owned).collect()
    }

    /// All that is not a test, of the crates whose refusals are replied.
    fn sources() -> Vec<(PathBuf, String)> {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders: Vec<_> =
            ["model", "commerce", "identity", "web"].iter().map(|name| crates.join(name).join("src")).collect();
        let mut sources = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                    let text = fs::read_to_string(&path).expect("a source");
                    let shipped = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                    sources.push((path, shipped));
                }
            }
        }
        assert!(sources.len() > 100, "{} sources", sources.len());
        sources
    }

    #[test]
    fn codes_are_read_out_of_sources() {
        let source = r#"
            wrong.add(format!("/lines/{index}, {}", at("(")), "first_code", "says, why");
            return Err(Violations::one("/\"", "second_code", message).into());
            Violation { pointer, code: "third_code", message }
            set.add("a", "b");
            problem.at(pointer, code, message)
        "#;
        let found: Vec<_> = noted(source).into_iter().collect();
        assert_eq!(found, ["first_code", "second_code", "third_code"]);
    }

    #[test]
    fn every_code_that_is_noted_is_explained_and_no_other() {
        let sources = sources();
        let explained: BTreeSet<_> = INPUT_CODES.iter().map(|code| code.name).collect();
        let mut all: BTreeSet<String> = CHOSEN.map(str::to_owned).into();
        for (path, source) in &sources {
            for code in noted(source) {
                assert!(explained.contains(code.as_str()), "`{code}` of {} is not explained", path.display());
                all.insert(code);
            }
        }
        for code in explained {
            assert!(all.contains(code), "`{code}` is explained and nowhere noted");
        }
    }

    #[test]
    fn codes_are_unique_and_explained_in_plain_text() {
        let names: BTreeSet<_> = INPUT_CODES.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), INPUT_CODES.len());
        for InputCode { name, meaning, remedy } in INPUT_CODES {
            assert!(!format!("{name}{meaning}{remedy}").contains(['<', '>', '&', '"']), "{name}");
            assert!(!meaning.is_empty() && !meaning.ends_with('.') && remedy.ends_with('.'), "{name}");
        }
    }
}
