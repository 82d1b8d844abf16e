//! `GET /admin/news`: tells an open page that orders came (server-sent events, WHATWG HTML 9.2).

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use model::{Order, OrderNumber, Permission};
use store::{OrderFilter, PageRequest};
use tokio::time::{Instant, sleep};

use crate::{App, extract::Orders, problem::Problem, routes::pages::staff::StaffPage};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);
/// How long one reply goes on; the browser then asks again, and is asked again who it is.
const LASTS: Duration = Duration::from_secs(50);

/// The number of the newest order; before the first, the one before that.
pub(super) async fn newest(app: &App) -> Result<i64, Problem> {
    let found = app.engine().orders(&OrderFilter::default(), &PageRequest { limit: 1, after: None }).await?;
    Ok(newest_of(&found.items))
}

/// The same, where these are the newest orders, or all that there are.
pub(super) fn newest_of(orders: &[Order]) -> i64 {
    orders.first().map_or(OrderNumber::FIRST.0 - 1, |order| order.number.0)
}

pub(in crate::routes::pages) async fn stream(
    State(app): State<App>,
    staff: StaffPage<Orders>,
) -> Result<Response, Problem> {
    let ends = Instant::now() + LASTS;
    let told = newest(&app).await?;
    let first = Bytes::from(format!("retry: 3000\nevent: orders\ndata: {told}\n\n"));
    let session = staff.session_id;
    let events = stream::unfold((app, told, Some(first)), move |(app, told, first)| async move {
        if let Some(first) = first {
            return Some((Ok::<_, Infallible>(first), (app, told, None)));
        }
        if Instant::now() >= ends || app.is_stopping() {
            return None;
        }
        sleep(EVERY).await;
        // A session that was ended is told nothing more.
        let access = app.engine().session_access(session, app.now()).await.ok().flatten();
        access.filter(|session| session.access.may(Permission::Orders))?;
        // A database that does not answer for a moment is no news.
        let now = newest(&app).await.unwrap_or(told);
        let said = if now > told { format!("event: orders\ndata: {now}\n\n") } else { ":\n\n".to_owned() };
        Some((Ok(Bytes::from(said)), (app, now, None)))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
