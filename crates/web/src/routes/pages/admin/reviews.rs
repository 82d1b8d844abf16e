//! `GET /admin/reviews`, `POST /admin/reviews/{id}`

use std::collections::HashMap;

use axum::{
    extract::{Form, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error,
    reviews::{ModerateReview, ReviewVerdict},
};
use http::{HeaderMap, StatusCode};
use minijinja::{Value, context};
use model::{ProductId, Review, ReviewId, ReviewStatus};
use serde::Deserialize;
use store::{Cursor, PageRequest, ReviewFilter};

use super::{frame, tab};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::Problem,
    routes::pages::{staff::StaffPage, template, time_text},
};

/// How many reviews stand on a page.
const PAGE: u32 = 20;
/// The lists, each with its text.
const SHOWN: [(&str, &str); 4] =
    [("pending", "To look at"), ("reported", "Reported"), ("approved", "Approved"), ("rejected", "Rejected")];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    show: String,
    cursor: String,
    done: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let (shown, _) = *SHOWN.iter().find(|(name, _)| *name == query.show).unwrap_or(&SHOWN[0]);
    let notice = match query.done.as_str() {
        "approved" => Some("The review is there for everybody to read."),
        "answered" => Some("The review is there for everybody to read, with your reply below it."),
        "rejected" => Some("The review is hidden; its author alone sees it."),
        "replied" => Some("Your reply stands below the review."),
        "dismissed" => Some("The reports are done with."),
        "changed" => Some("Somebody else was quicker. This is how things are now."),
        "wrong" => Some("The reply is too long: it may have 5,000 characters."),
        _ => None,
    };
    let filter = ReviewFilter {
        status: shown.parse::<ReviewStatus>().ok(),
        is_reported: shown == "reported",
        ..ReviewFilter::default()
    };
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().reviews(&filter, &request).await?;
    let ids: Vec<ProductId> = found.items.iter().map(|review| review.product_id).collect();
    let products = app.engine().product_faces(&ids).await?;
    let titles: HashMap<ProductId, String> = products.into_iter().map(|product| (product.id, product.title)).collect();
    let reviews = found.items.iter().map(|review| view(review, titles.get(&review.product_id).map(String::as_str)));
    let values = context! {
        reviews => reviews.collect::<Vec<_>>(), shown, notice,
        tabs => SHOWN.map(|(name, text)| tab(format!("/admin/reviews?show={name}"), text, name == shown)),
        next => found.next.map(|cursor| format!("/admin/reviews?show={shown}&cursor={}", cursor.encode())),
    };
    template::page(&app, StatusCode::OK, "admin_reviews.html", context! { ..values, ..frame(&staff, "reviews") })
}

fn view(review: &Review, product: Option<&str>) -> Value {
    let content = &review.content;
    let stars = usize::try_from(review.stars).unwrap_or(0);
    context! {
        id => review.id.to_string(), version => review.version, stars => review.stars,
        filled => "★".repeat(stars), hollow => "☆".repeat(5_usize.saturating_sub(stars)),
        title => content.title, text => content.text, author => content.author, verified => content.is_verified,
        status => review.status.as_str(), reports => content.reported_by.len(),
        reply => content.reply.as_ref().map(|reply| reply.text.clone()),
        product,
        at => review.created_at.to_string(), at_text => time_text(review.created_at),
    }
}

/// What is done with a review.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct Verdict {
    csrf: String,
    show: String,
    version: Option<i64>,
    act: String,
    reply: String,
}

pub(in crate::routes::pages) async fn moderate(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<ReviewId>,
    headers: HeaderMap,
    Form(form): Form<Verdict>,
) -> Result<Response, Problem> {
    staff.check(&headers, &form.csrf)?;
    let reply = form.reply.trim();
    let (done, verdict) = match form.act.as_str() {
        "approve" => {
            // A reply that was typed is meant to be read, whichever button was pressed.
            let reply = new_reply(&app, id, reply).await?.map(Some);
            let done = if reply.is_some() { "answered" } else { "approved" };
            (done, ReviewVerdict { status: Some(ReviewStatus::Approved), reply, ..ReviewVerdict::default() })
        }
        "reject" => ("rejected", ReviewVerdict { status: Some(ReviewStatus::Rejected), ..ReviewVerdict::default() }),
        "dismiss" => ("dismissed", ReviewVerdict { dismiss_reports: true, ..ReviewVerdict::default() }),
        "reply" => {
            let reply = (!reply.is_empty()).then(|| reply.to_owned());
            ("replied", ReviewVerdict { reply: Some(reply), ..ReviewVerdict::default() })
        }
        _ => return Err(Problem::not_found()),
    };
    let done = match app
        .try_run_as(staff.actor(), ModerateReview { id, verdict, if_version: form.version, now: app.now() })
        .await?
    {
        Ok(_) => done,
        Err(Error::Stale { .. } | Error::NotFound(_)) => "changed",
        Err(Error::Invalid(_)) => "wrong",
        Err(error) => return Err(error.into()),
    };
    let (shown, _) = SHOWN.iter().find(|(name, _)| *name == form.show).unwrap_or(&SHOWN[0]);
    Ok(Redirect::to(&format!("/admin/reviews?show={shown}&done={done}")).into_response())
}

/// What was typed as the reply, where it says something that the reply does not say already: one that stays keeps its day.
async fn new_reply(app: &App, id: ReviewId, typed: &str) -> Result<Option<String>, Problem> {
    let before = app.engine().review(id).await?.and_then(|review| review.content.reply);
    // A form has its own ends of lines.
    let is_same = before.is_some_and(|reply| reply.text.lines().eq(typed.lines()));
    Ok(Some(typed.to_owned()).filter(|text| !text.is_empty() && !is_same))
}
