//! A whole shop on the embedded engine, in a folder of its own.

use std::{ops::Deref, sync::Arc};

use commerce::{
    accounts::{
        CodeChecked, CreateOwner, MailedSecret, NewSession, SetAccess, SignUp, SignUpAtOnce, StartSession, VerifyEmail,
    },
    catalogue::{CreateProduct, ProductDraft, VariantDraft},
};
use identity::{AccessTokens, Keys, OpaqueToken, fresh_stamp};
use model::{
    Account, AccountId, Currency, Email, Money, Permission, Product, ProductStatus, Role, SessionId, Timestamp,
};
use store::{Operation, execute};
use store_sqlite::{Options, SqliteEngine};
use tempfile::TempDir;
use web::Settings;

use super::Server;

/// A running shop. Requests go to it as to a [`Server`].
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) engine: Arc<SqliteEngine>,
    pub(crate) keys: Keys,
    pub(crate) owner: Person,
    tokens: AccessTokens,
    _folder: TempDir,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) account: Account,
    pub(crate) session_id: SessionId,
    pub(crate) token: String,
}

impl Deref for Shop {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Shop {
    /// An empty shop with an owner.
    pub(crate) async fn open() -> Self {
        Self::open_with(Settings::default()).await
    }

    /// An empty shop with an owner and settings.
    pub(crate) async fn open_with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = SqliteEngine::open(&folder.path().join("shop.db"), Options::default()).expect("a database");
        let (engine, keys) = (Arc::new(engine), Keys::generate());
        let tokens = AccessTokens::new(&keys, &settings.public_url);
        let owner = create_owner(&engine, &tokens).await;
        let server =
            Server::start_with_keys(Arc::clone(&engine) as Arc<dyn store::Engine>, keys.clone(), settings).await;
        Self { server, engine, keys, owner, tokens, _folder: folder }
    }

    /// Runs an operation beside the server.
    pub(crate) async fn run<O: Operation<Error = commerce::Error>>(&self, operation: O) -> O::Output {
        run(&self.engine, operation).await
    }

    /// A new customer, signed in. The password is nobody's; tests of passwords sign up over HTTP.
    pub(crate) async fn customer(&self, email: &str) -> Person {
        let (session, session_id) = new_session();
        let sign_up = SignUp {
            email: Email::parse("/email", email).expect("an address"),
            name: "Ann Example".to_owned(),
            password_hash: "none".to_owned(),
            code: MailedSecret { plain: "123456".to_owned(), hash: [1; 32] },
            stamp: fresh_stamp(),
        };
        let account = self.run(SignUpAtOnce { sign_up, is_code_mailed: true, session }).await;
        self.person(account, session_id)
    }

    /// A new member of staff, signed in.
    pub(crate) async fn staff(&self, email: &str, permissions: &[Permission]) -> Person {
        let person = self.customer(email).await;
        let (session, _) = new_session();
        let email = Email::parse("/email", email).expect("an address");
        let prove =
            VerifyEmail { email, verified_hash: "none".to_owned(), code_hash: [1; 32], session, stamp: fresh_stamp() };
        assert!(matches!(self.run(prove).await, CodeChecked::Right(_)));
        let promote = SetAccess {
            actor: self.owner.account.access(),
            account_id: person.account.id,
            disabled: None,
            role: Some(Role::Staff),
            permissions: Some(permissions.iter().copied().collect()),
            verified_hash: Some("none".to_owned()),
            if_version: None,
            now: fresh_stamp().now,
        };
        let account = self.run(promote).await;
        // What they may do has changed, so they sign in anew.
        let (session, session_id) = new_session();
        let account = self.run(start_session(account.id, "none", session)).await;
        self.person(account, session_id)
    }

    /// What a browser sends as `Cookie` in which somebody signed in to the pages at that time.
    pub(crate) async fn cookie(&self, person: &Person, at: Timestamp) -> String {
        let (session, token) = (new_session().0, OpaqueToken::random());
        let session = NewSession { refresh_hash: token.page_hash(), ..session };
        let mut start = start_session(person.account.id, "none", session);
        start.stamp.now = at;
        self.run(start).await;
        format!("cartwright-session={}", token.expose())
    }

    /// A product for sale with one variant.
    pub(crate) async fn product(&self, title: &str, price: i64, stock: i64) -> Product {
        let draft = ProductDraft {
            title: title.to_owned(),
            slug: None,
            description: String::new(),
            status: ProductStatus::Active,
            vendor: None,
            category_id: None,
            tags: vec![],
            options: vec![],
            variants: vec![VariantDraft {
                id: None,
                sku: None,
                option_values: vec![],
                price: Money::new(price, Currency::EUR),
                compare_at_price: None,
                stock: Some(stock),
                track_stock: true,
                weight_grams: None,
                barcode: None,
                details: None,
            }],
            images: vec![],
            details: None,
        };
        self.run(CreateProduct { draft, actor_id: None, stamp: fresh_stamp() }).await
    }

    fn person(&self, account: Account, session_id: SessionId) -> Person {
        person(&self.tokens, account, session_id)
    }
}

async fn create_owner(engine: &SqliteEngine, tokens: &AccessTokens) -> Person {
    let create = CreateOwner {
        email: Email::parse("/email", "owner@example.com").expect("an address"),
        name: "Olga Owner".to_owned(),
        password_hash: "none".to_owned(),
        setup_link: None,
        stamp: fresh_stamp(),
    };
    let account = run(engine, create).await;
    let (session, session_id) = new_session();
    let account = run(engine, start_session(account.id, "none", session)).await;
    person(tokens, account, session_id)
}

async fn run<O: Operation<Error = commerce::Error>>(engine: &SqliteEngine, operation: O) -> O::Output {
    execute(engine, operation).await.unwrap_or_else(|error| panic!("refused: {error}"))
}

fn new_session() -> (NewSession, SessionId) {
    let mut ids = fresh_stamp().ids();
    let id: SessionId = ids.draw();
    // A hash that no token has: these sessions are never refreshed.
    let mut refresh_hash = [0; 32];
    refresh_hash[..16].copy_from_slice(id.0.as_bytes());
    (NewSession { id, refresh_hash, device: "tests".to_owned(), address: "127.0.0.1".to_owned() }, id)
}

fn start_session(account_id: AccountId, verified_hash: &str, session: NewSession) -> StartSession {
    StartSession {
        account_id,
        verified_hash: verified_hash.to_owned(),
        rehashed: None,
        require_verified: false,
        session,
        stamp: fresh_stamp(),
    }
}

fn person(tokens: &AccessTokens, account: Account, session_id: SessionId) -> Person {
    let stamp = fresh_stamp();
    let token = tokens.issue(account.id, session_id, stamp.now, stamp.ids().draw());
    Person { account, session_id, token }
}
