//! `/admin/categories`: the tree.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::catalogue::{CategoryDraft, CategoryPatch, CreateCategory, DeleteCategory, MoveCategory, UpdateCategory};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{Category, CategoryId};

use super::{
    forms::{Done, Fields, Refused, notice, refused},
    frame,
};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::Problem,
    routes::pages::{staff::StaffPage, template},
};

/// What the page before may say.
const NOTICES: [(&str, &str); 4] = [
    ("created", "The category is there."),
    ("saved", "Saved."),
    ("moved", "Moved."),
    ("deleted", "The category is gone. Its products stay, without a category."),
];

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    show(&app, &staff, notice(&query.done, &NOTICES), None, &Refused::default()).await
}

/// A form that is shown again as it was filled in.
#[derive(Clone, Copy)]
enum Again<'f> {
    /// That of a new category.
    New(&'f Fields),
    /// That of one that is there.
    Row(CategoryId, &'f Fields),
}

async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    notice: Option<&str>,
    again: Option<Again<'_>>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let mut all = app.engine().categories().await?;
    all.sort_by(|a, b| (a.position, &a.name, a.id).cmp(&(b.position, &b.name, b.id)));
    let (new, row) = match again {
        Some(Again::New(fields)) => (Some(fields), None),
        Some(Again::Row(id, fields)) => (None, Some((id, fields, refused))),
        None => (None, None),
    };
    let mut rows = Vec::new();
    Tree { all: &all, again: row }.below(None, 0, &mut rows);
    let values = context! { rows, notice, typed => new.map(Fields::typed) };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "categories") };
    template::page(app, refused.status(), "admin_categories.html", values)
}

/// The tree as its page shows it.
struct Tree<'a> {
    all: &'a [Category],
    /// The row whose form is shown again, and why it was refused.
    again: Option<(CategoryId, &'a Fields, &'a Refused)>,
}

impl Tree<'_> {
    /// The tree as rows, each with what tells where it may go.
    fn below(&self, parent: Option<CategoryId>, depth: usize, into: &mut Vec<Value>) {
        let all = self.all;
        let siblings: Vec<&Category> = all.iter().filter(|category| category.parent_id == parent).collect();
        for (at, category) in siblings.iter().enumerate() {
            let own = model::category::subtree(all, category.id);
            let parents = all.iter().filter(|other| !own.contains(&other.id) && Some(other.id) != parent);
            into.push(context! {
                id => category.id.to_string(), slug => category.slug, depth, path => path(all, category),
                called => category.name, is_first => at == 0, is_last => at + 1 == siblings.len(),
                is_top => parent.is_none(), has_below => own.len() > 1,
                parents => parents.map(|other| context! { id => other.id.to_string(), name => path(all, other) })
                    .collect::<Vec<_>>(),
                form => self.form(category),
            });
            if depth < model::category::DEPTH_MAX {
                self.below(Some(category.id), depth + 1, into);
            }
        }
    }

    /// What the form of a category shows.
    fn form(&self, category: &Category) -> Value {
        let Some((_, fields, refused)) = self.again.filter(|(id, ..)| *id == category.id) else {
            return context! { version => category.version, name => category.name, slug => category.slug };
        };
        // What was typed was typed about what was shown then. Only whoever is told what others did meanwhile goes on from that.
        let version = fields.version().filter(|_| !refused.is_stale).unwrap_or(category.version);
        // Each of its forms sends its own fields alone.
        let name = fields.find("name").unwrap_or(&category.name);
        let slug = fields.find("slug").unwrap_or(&category.slug);
        let parent = fields.get("parent");
        context! { is_open => true, version, name, slug, parent, ..refused.shown() }
    }
}

/// `Clothes / Shirts`.
fn path(all: &[Category], category: &Category) -> String {
    let mut names = vec![category.name.as_str()];
    let mut parent = category.parent_id;
    while let Some(above) =
        all.iter().find(|other| Some(other.id) == parent).filter(|_| names.len() <= model::category::DEPTH_MAX)
    {
        names.push(&above.name);
        parent = above.parent_id;
    }
    names.reverse();
    names.join(" / ")
}

pub(in crate::routes::pages) async fn create(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let draft = CategoryDraft {
        name: fields.get("name").to_owned(),
        slug: None,
        parent_id: fields.get("parent").parse().ok(),
        position: None,
        details: model::category::CategoryDetails::default(),
    };
    let create = CreateCategory { draft, stamp: app.stamp()? };
    match app.try_run_as(staff.actor(), create).await? {
        Ok(_) => done("created"),
        Err(error) => show(&app, &staff, None, Some(Again::New(&fields)), &refused(error)?).await,
    }
}

fn done(what: &str) -> Result<Response, Problem> {
    Ok(Redirect::to(&format!("/admin/categories?done={what}")).into_response())
}

/// Renames, moves or removes a category, as the button says that was pressed.
pub(in crate::routes::pages) async fn change(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<CategoryId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let if_version = fields.version();
    let outcome = match fields.get("act") {
        "rename" => {
            let patch = CategoryPatch {
                name: Some(fields.get("name").to_owned()),
                slug: fields.given("slug"),
                ..CategoryPatch::default()
            };
            let update = UpdateCategory { id, patch, if_version, stamp: app.stamp()? };
            app.try_run_as(staff.actor(), update).await?.map(|_| "saved")
        }
        act @ ("up" | "down" | "under") => {
            let (parent_id, after) = place(&app, id, act, &fields).await?;
            let moved = MoveCategory { id, parent_id, after, if_version, stamp: app.stamp()? };
            app.try_run_as(staff.actor(), moved).await?.map(|_| "moved")
        }
        "delete" => {
            let delete = DeleteCategory { id, if_version };
            app.try_run_as(staff.actor(), delete).await?.map(|()| "deleted")
        }
        _ => return Err(Problem::not_found()),
    };
    match outcome {
        Ok(what) => done(what),
        Err(error) => show(&app, &staff, None, Some(Again::Row(id, &fields)), &refused(error)?).await,
    }
}

/// Under which category, and behind which of those there, a move leads.
async fn place(
    app: &App,
    id: CategoryId,
    act: &str,
    fields: &Fields,
) -> Result<(Option<CategoryId>, Option<CategoryId>), Problem> {
    let mut all = app.engine().categories().await?;
    all.sort_by(|a, b| (a.position, &a.name, a.id).cmp(&(b.position, &b.name, b.id)));
    let moved = all.iter().find(|category| category.id == id).ok_or_else(Problem::not_found)?;
    let there = |parent: Option<CategoryId>| -> Vec<CategoryId> {
        all.iter().filter(|category| category.parent_id == parent).map(|category| category.id).collect()
    };
    if act == "under" {
        let parent = fields.get("parent").parse().ok();
        return Ok((parent, there(parent).last().copied().filter(|last| *last != id)));
    }
    let siblings = there(moved.parent_id);
    let at = siblings.iter().position(|sibling| *sibling == id).unwrap_or(0);
    let after = if act == "up" { at.checked_sub(2).and_then(|at| siblings.get(at)) } else { siblings.get(at + 1) };
    Ok((moved.parent_id, after.copied()))
}
