//! Everything that a request to the API may carry as JSON.

use web::extract::parse_object;

/// The name of a type in `web::dto`, and what reads a body as it, as operations do: whether these bytes are one.
pub(super) type Body = (&'static str, fn(&[u8]) -> bool);

macro_rules! bodies {
    ($($module:ident::$dto:ident),+ $(,)?) => {
        /// All of them.
        pub(super) const BODIES: &[Body] =
            &[$((stringify!($dto), |bytes| parse_object::<web::dto::$module::$dto>(bytes).is_ok())),+];
    };
}

bodies![
    account::AccessPatchDto,
    account::ProfilePatchDto,
    account::SaveAddressDto,
    attribute::AttributePatchDto,
    attribute::NewAttributeDto,
    auth::ChangeEmailDto,
    auth::ChangePasswordDto,
    auth::ConfirmEmailDto,
    auth::EmailOnlyDto,
    auth::LoginDto,
    auth::PasswordAgainDto,
    auth::RefreshDto,
    auth::ResetPasswordDto,
    auth::SignUpDto,
    auth::VerifyEmailDto,
    catalogue::CategoryPatchDto,
    catalogue::GenerateVariantsDto,
    catalogue::MoveCategoryDto,
    catalogue::MoveStockDto,
    catalogue::NewCategoryDto,
    catalogue::NewProductDto,
    catalogue::NewVariantDto,
    catalogue::ProductPatchDto,
    catalogue::VariantPatchDto,
    collection::CollectionPatchDto,
    collection::NewCollectionDto,
    order::CancelOrderDto,
    order::OrderPatchDto,
    order::OrderTransitionDto,
    order::PlaceOrderDto,
    picture::ImportPictureDto,
    review::NewReviewDto,
    review::ReviewPatchDto,
    review::ReviewVerdictDto,
    shop::SettingsDto,
];

/// Bodies that are taken: at least one for each of them, with as many of its fields as there are.
pub(super) const GOOD: &[&str] = &[
    r#"{"disabled":true,"role":"staff","permissions":["catalogue","orders"],"current_password":"a quiet garden in May"}"#,
    r#"{"current_password":"a quiet garden in May"}"#,
    r#"{"name":"Ann","phone":null}"#,
    r#"{"label":"Home","name":"Ann","line1":"Street 1","line2":"c/o Bob","city":"Berlin","region":"BE","postal_code":"10969","country":"DE","phone":"+49 30 1"}"#,
    r#"{"label":"Width","choices":["a","b"],"unit":null,"is_facet":true}"#,
    r#"{"key":"width","label":"Width","owner":"product","kind":"integer","choices":[],"unit":"cm","is_facet":false}"#,
    r#"{"new_email":"ann@example.com","password":"seven lamps"}"#,
    r#"{"current_password":"seven lamps","new_password":"eight lamps"}"#,
    r#"{"code":"123456"}"#,
    r#"{"email":"ann@example.com"}"#,
    r#"{"email":"ann@example.com","password":"seven lamps","code":"123456"}"#,
    r#"{"refresh_token":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
    r#"{"token":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","password":"seven lamps"}"#,
    r#"{"email":"ann@example.com","password":"seven lamps","name":"Ann"}"#,
    r#"{"name":"Mugs","slug":"mugs","parent_id":null,"position":2,"description":"<p>x</p>","seo":{"title":"Mugs"},"names":{"de":"Tassen","fr":null}}"#,
    r#"{"options":[{"name":"Size","values":["s","m"]}],"price":{"amount":1450,"currency":"EUR"},"sku_prefix":"M-"}"#,
    r#"{"parent_id":"01890000-0000-7000-8000-000000000001","after_id":null}"#,
    r#"{"delta":-3,"reason":"broken","cause":"adjusted"}"#,
    r#"{"name":"Mugs","slug":"mugs","parent_id":"01890000-0000-7000-8000-000000000001","position":-1,"names":{"de":"Tassen"}}"#,
    r#"{"title":"Mug","slug":"mug","description":"<p>x</p>","status":"active","vendor":"Acme","tags":["a"],"options":[{"name":"Size"}],"variants":[{"sku":"M","option_values":["s"],"price":{"amount":1450,"currency":"EUR"},"compare_at_price":{"amount":1900,"currency":"EUR"},"stock":3}],"images":[{"url":"https://a.example/1.png","alt":"x"}],"publish_at":"2030-01-01T00:00:00Z","seo":{"title":"M","description":"m"},"attributes":{"width":52,"washable":true,"material":["linen"]},"related":["01890000-0000-7000-8000-000000000001"],"translations":{"de":{"title":"Tasse"}}}"#,
    r#"{"sku":"M","option_values":["s"],"price":{"amount":1450,"currency":"EUR"},"other_prices":[{"price":{"amount":1600,"currency":"USD"}}],"sale":{"prices":[{"amount":900,"currency":"EUR"}],"starts_at":"2030-01-01T00:00:00Z"},"stock":3,"track_stock":true,"weight_grams":250,"barcode":"4006381333931","low_stock_at":2}"#,
    r#"{"title":"Mug","vendor":null,"publish_at":null,"attributes":{"width":null},"translations":{"de":null,"fr":{"description":"x"}}}"#,
    r#"{"sku":null,"price":{"amount":-1,"currency":"JPY"},"sale":null,"weight_grams":null,"attributes":{"width":1}}"#,
    r#"{"title":"Gifts","image":null,"titles":{"de":null},"active":false,"rule":{"tags":["gift"],"price_min":100,"options":{"Size":["s"]},"rating_min":4}}"#,
    r#"{"title":"Gifts","products":["01890000-0000-7000-8000-000000000001"],"titles":{"de":"Geschenke"},"active":true}"#,
    r#"{"note":"too late"}"#,
    r#"{"to":"shipped","note":"at last","tracking":{"carrier":"DHL","number":"00340434161094015902"}}"#,
    r#"{"to":"cancelled","restock":false}"#,
    r#"{"ship_to":{"name":"Ann","line1":"Street 1","line2":"c/o Bob","city":"Berlin","region":"BE","postal_code":"10969","country":"DE","phone":"+49 30 1"},"tracking":"00340434161094015902"}"#,
    r#"{"tracking":null}"#,
    r#"{"lines":[{"variant_id":"01890000-0000-7000-8000-000000000001","quantity":2}],"currency":"EUR","expected_total":{"amount":2900,"currency":"EUR"},"ship_to":{"name":"Ann","line1":"Street 1","city":"Berlin","postal_code":"10969","country":"DE"}}"#,
    r#"{"url":"https://a.example/1.png"}"#,
    r#"{"rating":5,"title":"Fine","text":"It holds coffee.","author":"Ann"}"#,
    r#"{"rating":4,"title":null}"#,
    r#"{"status":"approved","reply":"Thanks","dismiss_reports":true}"#,
    r#"{"name":"Shop","country":"DE","contact_email":"shop@example.com","low_stock_at":5,"low_stock_mail":true,"takes_orders":true,"closed_text":"","countries":["DE"],"shop_window":false,"require_second_factor":true,"legal":{"imprint":"Ann"}}"#,
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn each_body_has_a_good_one_to_begin_with() {
        for (name, read) in BODIES {
            assert!(GOOD.iter().any(|body| read(body.as_bytes())), "no seed is a {name}");
        }
        for body in GOOD {
            assert!(BODIES.iter().any(|(_, read)| read(body.as_bytes())), "nobody takes {body}");
        }
    }

    /// The types of bodies that handlers below this folder name.
    fn named(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                named(&path, found);
                continue;
            }
            let source = fs::read_to_string(&path).expect("a source");
            for reader in ["Json<", "Creating<"] {
                let rests = source.split(reader).skip(1).filter_map(|rest| rest.split('>').next());
                found.extend(rests.map(str::to_owned));
            }
        }
    }

    #[test]
    fn whatever_a_handler_takes_is_among_them() {
        let mut found = BTreeSet::new();
        named(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/routes"), &mut found);
        assert_eq!(found, BODIES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
}
