//! Changes, as statements. One file a noun; nothing is decided here.

mod account;
mod audit;
mod category;
mod document;
mod mail;
mod order;
mod product;
mod review;
mod session;
mod shop;
mod stock;
mod together;

pub(crate) use together::OrderWrites;

use model::VariantId;
use store::{Change, StoreError};

use crate::flight::Statement;

/// The statements that write one change; the levels of the variants `locked` are locked already.
pub(crate) fn statements(change: &Change, locked: &[VariantId]) -> Result<Vec<Statement>, StoreError> {
    let one = |statement| Ok(vec![statement]);
    match change {
        Change::InsertAccount { account, password_hash } => one(account::insert(account, password_hash.clone())),
        Change::UpdateAccount(account) => one(account::update(account)),
        Change::SetPassword { account_id, password_hash } => {
            one(account::set_password(*account_id, password_hash.clone()))
        }
        Change::PutChallenge(challenge) => one(account::put_challenge(challenge)),
        Change::DeleteChallenge { account_id, purpose } => one(account::delete_challenge(*account_id, *purpose)),
        Change::PutAddress { account_id, address } => one(account::put_address(*account_id, address)?),
        Change::DeleteAddress { id } => one(account::delete_address(*id)),
        Change::DeleteAddresses { account_id } => one(account::delete_addresses(*account_id)),

        Change::InsertSession(session) => one(session::insert(session)),
        Change::TouchSession { id, at, address, expires_at } => one(session::touch(*id, *at, address, *expires_at)),
        Change::EndSession { id, at } => one(session::end(*id, *at)),
        Change::EndSessions { account_id, except, at } => one(session::end_all(*account_id, *except, *at)),
        Change::EndOldestSessions { account_id, keep, latest_use, at } => {
            one(session::end_oldest(*account_id, *keep, *latest_use, *at))
        }
        Change::InsertRefreshToken { token, predecessor } => {
            one(session::insert_refresh_token(token, predecessor.as_ref()))
        }
        Change::UseRefreshToken { hash, at } => one(session::use_refresh_token(hash, *at)),

        Change::InsertCategory(category) => one(category::insert(category)?),
        Change::UpdateCategory(category) => one(category::update(category)?),
        Change::DeleteCategory { id } => one(category::delete(*id)),
        Change::InsertProduct(product) => product::insert(product),
        Change::UpdateProduct { product, removed } => product::update(product, removed),
        Change::DeleteProduct { id } => Ok(product::delete(*id)),
        Change::MoveStock(movements) => Ok(stock::move_stock(&movements.iter().collect::<Vec<_>>(), locked)),

        Change::NotePrices(changes) => one(product::note_prices(changes)),

        Change::PutReview(review) => one(review::put(review)?),
        Change::DeleteReview { id } => one(review::delete(*id)),
        Change::AddRating { product_id, change } => one(review::add_rating(*product_id, *change)),
        Change::PutStockAlert(alert) => one(review::put_alert(alert)),
        Change::DeleteStockAlert { account_id, variant_id } => one(review::delete_alert(*account_id, *variant_id)),
        Change::PostponeStockAlert { account_id, variant_id } => one(review::postpone_alert(*account_id, *variant_id)),

        Change::PutDocument(document) => one(document::put(document)),
        Change::DeleteDocument { kind, id } => one(document::delete(*kind, *id)),

        Change::InsertOrder(order) => order::insert(&[order]),
        Change::UpdateOrder { order, event } => order::update(order, event.as_ref()),
        Change::AnonymiseOrders { account_id } => order::anonymise(*account_id),

        Change::InsertMail(mail) => one(mail::insert(&[mail])?),
        Change::RecordDelivery { lease, attempts, at, outcome, next_attempt_at } => {
            one(mail::record_delivery((*lease, *attempts), *at, outcome, *next_attempt_at))
        }
        Change::RequeueMail { id, at } => one(mail::requeue(*id, *at)),
        Change::DeleteMailsOf { account_id } => one(mail::delete_of(*account_id)),
        Change::ForgetTraces { account_id } => {
            Ok(vec![session::forget_devices(*account_id), shop::forget_replies(*account_id)])
        }

        Change::InsertAudit(entry) => one(audit::insert(entry)?),
        Change::StoreReply { claim, reply } => one(shop::store_replies(&[(claim, reply)])),
        Change::PutMeta { key, value } => one(shop::put_meta(key.clone().into_owned(), value.clone())),
    }
}
