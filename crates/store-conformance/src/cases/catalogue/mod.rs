//! Categories, products, variants, stock.

pub mod attributes;
pub mod categories;
pub mod change_listed;
pub mod collections;
pub mod count_stock;
pub mod create_product;
pub mod delete_product;
pub mod generate_variants;
pub mod import_lines;
pub mod import_products;
pub mod move_stock;
pub mod prices;
pub mod update_product;
pub mod variants;
