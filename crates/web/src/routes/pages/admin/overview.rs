//! `GET /admin`: how the shop does, and what there is to do.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Query, State},
    response::Response,
};
use commerce::{orders::Sold, second_factor::second_factor};
use http::StatusCode;
use minijinja::{Value, context};
use model::{Currency, Money, OrderNumber, Permission, ShopSettings, SignedDuration, Timestamp};
use serde::Deserialize;
use store::{BestSeller, LowStock, OrderFilter, PageRequest, ProductFilter, SalesDay, ShortPlace};

use super::{
    chart::{Bar, bars},
    forms::fresh_shop_settings,
    frame,
};
use crate::{
    App,
    problem::Problem,
    routes::pages::{staff::Anyone, template},
};

/// The ranges that can be chosen, in days.
const RANGES: [i64; 3] = [7, 30, 90];
/// The longest range of one's own.
const RANGE_MAX: i64 = 366;
/// How many variants are listed.
const LISTED: u32 = 8;
const DAY_SECS: i64 = 86_400;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct OverviewQuery {
    days: Option<i64>,
    from: String,
    to: String,
}

/// Some days, the last one included, in days since 1970-01-01 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first: i64,
    last: i64,
}

impl Range {
    fn of(query: &OverviewQuery, now: Timestamp) -> Self {
        let today = now.as_second().div_euclid(DAY_SECS);
        if let (Some(first), Some(last)) = (day(&query.from), day(&query.to))
            && first <= last
            && last - first < RANGE_MAX
        {
            return Self { first, last };
        }
        let days = query.days.filter(|days| RANGES.contains(days)).unwrap_or(30);
        Self { first: today - days + 1, last: today }
    }

    /// Whether somebody asked for other days than these.
    fn is_another(self, query: &OverviewQuery) -> bool {
        let is_asked = !query.from.is_empty() || !query.to.is_empty();
        is_asked && (day(&query.from), day(&query.to)) != (Some(self.first), Some(self.last))
    }

    const fn days(self) -> i64 {
        self.last - self.first + 1
    }

    /// The range of the same length before it.
    const fn before(self) -> Self {
        Self { first: self.first - self.days(), last: self.first - 1 }
    }

    fn times(self) -> (Timestamp, Timestamp) {
        (start(self.first), start(self.last + 1))
    }
}

fn start(day: i64) -> Timestamp {
    Timestamp::from_second(day.saturating_mul(DAY_SECS)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The day that a field of a form says: `2026-05-01`.
fn day(text: &str) -> Option<i64> {
    let midnight: Timestamp = format!("{text}T00:00:00Z").parse().ok()?;
    Some(midnight.as_second().div_euclid(DAY_SECS))
}

/// `2026-05-01`.
fn date(day: i64) -> String {
    start(day).to_string().chars().take(10).collect()
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: Anyone,
    Query(query): Query<OverviewQuery>,
) -> Result<Response, Problem> {
    let may = |permission| staff.access.may(permission);
    let range = Range::of(&query, app.now());
    let (orders, catalogue) = (may(Permission::Orders), may(Permission::Catalogue));
    let settings = fresh_shop_settings(&app).await?;
    let sales = if orders { Some(sales(&app, range).await?) } else { None };
    let short = if catalogue { Some(short(&app, settings.low_stock_at).await?) } else { None };
    let tabs = RANGES.map(|days| {
        let chosen = (query.from.is_empty() || range.is_another(&query)) && range.days() == days;
        context! { href => format!("/admin?days={days}"), text => format!("{days} days"), current => chosen }
    });
    let values = context! {
        tabs, from => date(range.first), to => date(range.last), is_another_range => range.is_another(&query),
        days_max => RANGE_MAX, sales, short, todo => todo(&app, &staff).await?,
        idle => !orders && !catalogue && !may(Permission::Customers) && !may(Permission::Settings),
        closed => !settings.takes_orders, may_set => may(Permission::Settings),
        steps => first_steps(&app, &staff, &settings).await?, mail_goes_nowhere => app.settings().mail_goes_nowhere && may(Permission::Settings),
    };
    template::page(&app, StatusCode::OK, "admin_overview.html", context! { ..values, ..frame(&staff, "overview") })
}

/// For how long a mail that was given up is work to do: nothing but sending it again settles it, and most are never sent again.
const FAILED_MAILS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What waits for somebody with these permissions.
async fn todo(app: &App, staff: &Anyone) -> Result<Vec<Value>, Problem> {
    let mails_from = app.now().saturating_sub(FAILED_MAILS).unwrap_or(Timestamp::MIN);
    let work = app.engine().open_work(mails_from).await?;
    let lines = [
        (Permission::Orders, work.to_confirm, "to confirm", "/admin/orders?status=pending"),
        (Permission::Orders, work.to_ship, "to ship", "/admin/orders?status=confirmed"),
        (Permission::Catalogue, work.reviews, "reviews to look at", "/admin/reviews"),
        (Permission::Catalogue, work.reported_reviews, "reviews reported", "/admin/reviews?show=reported"),
        (Permission::Customers, work.failed_mails, "mails that failed in 14 days", "/mailbox?status=failed"),
    ];
    let mine = lines.into_iter().filter(|(permission, ..)| staff.access.may(*permission));
    Ok(mine.map(|(_, count, text, href)| context! { count, text, href, none => count == 0 }).collect())
}

/// What a new shop still lacks, for those who can see to it; nothing once all of it is there.
async fn first_steps(app: &App, staff: &Anyone, settings: &ShopSettings) -> Result<Option<Vec<Value>>, Problem> {
    // A demonstration is complete without.
    if app.settings().demo || !(staff.access.may(Permission::Settings) && staff.access.may(Permission::Catalogue)) {
        return Ok(None);
    }
    let request = PageRequest { limit: 1, after: None };
    let has_products = !app.engine().products(&ProductFilter::default(), &request).await?.items.is_empty();
    let has_factor = second_factor(app.engine(), staff.access.account_id).await?.is_some();
    let has_legal = !settings.contact_email.is_empty() && !settings.legal.terms.is_empty();
    let steps = [
        (
            !settings.name.is_empty() || !settings.country.is_empty(),
            "Say what the shop is called and where it is",
            "/admin/welcome",
            "the first of three short steps",
        ),
        (has_products, "Add a product", "/admin/products/new", "or bring over a file under “Import and export”"),
        (
            has_legal,
            "Say where customers write to, and your terms",
            "/admin/settings",
            "they stand in the shop window and at /v1/shop",
        ),
        (
            !app.settings().mail_goes_nowhere,
            "Configure a mail server",
            "/admin/settings#mail",
            "the program’s option --smtp-url; then send a test mail",
        ),
        (
            has_factor,
            "Set up a second factor for yourself",
            "/admin/account",
            "whoever learns your password cannot sign in with it",
        ),
    ];
    let is_all_done = steps.iter().all(|(done, ..)| *done);
    if is_all_done {
        return Ok(None);
    }
    Ok(Some(steps.map(|(done, text, href, hint)| context! { done, text, href, hint }).to_vec()))
}

/// The variants that are shortest, of those with `at_most` pieces or fewer.
async fn short(app: &App, at_most: i64) -> Result<Value, Problem> {
    let found = app.engine().low_stock(at_most, ShortPlace::START, LISTED).await?;
    Ok(context! { at_most, variants => found.iter().map(short_row).collect::<Vec<_>>() })
}

/// A variant that is short, as pages list it.
pub(super) fn short_row(one: &LowStock) -> Value {
    context! {
        href => format!("/admin/stock/{}", one.variant_id), title => one.title, variant => one.option_values.join(" / "),
        sku => one.sku, stock => one.stock,
    }
}

/// What was sold in one currency in some time.
#[derive(Clone, Copy, Default)]
struct Sum {
    orders: i64,
    revenue: i64,
}

fn sum(days: &[SalesDay], currency: Currency) -> Sum {
    let of = days.iter().filter(|day| day.currency == currency);
    of.fold(Sum::default(), |sum, day| Sum {
        orders: sum.orders + day.orders,
        revenue: sum.revenue.saturating_add(day.revenue),
    })
}

/// What is summed up from many orders.
pub(crate) struct Figures {
    all: Vec<SalesDay>,
    best: Vec<BestSeller>,
}

/// From when on, including the time before to compare with; from when on; until when.
pub(crate) type Times = [Timestamp; 3];

/// The figures of a range.
async fn figures(app: &App, times: Times) -> Result<Arc<Figures>, Problem> {
    match app.sold(times, LISTED as usize).await? {
        Some(sold) => {
            let best = best_sellers(app, &sold.best).await?;
            Ok(Arc::new(Figures { all: sold.days, best }))
        }
        None => figures_of_long_ago(app, times).await,
    }
}

/// The best sellers, each as the latest order calls it.
async fn best_sellers(app: &App, sold: &[Sold]) -> Result<Vec<BestSeller>, Problem> {
    let latest: Vec<OrderNumber> = sold.iter().map(|one| one.latest).collect();
    let filter = OrderFilter { numbers: Some(latest), ..OrderFilter::default() };
    let orders = app.engine().orders(&filter, &PageRequest { limit: LISTED, after: None }).await?.items;
    let named = |one: &Sold| {
        let order = orders.iter().find(|order| order.number == one.latest)?;
        let line = order.lines.iter().find(|line| line.variant_id == one.variant_id)?;
        Some(BestSeller {
            product_id: line.product_id,
            variant_id: line.variant_id,
            title: line.title.clone(),
            variant_title: line.variant_title.clone(),
            pieces: one.pieces,
        })
    };
    Ok(sold.iter().filter_map(named).collect())
}

/// The figures of a range that goes back too far to be in memory. They are kept for twenty times as long as it took the database
/// to sum them up, so that this is not done with every look.
async fn figures_of_long_ago(app: &App, times: Times) -> Result<Arc<Figures>, Problem> {
    if let Some(kept) = app.figures().get(&times) {
        return Ok(kept);
    }
    let begin = Instant::now();
    let [earlier, from, before] = times;
    let all = app.engine().sales(earlier, before).await?;
    let best = app.engine().best_sellers(from, before, LISTED).await?;
    let figures = Arc::new(Figures { all, best });
    app.figures().keep(times, Arc::clone(&figures), begin.elapsed() * 20);
    Ok(figures)
}

/// Figures that were summed up, with the time until which they are good.
#[derive(Default)]
pub(crate) struct KeptFigures(Mutex<HashMap<Times, (Instant, Arc<Figures>)>>);

impl KeptFigures {
    fn get(&self, times: &Times) -> Option<Arc<Figures>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(times).filter(|(until, _)| Instant::now() < *until).map(|(_, figures)| Arc::clone(figures))
    }

    fn keep(&self, times: Times, figures: Arc<Figures>, lasting: Duration) {
        let (mut kept, now) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        kept.retain(|_, (until, _)| now < *until);
        kept.insert(times, (now + lasting, figures));
    }
}

async fn sales(app: &App, range: Range) -> Result<Value, Problem> {
    let ((from, before), (earlier, _)) = (range.times(), range.before().times());
    let Figures { all, best } = &*figures(app, [earlier, from, before]).await?;
    let (past, now): (Vec<SalesDay>, Vec<SalesDay>) =
        all.iter().copied().partition(|day: &SalesDay| day.day < range.first);
    let currency = app.currency();
    let by_day: BTreeMap<i64, &SalesDay> =
        now.iter().filter(|day| day.currency == currency).map(|day| (day.day, day)).collect();
    let rows = (range.first..=range.last).map(|number| {
        let day = by_day.get(&number);
        let (orders, revenue) = day.map_or((0, 0), |day| (day.orders, day.revenue));
        (date(number), orders, Money::new(revenue, currency))
    });
    let rows: Vec<_> = rows.collect();
    let bar = |label: &String, value: i64, text: String| Bar { label: label.clone(), value, text };
    let orders: Vec<_> = rows.iter().map(|(date, orders, _)| bar(date, *orders, orders.to_string())).collect();
    let revenue: Vec<_> = rows.iter().map(|(date, _, money)| bar(date, money.amount, money.grouped())).collect();
    let (total, earlier) = (sum(&now, currency), sum(&past, currency));
    let mut others: Vec<Currency> = now.iter().map(|day| day.currency).filter(|other| *other != currency).collect();
    others.sort_by_key(|other| other.code());
    others.dedup();
    let others = others.into_iter().map(|other| {
        let sum = sum(&now, other);
        context! { revenue => Money::new(sum.revenue, other).grouped(), orders => sum.orders }
    });
    let average = total.revenue.checked_div(total.orders).unwrap_or(0);
    Ok(context! {
        orders => total.orders, orders_change => change(total.orders, earlier.orders),
        revenue => Money::new(total.revenue, currency).grouped(), revenue_change => change(total.revenue, earlier.revenue),
        average => Money::new(average, currency).grouped(), days => range.days(),
        others => others.collect::<Vec<_>>(),
        orders_chart => Value::from_safe_string(bars("orders-chart", "Orders by day", &orders)),
        revenue_chart => Value::from_safe_string(bars("revenue-chart", "Revenue by day", &revenue)),
        rows => rows.iter().rev().map(|(date, orders, revenue)| context! { date, orders, revenue => revenue.grouped() })
            .collect::<Vec<_>>(),
        best => best.iter().map(|one| context! {
            href => format!("/admin/products/{}", one.product_id), title => one.title, variant => one.variant_title,
            pieces => one.pieces,
        }).collect::<Vec<_>>(),
    })
}

/// `+12 %` against before; nothing when there was nothing.
fn change(now: i64, before: i64) -> Option<String> {
    if before == 0 {
        return None;
    }
    let percent = i128::from(now - before) * 100 / i128::from(before);
    Some(format!("{percent:+} %"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-05-10T23:59:59Z".parse().expect("a time")
    }

    #[test]
    fn a_range_ends_today_unless_one_is_given() {
        let seven = Range::of(&OverviewQuery { days: Some(7), ..OverviewQuery::default() }, now());
        assert_eq!((date(seven.first), date(seven.last)), ("2026-05-04".to_owned(), "2026-05-10".to_owned()));
        assert_eq!(date(seven.before().first), "2026-04-27");
        let own = |from: &str, to: &str| {
            Range::of(&OverviewQuery { days: None, from: from.to_owned(), to: to.to_owned() }, now())
        };
        assert_eq!(own("2026-01-01", "2026-01-31").days(), 31);
        // What makes no sense is the usual range.
        for (from, to) in [("2026-02-01", "2026-01-01"), ("x", "y"), ("2020-01-01", "2026-01-01"), ("", "2026-01-01")] {
            assert_eq!(own(from, to).days(), 30, "{from} {to}");
            let query = OverviewQuery { days: None, from: from.to_owned(), to: to.to_owned() };
            assert!(own(from, to).is_another(&query), "{from} {to}: it is not said");
        }
        let query = OverviewQuery { days: None, from: "2026-01-01".to_owned(), to: "2026-01-31".to_owned() };
        assert!(!own("2026-01-01", "2026-01-31").is_another(&query) && !seven.is_another(&OverviewQuery::default()));
    }

    #[test]
    fn a_change_needs_something_to_compare_with() {
        assert_eq!(change(15, 10).as_deref(), Some("+50 %"));
        assert_eq!(change(5, 10).as_deref(), Some("-50 %"));
        assert_eq!(change(5, 0), None);
        assert_eq!(change(i64::MAX, 1).as_deref(), Some("+922337203685477580600 %"));
    }
}
