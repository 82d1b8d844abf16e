//! Users and their wishlists.

use std::collections::HashMap;

use bson::{Bson, Document};
use model::{
    Account, Email, Permissions, PostalAddress, Role, SavedAddress, Timestamp, Wishlist,
    account::{self, NAME_MAX},
    text::line,
    wishlist::{ITEMS_MAX, WishlistItem},
};

use super::{
    Person, Planner,
    document::{OldId, field, id_of, is_true, list, new_id, shown, text, wrong},
};
use crate::bring_over::{OldAccount, Thing};

const USERS: &str = "users";
const WISHLISTS: &str = "wishlists";

impl Planner {
    pub(super) fn people(&mut self, users: &[Document]) {
        self.plan.totals.users = users.len();
        let mut addresses: HashMap<Email, String> = HashMap::new();
        for (id, user) in self.identified(USERS, users) {
            let at = &id.text;
            let written = text(user.get("email"));
            let email = written.as_deref().and_then(|email| Email::parse("/email", email).ok());
            let Some(email) = email else {
                let what = wrong("email", user.get("email"), "is no e-mail address");
                self.leave_out(USERS, at, format!("{what}; the user is left out"));
                continue;
            };
            if let Some(first) = addresses.get(&email) {
                let what = format!("has the e-mail address {email} of {first}; the user is left out");
                let person = self.people.get(first).cloned();
                self.leave_out(USERS, at, what);
                // Orders of the second are those of the same person.
                if let Some(person) = person {
                    self.people.insert(at.clone(), person);
                }
                continue;
            }
            addresses.insert(email.clone(), at.clone());
            let made = self.account(&id, user, email);
            self.people.insert(at.clone(), Person { id: made.account.id, name: made.account.name.clone() });
            self.plan.things.push(Thing::Account(Box::new(made)));
        }
    }

    fn account(&mut self, id: &OldId, user: &Document, email: Email) -> OldAccount {
        let at = &id.text;
        let created_at = self.created_at(id, user);
        let name = text(user.get("name")).and_then(|name| line("/name", &name, NAME_MAX).ok());
        let name = name.unwrap_or_else(|| {
            let what = wrong("name", user.get("name"), "is no name");
            self.tell(USERS, at, format!("{what}; the user is called by the address"));
            email.as_str().split('@').next().unwrap_or_default().to_owned()
        });
        let phone = text(user.get("phnumber")).or_else(|| text(user.get("phone")));
        let phone = phone.and_then(|written| {
            let phone = account::phone("/phone", &written).ok();
            if phone.is_none() {
                self.tell(USERS, at, format!("{written:?} is no telephone number and is left out"));
            }
            phone
        });
        let password = text(user.get("password")).filter(|hash| (self.options.is_usable_hash)(hash));
        if password.is_none() {
            self.tell(USERS, at, "has no bcrypt password that can be used; the user has to set a new one");
        }
        let is_admin = is_true(user.get("isAdmin"));
        let is_staff = is_admin && self.options.keep_admins;
        if is_admin && !is_staff {
            self.tell(USERS, at, "isAdmin becomes a customer; --keep-admins makes staff of such users");
        }
        // They choose one by the link in a mail, which proves the address too.
        let is_proven = is_true(user.get("emailVerified"));
        let password = password.filter(|_| !is_staff || is_proven);
        if is_staff && !is_proven {
            self.tell(USERS, at, "is staff with an address that was not verified, and has to set a new password");
        }
        let address = text(user.get("address")).map(|line| one_line(&name, &line, phone.as_deref()));
        if address.is_none() && user.get("address").is_some_and(|value| !matches!(value, Bson::Null)) {
            let is_empty = matches!(user.get("address"), Some(Bson::String(text)) if text.trim().is_empty());
            if !is_empty {
                self.tell(USERS, at, format!("the address {} is no text and is left out", shown(user.get("address"))));
            }
        }
        let account = Account {
            id: new_id(USERS, id),
            email: Some(email),
            name,
            phone,
            role: if is_staff { Role::Staff } else { Role::Customer },
            permissions: if is_staff { Permissions::all() } else { Permissions::default() },
            email_verified_at: is_proven.then_some(created_at),
            disabled_at: None,
            deleted_at: None,
            created_at,
            updated_at: created_at,
            version: 1,
        };
        let label = Some("From the old shop".to_owned());
        let address = address.map(|address| SavedAddress { id: new_id("address", id), label, address });
        OldAccount { account, password_hash: password, address, is_stand_in: false }
    }

    /// The person behind a reference, or somebody who is gone: orders of nobody have to belong to somebody.
    pub(super) fn buyer(&mut self, id: &OldId, now: Timestamp) -> Person {
        if let Some(person) = self.people.get(&id.text) {
            return person.clone();
        }
        let account = Account {
            id: new_id(USERS, id),
            email: None,
            name: String::new(),
            phone: None,
            role: Role::Customer,
            permissions: Permissions::default(),
            email_verified_at: None,
            disabled_at: None,
            deleted_at: Some(now),
            created_at: id.time().unwrap_or(now),
            updated_at: now,
            version: 1,
        };
        let person = Person { id: account.id, name: String::new() };
        self.people.insert(id.text.clone(), person.clone());
        let gone = OldAccount { account, password_hash: None, address: None, is_stand_in: true };
        self.plan.things.push(Thing::Account(Box::new(gone)));
        person
    }

    pub(super) fn wishlists(&mut self, wishlists: &[Document]) {
        self.plan.totals.wishlists = wishlists.len();
        for (id, document) in self.identified(WISHLISTS, wishlists) {
            let at = &id.text;
            let (_, of) = field(document, &["user", "userId"]);
            let user = id_of(of);
            let owner =
                user.as_ref().and_then(|user| self.people.get(&user.text)).filter(|person| !person.name.is_empty());
            let Some(owner) = owner.cloned() else {
                let what = format!("belongs to the user {}, who is not there; it is left out", shown(of));
                self.leave_out(WISHLISTS, at, what);
                continue;
            };
            let added_at = self.created_at(&id, document);
            let mut list = Wishlist::empty(owner.id);
            for wanted in list_of(document) {
                let known = id_of(Some(wanted)).and_then(|product| self.products.get(&product.text));
                match known.map(|product| product.id) {
                    None => {
                        let what = format!("wishes for the product {}, which is not there", shown(Some(wanted)));
                        self.tell(WISHLISTS, at, what);
                    }
                    Some(product_id) if list.items.iter().any(|item| item.product_id == product_id) => {}
                    Some(_) if list.items.len() >= ITEMS_MAX => {
                        self.tell(
                            WISHLISTS,
                            at,
                            format!("has more than {ITEMS_MAX} products; the others are left out"),
                        );
                        break;
                    }
                    Some(product_id) => list.items.push(WishlistItem { product_id, added_at }),
                }
            }
            let first = self.plan.things.iter_mut().find_map(|thing| match thing {
                Thing::Wishlist(first) if first.account_id == list.account_id => Some(first),
                _ => None,
            });
            match first {
                None => self.plan.things.push(Thing::Wishlist(list)),
                Some(first) => {
                    let new = list
                        .items
                        .iter()
                        .filter(|item| first.items.iter().all(|known| known.product_id != item.product_id));
                    let new: Vec<_> = new.copied().collect();
                    first.items.extend(new);
                    first.items.truncate(ITEMS_MAX);
                    self.leave_out(
                        WISHLISTS,
                        at,
                        "is a second one of the same user; its products are on the first one",
                    );
                }
            }
        }
    }
}

fn list_of(document: &Document) -> &[Bson] {
    list(document, "products")
}

/// An address that was one line. It stays one: where in it the town is, nobody can tell.
pub(super) fn one_line(name: &str, text: &str, phone: Option<&str>) -> PostalAddress {
    let plain: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = plain.chars();
    let line1: String = chars.by_ref().take(200).collect();
    let rest: String = chars.take(200).collect();
    PostalAddress {
        name: name.to_owned(),
        line1,
        line2: Some(rest).filter(|rest| !rest.is_empty()),
        phone: phone.map(str::to_owned),
        ..PostalAddress::default()
    }
}
