//! Variants made from the values of options: every combination that is not there yet.

use async_trait::async_trait;
use model::{
    AccountId, Money, Product, ProductId, ProductOption, Stamp, Variant, VariantDetails, Violations,
    product::VARIANTS_MAX, text,
};
use store::{Operation, Tx};

use super::{OptionDraft, update_product::save};
use crate::{Error, check_version};

/// Adds the variants that a product lacks.
#[derive(Clone, Debug)]
pub struct GenerateVariants {
    /// Which product.
    pub product_id: ProductId,
    /// The options that it shall have; those that it has when `None`.
    pub options: Option<Vec<OptionDraft>>,
    /// What each new variant costs; as much as the first variant when `None`.
    pub price: Option<Money>,
    /// What their SKUs begin with; the values follow, with hyphens between. Without it they have none.
    pub sku_prefix: Option<String>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// Who adds them.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for GenerateVariants {
    type Output = Product;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Product, Error> {
        let before = tx.product(self.product_id).await?.ok_or(Error::NotFound("product"))?;
        check_version(self.if_version, before.version)?;
        let mut ids = self.stamp.ids();
        let mut after = self.with_options(before.clone());
        let price = self.price.or_else(|| before.variants.first().map(|first| first.price));
        let Some(price) = price else { return Err(Error::NotFound("variant")) };
        let combinations = combinations(&after.options)?;
        let is_new = |values: &&Vec<String>| after.variants.iter().all(|variant| variant.option_values != **values);
        let missing: Vec<_> = combinations.iter().filter(is_new).cloned().collect();
        after.variants.extend(missing.into_iter().map(|values| self.variant(values, price, &mut ids)));
        // In the order of the options, as a grid is read.
        let place = |variant: &Variant| combinations.iter().position(|values| *values == variant.option_values);
        after.variants.sort_by_key(|variant| place(variant).unwrap_or(usize::MAX));
        after.updated_at = self.stamp.now;
        after.version += 1;
        let after = after.validate()?;
        save(tx, &before, after, self.actor_id, &mut ids, self.stamp).await
    }
}

impl GenerateVariants {
    /// The product with the options that it shall have. Where it had none, its only variant becomes the first combination:
    /// its stock and its orders stay with it.
    fn with_options(&self, mut product: Product) -> Product {
        let Some(options) = &self.options else { return product };
        let had_none = product.options.is_empty();
        product.options = options
            .iter()
            .map(|OptionDraft { name, values }| ProductOption { name: name.clone(), values: values.clone() })
            .collect();
        if let [only] = product.variants.as_mut_slice()
            && had_none
        {
            only.option_values = product.options.iter().filter_map(|option| option.values.first().cloned()).collect();
        }
        product
    }

    fn variant(&self, values: Vec<String>, price: Money, ids: &mut model::stamp::Ids) -> Variant {
        let sku = self.sku_prefix.as_deref().map(str::trim).filter(|prefix| !prefix.is_empty()).map(|prefix| {
            let parts = values.iter().map(|value| text::slugify(value).to_uppercase());
            std::iter::once(prefix.to_owned()).chain(parts).collect::<Vec<_>>().join("-")
        });
        Variant {
            id: ids.draw(),
            sku,
            option_values: values,
            price,
            compare_at_price: None,
            stock: 0,
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: VariantDetails::default(),
        }
    }
}

/// One value of each option, in every way.
fn combinations(options: &[ProductOption]) -> Result<Vec<Vec<String>>, Violations> {
    let count = options.iter().try_fold(1_usize, |count, option| count.checked_mul(option.values.len()));
    if !count.is_some_and(|count| (1..=VARIANTS_MAX).contains(&count)) {
        let message = format!("the values must make 1 to {VARIANTS_MAX} combinations");
        return Err(Violations::one("/options", "out_of_range", message));
    }
    let grow = |rows: Vec<Vec<String>>, option: &ProductOption| {
        let with = |row: &Vec<String>, value: &String| row.iter().chain([value]).cloned().collect::<Vec<_>>();
        rows.iter().flat_map(|row| option.values.iter().map(move |value| with(row, value))).collect()
    };
    Ok(options.iter().fold(vec![Vec::new()], grow))
}
