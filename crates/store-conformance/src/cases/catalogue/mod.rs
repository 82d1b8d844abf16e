//! Categories, products, variants, stock.

pub mod categories;
pub mod create_product;
pub mod delete_product;
pub mod import_products;
pub mod move_stock;
pub mod update_product;
pub mod variants;
