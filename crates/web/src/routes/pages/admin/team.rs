//! `/admin/staff`: who works in the shop, and with what.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    accounts::{InviteStaff, MailedSecret, ResetStaff, SetAccess, StaffReset},
    second_factor::second_factor,
};
use http::HeaderMap;
use identity::OpaqueToken;
use minijinja::{Value, context};
use model::{Account, AccountId, Email, Permission, Permissions, Role, Violations};
use store::{AccountFilter, PageRequest};

use super::{
    forms::{Done, Fields, Refused, notice, refused},
    frame,
};
use crate::{
    App,
    extract::{Path, ShopSettings},
    problem::Problem,
    routes::pages::{staff::StaffPage, template},
};

/// What the page before may say.
const NOTICES: [(&str, &str); 7] = [
    ("invited", "The invitation is on its way."),
    ("saved", "Saved. Who may do less or other than before was signed out."),
    ("locked", "The account is locked, and signed out everywhere."),
    ("unlocked", "The account can be used again."),
    ("signed_out", "Signed out everywhere. Their API keys go on: they are ended under “API keys”."),
    ("factor", "The second factor is gone. The password alone signs in until there is a new one."),
    ("dismissed", "The account is a customer's from now on, and signed out everywhere."),
];

/// What a permission lets somebody do, in words.
pub(in crate::routes::pages) const fn permission_text(permission: Permission) -> &'static str {
    match permission {
        Permission::Catalogue => "Products, stock and reviews",
        Permission::Orders => "Orders",
        Permission::Customers => "Customers and mails",
        Permission::Settings => "Settings and the audit log",
    }
}

/// The permissions as boxes to check.
fn permission_boxes(has: impl Fn(Permission) -> bool) -> Vec<Value> {
    let line = |permission: Permission| {
        context! { name => permission.as_str(), text => permission_text(permission), has => has(permission) }
    };
    Permission::ALL.map(line).to_vec()
}

/// The permissions as boxes, those checked that were so in a form that is shown again.
pub(super) fn boxes_as_typed(typed: Option<&Fields>) -> Vec<Value> {
    let typed = typed.map(checked).unwrap_or_default();
    permission_boxes(|permission| typed.contains(permission))
}

/// Those that were checked.
pub(super) fn checked(fields: &Fields) -> Permissions {
    let names: Vec<&str> = fields.all("permission").collect();
    Permission::ALL.into_iter().filter(|permission| names.contains(&permission.as_str())).collect()
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    show(&app, &staff, notice(&query.done, &NOTICES), None, &Refused::default()).await
}

/// A form that is shown again as it was filled in.
#[derive(Clone, Copy)]
enum Typed<'f> {
    /// The invitation.
    Invitation(&'f Fields),
    /// What somebody may do.
    Access(AccountId, &'f Fields),
}

async fn show(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    notice: Option<&str>,
    typed: Option<Typed<'_>>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let invitation = match typed {
        Some(Typed::Invitation(fields)) => Some(fields),
        _ => None,
    };
    let mut people = Vec::new();
    for role in [Role::Owner, Role::Staff] {
        let filter = AccountFilter { role: Some(role), text: None };
        for account in app.engine().accounts(&filter, &PageRequest { limit: 100, after: None }).await?.items {
            let typed = match typed {
                // What somebody else saved meanwhile is looked at before it is replaced.
                Some(Typed::Access(id, fields)) if id == account.id && !refused.is_stale => Some(fields),
                _ => None,
            };
            people.push(person(app, staff, &account, typed).await?);
        }
    }
    let values = context! {
        people, notice, typed => invitation.map(Fields::typed), is_owner => staff.access.role == Role::Owner,
        all_permissions => boxes_as_typed(invitation),
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "staff") };
    template::page(app, refused.status(), "admin_team.html", values)
}

/// Somebody who works here; `typed` is the form about them when it is shown again.
async fn person(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    account: &Account,
    typed: Option<&Fields>,
) -> Result<Value, Problem> {
    let is_owner = account.role == Role::Owner;
    // The boxes of an owner cannot be changed, and are not sent.
    let permissions = match typed.filter(|_| !is_owner) {
        Some(fields) => boxes_as_typed(Some(fields)),
        None => permission_boxes(|permission| account.access().may(permission)),
    };
    let has_factor = second_factor(app.engine(), account.id).await?.is_some();
    let waits = app.engine().password_hash(account.id).await?.is_none();
    Ok(context! {
        id => account.id.to_string(), name => account.name, email => account.email.as_ref().map(Email::as_str),
        version => account.version, is_me => account.id == staff.access.account_id, locked => account.disabled_at.is_some(),
        is_owner, second_factor => has_factor, waits, role_text => if is_owner { "Owner" } else { "Staff" },
        becomes_owner => typed.map_or(is_owner, |fields| fields.is_checked("owner")), permissions,
    })
}

pub(in crate::routes::pages) async fn invite(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let typed = Some(Typed::Invitation(&fields));
    let verified_hash = match staff.confirm(&app, fields.raw("password")).await? {
        Ok(hash) => hash,
        Err(text) => return show(&app, &staff, None, typed, &Refused::because(text)).await,
    };
    let email = match Email::parse("/email", fields.get("email")) {
        Ok(email) => email,
        Err(wrong) => return show(&app, &staff, None, typed, &Violations(vec![wrong]).into()).await,
    };
    let token = OpaqueToken::random();
    let invite = InviteStaff {
        actor: staff.access,
        verified_hash,
        email,
        name: fields.get("name").to_owned(),
        permissions: checked(&fields),
        token: MailedSecret { hash: token.hash(), plain: token.expose() },
        stamp: app.stamp()?,
    };
    match app.try_run_as(staff.actor(), invite).await? {
        Ok(_) => Ok(Redirect::to("/admin/staff?done=invited").into_response()),
        Err(error) => show(&app, &staff, None, typed, &refused(error)?).await,
    }
}

/// Changes what somebody may do, as the button says that was pressed.
pub(in crate::routes::pages) async fn change(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    Path(account_id): Path<AccountId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    if staff.access.role != Role::Owner || account_id == staff.access.account_id {
        let text = "Only an owner changes the staff, and nobody themselves.";
        return show(&app, &staff, None, None, &Refused::because(text)).await;
    }
    // The other form has no boxes: shown as it was sent, it would take all permissions away with the next “Save”.
    let typed = (fields.get("act") == "save").then_some(Typed::Access(account_id, &fields));
    let verified_hash = match staff.confirm(&app, fields.raw("password")).await? {
        Ok(hash) => hash,
        Err(text) => return show(&app, &staff, None, typed, &Refused::because(text)).await,
    };
    let reset =
        |what, verified_hash| ResetStaff { actor: staff.access, account_id, what, verified_hash, now: app.now() };
    let set = SetAccess {
        actor: staff.access,
        account_id,
        disabled: None,
        role: None,
        permissions: None,
        verified_hash: Some(verified_hash.clone()),
        if_version: fields.version(),
        now: app.now(),
    };
    let (set, done) = match fields.get("act") {
        "save" => {
            let is_owner = fields.is_checked("owner");
            let role = Some(if is_owner { Role::Owner } else { Role::Staff });
            let permissions = Some(if is_owner { Permissions::default() } else { checked(&fields) });
            (SetAccess { role, permissions, ..set }, "saved")
        }
        "lock" => (SetAccess { disabled: Some(true), ..set }, "locked"),
        "unlock" => (SetAccess { disabled: Some(false), ..set }, "unlocked"),
        "dismiss" => {
            let (role, permissions) = (Some(Role::Customer), Some(Permissions::default()));
            (SetAccess { role, permissions, ..set }, "dismissed")
        }
        "sign_out" => {
            let reset = reset(StaffReset::Sessions, verified_hash);
            return told(&app, &staff, app.try_run_as(staff.actor(), reset).await?, "signed_out", typed).await;
        }
        "forget_factor" => {
            let reset = reset(StaffReset::SecondFactor, verified_hash);
            return told(&app, &staff, app.try_run_as(staff.actor(), reset).await?, "factor", typed).await;
        }
        _ => return Err(Problem::not_found()),
    };
    told(&app, &staff, app.try_run_as(staff.actor(), set).await?, done, typed).await
}

async fn told<T>(
    app: &App,
    staff: &StaffPage<ShopSettings>,
    outcome: Result<T, commerce::Error>,
    done: &str,
    typed: Option<Typed<'_>>,
) -> Result<Response, Problem> {
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("/admin/staff?done={done}")).into_response()),
        Err(error) => show(app, staff, None, typed, &refused(error)?).await,
    }
}
