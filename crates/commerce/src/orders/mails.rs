//! What the buyer is told about an order.

use model::{
    Account, MailId, MailTemplate, Order, OrderLine, OrderStatus, OutboxMail, Timestamp,
    mail::{OrderMail, OrderMailLine},
};

/// The mail about the status that an order now has; `None` when its buyer is gone. An address that nobody proved may be a stranger's: the
/// buyer's own words, such as where it goes, are not carried there.
pub(super) fn about(
    order: &Order,
    buyer: &Account,
    note: Option<String>,
    id: MailId,
    now: Timestamp,
) -> Option<OutboxMail> {
    let to = buyer.reached_at()?.clone();
    let data = OrderMail {
        number: order.number.to_string(),
        lines: order.lines.iter().map(line).collect(),
        total: order.total.grouped(),
        ship_to: if buyer.email_verified_at.is_some() { order.ship_to.clone() } else { order.ship_to.anonymised() },
        tracking: order.tracking.clone(),
        note,
    };
    let template = match order.status {
        OrderStatus::Pending => MailTemplate::OrderPlaced(data),
        OrderStatus::Confirmed => MailTemplate::OrderConfirmed(data),
        OrderStatus::Shipped => MailTemplate::OrderShipped(data),
        OrderStatus::Delivered => MailTemplate::OrderDelivered(data),
        OrderStatus::Cancelled => MailTemplate::OrderCancelled(data),
    };
    let mail = OutboxMail::new(id, to, template, now);
    Some(OutboxMail { account_id: Some(buyer.id), order_id: Some(order.id), ..mail })
}

fn line(line: &OrderLine) -> OrderMailLine {
    let title = if line.variant_title.is_empty() {
        line.title.clone()
    } else {
        format!("{} ({})", line.title, line.variant_title)
    };
    OrderMailLine { title, quantity: line.quantity, total: line.total().grouped() }
}
