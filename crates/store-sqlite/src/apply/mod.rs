//! Changes, written down. One file a noun; nothing is decided here.

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

use rusqlite::Connection;
use store::Change;

use crate::sql::Sql;

/// Writes one change.
pub(crate) fn apply(conn: &Connection, change: &Change) -> Sql<()> {
    match change {
        Change::InsertAccount { account, password_hash } => account::insert(conn, account, password_hash.as_deref()),
        Change::UpdateAccount(account) => account::update(conn, account),
        Change::SetPassword { account_id, password_hash } => {
            account::set_password(conn, *account_id, password_hash.as_deref())
        }
        Change::PutChallenge(challenge) => account::put_challenge(conn, challenge),
        Change::DeleteChallenge { account_id, purpose } => account::delete_challenge(conn, *account_id, *purpose),
        Change::PutAddress { account_id, address } => account::put_address(conn, *account_id, address),
        Change::DeleteAddress { id } => account::delete_address(conn, *id),
        Change::DeleteAddresses { account_id } => account::delete_addresses(conn, *account_id),

        Change::InsertSession(session) => session::insert(conn, session),
        Change::TouchSession { id, at, address, expires_at } => session::touch(conn, *id, *at, address, *expires_at),
        Change::EndSession { id, at } => session::end(conn, *id, *at),
        Change::EndSessions { account_id, except, at } => session::end_all(conn, *account_id, *except, *at),
        Change::EndOldestSessions { account_id, keep, latest_use, at } => {
            session::end_oldest(conn, *account_id, *keep, *latest_use, *at)
        }
        Change::InsertRefreshToken { token, predecessor } => {
            session::insert_refresh_token(conn, token, predecessor.as_ref())
        }
        Change::UseRefreshToken { hash, at } => session::use_refresh_token(conn, hash, *at),

        Change::InsertCategory(category) => category::insert(conn, category),
        Change::UpdateCategory(category) => category::update(conn, category),
        Change::DeleteCategory { id } => category::delete(conn, *id),
        Change::InsertProduct(product) => product::insert(conn, product),
        Change::UpdateProduct { product, removed } => product::update(conn, product, removed),
        Change::DeleteProduct { id } => product::delete(conn, *id),
        Change::MoveStock(movements) => movements.iter().try_for_each(|movement| stock::move_stock(conn, movement)),

        Change::NotePrices(changes) => product::note_prices(conn, changes),

        Change::PutReview(review) => review::put(conn, review),
        Change::DeleteReview { id } => review::delete(conn, *id),
        Change::AddRating { product_id, change } => review::add_rating(conn, *product_id, *change),
        Change::PutStockAlert(alert) => review::put_alert(conn, alert),
        Change::DeleteStockAlert { account_id, variant_id } => review::delete_alert(conn, *account_id, *variant_id),
        Change::PostponeStockAlert { account_id, variant_id } => review::postpone_alert(conn, *account_id, *variant_id),

        Change::PutDocument(document) => document::put(conn, document),
        Change::DeleteDocument { kind, id } => document::delete(conn, *kind, *id),

        Change::InsertOrder(order) => order::insert(conn, order),
        Change::UpdateOrder { order, event } => order::update(conn, order, event.as_ref()),
        Change::AnonymiseOrders { account_id } => order::anonymise(conn, *account_id),

        Change::InsertMail(mail) => mail::insert(conn, mail),
        Change::RecordDelivery { lease, attempts, at, outcome, next_attempt_at } => {
            mail::record_delivery(conn, (*lease, *attempts), *at, outcome, *next_attempt_at)
        }
        Change::RequeueMail { id, at } => mail::requeue(conn, *id, *at),
        Change::DeleteMailsOf { account_id } => mail::delete_of(conn, *account_id),
        Change::ForgetTraces { account_id } => {
            session::forget_devices(conn, *account_id)?;
            shop::forget_replies(conn, *account_id)
        }

        Change::InsertAudit(entry) => audit::insert(conn, entry),
        Change::StoreReply { claim, reply } => shop::store_reply(conn, claim, reply),
        Change::PutMeta { key, value } => shop::put_meta(conn, key, value.as_deref()),
    }
}
