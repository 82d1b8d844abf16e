//! Rendering pages. Every value is escaped unless a template says otherwise, and none does.

use std::sync::LazyLock;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use identity::OpaqueToken;
use minijinja::{Environment, Value, context};

use super::csrf::{self, Cookie};
use crate::{App, problem::Problem, reply};

/// What pages may load: their style sheet, scripts and pictures from here, and nothing else. Mails are framed from this server
/// alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self' data:; frame-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../templates/", $name)))),+]
    };
}

static TEMPLATES: LazyLock<Environment<'static>> =
    LazyLock::new(|| {
        let mut environment = Environment::new();
        // What is not there is shown as nothing, and not as a word of the template engine.
        environment.set_formatter(|out, state, value| {
            if value.is_none() { Ok(()) } else { minijinja::escape_formatter(out, state, value) }
        });
        let sources = templates![
            "layout.html",
            "admin_account.html",
            "admin_attributes.html",
            "admin_audit.html",
            "admin_categories.html",
            "admin_collection.html",
            "admin_collections.html",
            "admin_customer.html",
            "admin_customers.html",
            "admin_import.html",
            "admin_job.html",
            "admin_keys.html",
            "admin_ledger.html",
            "admin_mail.html",
            "admin_mails.html",
            "admin_overview.html",
            "admin_product.html",
            "admin_products.html",
            "admin_search.html",
            "admin_settings.html",
            "admin_stock.html",
            "admin_team.html",
            "admin_welcome.html",
            "packing_slip.html",
            "second_factor.html",
            "forgotten.html",
            "admin_order.html",
            "admin_orders.html",
            "admin_reviews.html",
            "home.html",
            "mailbox.html",
            "mailbox_mail.html",
            "message.html",
            "reset_password.html",
            "setup.html",
            "sign_in.html",
        ];
        for (name, source) in sources {
            environment.add_template(name, source).expect("the built-in templates parse, which a test proves");
        }
        environment
    });

/// The page `name` with `values`, and the shop's name for its frame.
pub(super) fn page(app: &App, status: StatusCode, name: &str, values: Value) -> Result<Response, Problem> {
    let template = TEMPLATES.get_template(name).map_err(Problem::internal)?;
    let shop = context! { shop_name => app.shop_name() };
    let html = template.render(context! { ..values, ..shop }).map_err(Problem::internal)?;
    let mut response = reply::page("text/html; charset=utf-8", POLICY, html);
    *response.status_mut() = status;
    Ok(response)
}

/// A page with a form that nobody has to be signed in for: the form carries a token (`csrf`), and the browser gets the cookie for it.
pub(super) fn open_form(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    name: &str,
    values: Value,
) -> Result<Response, Problem> {
    let cookie = csrf::read(app, headers, Cookie::Form).unwrap_or_else(OpaqueToken::random);
    let mut response = page(app, status, name, context! { csrf => csrf::token(&cookie), ..values })?;
    csrf::set(app, &mut response, Cookie::Form, Some(&cookie))?;
    Ok(response)
}

/// A page that says one thing, and where to go from there.
pub(super) fn message(
    app: &App,
    status: StatusCode,
    title: &str,
    text: &str,
    link: Option<(&str, &str)>,
) -> Result<Response, Problem> {
    let link = link.map(|(href, text)| context! { href, text });
    page(app, status, "message.html", context! { title, text, link })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_shown_as_nothing() {
        let product = context! { vendor => None::<String>, variants => Vec::<Value>::new() };
        let values = context! { product, extras => context! {} };
        let html = TEMPLATES.get_template("admin_product.html").and_then(|t| t.render(values)).expect("renders");
        assert!(html.contains("name=\"vendor\" value=\"\""), "{html}");
    }

    #[test]
    fn every_template_parses_and_escapes() {
        for (name, _) in TEMPLATES.templates() {
            assert!(TEMPLATES.get_template(name).is_ok(), "{name}");
        }
        let odd = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";
        let mail =
            context! { id => 1, subject => odd, to => odd, status => "failed", status_text => odd, error => odd };
        let values = context! { mails => vec![mail], tabs => Vec::<Value>::new(), shop_name => odd };
        let html = TEMPLATES.get_template("mailbox.html").and_then(|t| t.render(values)).expect("renders");
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("&lt;script&gt;"));
    }
}
