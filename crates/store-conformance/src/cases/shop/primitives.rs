//! What the primitives promise where no operation would ask: rows that are not there, and constraints of the schema.

use model::{
    AccountId, MailTemplate, OutboxMail, Role, StockCause, StockMovement, Timestamp,
    challenge::{Challenge, Purpose},
    mail::{DeliveryOutcome, Due, MailLease},
    session::RefreshToken,
};
use store::{Change, StoreError};

use crate::support::{Shop, email, hash, line, load, refused, ship_to};

fn movement(shop: &Shop, variant_id: model::VariantId, delta: i64) -> StockMovement {
    StockMovement {
        id: shop.id(),
        variant_id,
        delta,
        cause: StockCause::Adjusted,
        order_id: None,
        actor_id: None,
        reason: None,
        at: shop.now(),
    }
}

pub async fn loads_that_find_nothing_say_so(shop: Shop) {
    let uuid: uuid::Uuid = shop.id();
    assert_eq!(load!(shop, |tx| tx.account(uuid.into()).await), None);
    assert_eq!(load!(shop, |tx| tx.account_by_email(&email("nobody")).await), None);
    assert_eq!(load!(shop, |tx| tx.owners().await), 0);
    assert_eq!(load!(shop, |tx| tx.session(uuid.into()).await), None);
    assert_eq!(load!(shop, |tx| tx.refresh_token(&hash("x")).await), None);
    assert_eq!(load!(shop, |tx| tx.challenge(uuid.into(), Purpose::VerifyEmail).await), None);
    assert_eq!(load!(shop, |tx| tx.challenge_by_secret(Purpose::ResetPassword, &hash("x")).await), None);
    assert_eq!(load!(shop, |tx| tx.addresses(uuid.into()).await), []);
    assert_eq!(load!(shop, |tx| tx.address(uuid.into(), uuid.into()).await), None);
    assert_eq!(load!(shop, |tx| tx.categories().await), []);
    assert_eq!(load!(shop, |tx| tx.product(uuid.into()).await), None);
    assert_eq!(load!(shop, |tx| tx.product_by_slug("x").await), None);
    assert_eq!(load!(shop, |tx| tx.product_of_variant(uuid.into()).await), None);
    assert!(load!(shop, |tx| tx.product_slugs_like("x").await).is_empty());
    assert_eq!(load!(shop, |tx| tx.sku_owners(&["x".to_owned()]).await), []);
    assert_eq!(load!(shop, |tx| tx.ordered_among(&[uuid.into()]).await), []);
    assert_eq!(load!(shop, |tx| tx.order(uuid.into()).await), None);
    assert_eq!(load!(shop, |tx| tx.mail(uuid.into()).await), None);
    assert_eq!(load!(shop, |tx| tx.meta("nothing").await), None);
    let epoch = Timestamp::UNIX_EPOCH;
    assert_eq!(
        load!(shop, |tx| tx.lease_mails(Due { now: Timestamp::MAX, latest: Timestamp::MAX }, Timestamp::MAX, 5).await),
        []
    );
    assert_eq!(load!(shop, |tx| tx.lease_mails(Due { now: epoch, latest: epoch }, epoch, 5).await), []);
}

pub async fn accounts_load_with_their_password(shop: Shop) {
    let ann = shop.customer("ann").await;
    let id = ann.id;
    let by_id = load!(shop, |tx| tx.account(id).await).expect("an account");
    let by_email = load!(shop, |tx| tx.account_by_email(&email("ann")).await).expect("an account");
    assert_eq!((&by_id.account, &by_id), (&ann, &by_email));
    assert_eq!(by_id.password_hash, Some(crate::support::password("ann")));
}

/// The operation loaded the row, so that it is gone is a bug, and nothing may be stored.
pub async fn changes_of_rows_that_are_not_there_are_broken(shop: Shop) {
    let nobody = shop.new_account("nobody", Role::Customer, &[]);
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 5).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let ghost = model::Product { id: shop.id(), slug: "ghost".into(), ..mug.clone() };
    let category = model::Category {
        id: shop.id(),
        parent_id: None,
        name: "x".into(),
        slug: "x".into(),
        position: 0,
        details: model::category::CategoryDetails::default(),
        created_at: shop.now(),
        updated_at: shop.now(),
        version: 1,
    };
    let at = shop.now();
    let broken = vec![
        Change::UpdateAccount(nobody.clone()),
        Change::SetPassword { account_id: nobody.id, password_hash: None },
        Change::TouchSession { id: shop.id(), at, address: String::new(), expires_at: at },
        Change::UseRefreshToken { hash: hash("x"), at },
        Change::DeleteAddress { id: shop.id() },
        Change::UpdateCategory(category.clone()),
        Change::DeleteCategory { id: category.id },
        Change::UpdateProduct { product: ghost.clone(), removed: vec![] },
        Change::DeleteProduct { id: ghost.id },
        Change::MoveStock(vec![movement(&shop, shop.id(), 1)]),
        Change::UpdateOrder { order: model::Order { id: shop.id(), ..order.clone() }, event: None },
        Change::RecordDelivery {
            lease: MailLease { mail: shop.id(), attempts: 1, until: at },
            attempts: 1,
            at,
            outcome: DeliveryOutcome::Sent { keep_secret: false },
            next_attempt_at: None,
        },
        Change::RequeueMail { id: shop.id(), at },
    ];
    for change in broken {
        let text = format!("{change:?}");
        let meta = Change::PutMeta { key: "mark".into(), value: Some("x".into()) };
        match shop.apply(vec![meta, change]).await {
            Err(StoreError::Broken(_)) => {}
            other => panic!("{text} gave {other:?}"),
        }
        assert_eq!(load!(shop, |tx| tx.meta("mark").await), None, "{text} left something behind");
    }
}

/// Ending what has ended and removing what is gone is no bug: both may happen twice.
pub async fn changes_that_may_find_nothing_find_nothing(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (account_id, at) = (ann.id, shop.now());
    let changes = vec![
        Change::EndSession { id: shop.sign_in(&ann).await.id, at },
        Change::EndSessions { account_id, except: None, at },
        Change::EndSessions { account_id, except: None, at },
        Change::EndOldestSessions { account_id, keep: 0, latest_use: at, at },
        Change::DeleteChallenge { account_id, purpose: Purpose::VerifyEmail },
        Change::DeleteAddresses { account_id },
        Change::AnonymiseOrders { account_id },
        Change::DeleteMailsOf { account_id },
        Change::ForgetTraces { account_id },
        Change::PutMeta { key: "nothing".into(), value: None },
        Change::MoveStock(vec![]),
    ];
    shop.apply(changes).await.expect("nothing to do");
    shop.apply(vec![]).await.expect("nothing to do");
}

/// The schema says again what the code must never break.
pub async fn the_schema_stops_what_the_code_should_have_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await);
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let insert = |account| Change::InsertAccount { account, password_hash: None };
    let twin = model::Account { email: ann.email.clone(), ..shop.new_account("twin", Role::Customer, &[]) };
    let sold = |delta| StockMovement {
        cause: StockCause::Sold,
        order_id: Some(order.id),
        ..movement(&shop, mug.variants[0].id, delta)
    };
    let orphan = Challenge::issue(None, AccountId(shop.id()), Purpose::VerifyEmail, None, shop.now());
    let token = RefreshToken {
        hash: hash("x"),
        session_id: shop.id(),
        issued_at: shop.now(),
        used_at: None,
        successor_used: false,
    };
    let forbidden = vec![
        ("an address twice", insert(twin)),
        ("stock below zero", Change::MoveStock(vec![movement(&shop, mug.variants[0].id, -5)])),
        ("a movement of nothing", Change::MoveStock(vec![movement(&shop, mug.variants[0].id, 0)])),
        ("stock taken twice by one order", Change::MoveStock(vec![sold(-1)])),
        ("an order number twice", Change::InsertOrder(model::Order { id: shop.id(), ..order.clone() })),
        ("a slug twice", Change::InsertProduct(model::Product { slug: "mug".into(), id: shop.id(), ..cup.clone() })),
        ("a challenge of nobody", Change::PutChallenge(orphan.expect("the first"))),
        ("a token without a session", Change::InsertRefreshToken { token, predecessor: None }),
        ("the removal of an ordered product", Change::DeleteProduct { id: mug.id }),
        (
            "the removal of an ordered variant",
            Change::UpdateProduct {
                product: model::Product { variants: cup.variants.clone(), ..mug.clone() },
                removed: vec![mug.variants[0].id],
            },
        ),
    ];
    for (what, change) in forbidden {
        match shop.apply(vec![change]).await {
            Err(StoreError::Constraint(_)) => {}
            other => panic!("{what} gave {other:?}"),
        }
    }
    assert_eq!((shop.stock(&mug).await, shop.ledger(&mug).await.len()), (4, 2));
}

/// A level may touch zero, but a list of movements is taken whole or not at all.
pub async fn a_list_of_changes_is_stored_whole_or_not_at_all(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await);
    let (mug_id, cup_id) = (mug.variants[0].id, cup.variants[0].id);
    let too_much = Change::MoveStock(vec![movement(&shop, mug_id, -5), movement(&shop, cup_id, -6)]);
    refused!(shop.apply(vec![too_much]).await, StoreError::Constraint(_));
    assert_eq!((shop.stock(&mug).await, shop.stock(&cup).await), (5, 5));
    shop.apply(vec![Change::MoveStock(vec![movement(&shop, mug_id, -5), movement(&shop, cup_id, -5)])])
        .await
        .expect("all of it");
    assert_eq!((shop.stock(&mug).await, shop.stock(&cup).await), (0, 0));
}

/// A transaction sees what it wrote itself.
pub async fn a_transaction_reads_its_own_writes(shop: Shop) {
    let mail = OutboxMail::new(shop.id(), email("ann"), MailTemplate::Test, shop.now());
    let ann = shop.new_account("ann", Role::Customer, &[]);
    let (id, mail_id) = (ann.id, mail.id);
    let seen = shop.in_tx(move |tx| {
        let changes = [
            Change::InsertAccount { account: ann.clone(), password_hash: None },
            Change::InsertMail(mail.clone()),
            Change::PutMeta { key: "greeting".into(), value: Some("hello".into()) },
        ];
        Box::pin(async move {
            tx.apply(&changes).await?;
            Ok((tx.account(id).await?, tx.mail(mail_id).await?, tx.meta("greeting").await?))
        })
    });
    let (account, mail, greeting) = seen.await.expect("stored");
    assert_eq!(account.map(|row| row.account.id), Some(id));
    assert_eq!((mail.map(|mail| mail.id), greeting.as_deref()), (Some(mail_id), Some("hello")));
}

/// What failed inside a transaction is gone, and the next one starts from before it.
pub async fn a_refused_transaction_leaves_nothing(shop: Shop) {
    let ann = shop.new_account("ann", Role::Customer, &[]);
    let (id, insert) = (ann.id, Change::InsertAccount { account: ann, password_hash: None });
    let refused = shop.in_tx(move |tx| {
        let insert = insert.clone();
        Box::pin(async move {
            tx.apply(&[insert]).await?;
            Err::<(), _>(StoreError::Internal("changed my mind".into()))
        })
    });
    refused!(refused.await, StoreError::Internal(_));
    assert_eq!(shop.db().account(id).await.expect("an answer"), None);
}

pub async fn values_of_the_shop_are_replaced_and_removed(shop: Shop) {
    let put = async |value: Option<&str>| {
        let value = value.map(str::to_owned);
        shop.apply(vec![Change::PutMeta { key: "name".into(), value }]).await.expect("stored");
        load!(shop, |tx| tx.meta("name").await)
    };
    assert_eq!(put(Some("one")).await.as_deref(), Some("one"));
    assert_eq!(put(Some("two")).await.as_deref(), Some("two"));
    assert_eq!(put(None).await, None);
    assert_eq!(load!(shop, |tx| tx.meta("other").await), None);
}

/// A secret finds its challenge by purpose, and a challenge that was put replaces the one before.
pub async fn challenges_come_back_as_they_were_put(shop: Shop) {
    let ann = shop.customer("ann").await;
    let account_id = ann.id;
    let issue = |purpose, secret: &str| {
        Challenge::issue(None, account_id, purpose, Some(hash(secret)), shop.now()).expect("the first")
    };
    let reset = issue(Purpose::ResetPassword, "same");
    let change = Challenge { new_email: Some(email("anna")), tries_left: 2, ..issue(Purpose::ChangeEmail, "same") };
    shop.apply(vec![Change::PutChallenge(reset.clone()), Change::PutChallenge(change.clone())]).await.expect("stored");
    let by_secret =
        async |purpose, secret: &'static str| load!(shop, |tx| tx.challenge_by_secret(purpose, &hash(secret)).await);
    assert_eq!(by_secret(Purpose::ResetPassword, "same").await, Some(reset));
    assert_eq!(by_secret(Purpose::ChangeEmail, "same").await, Some(change.clone()));
    assert_eq!(by_secret(Purpose::VerifyEmail, "same").await, None);
    let spent = Challenge { secret_hash: None, new_email: None, ..change };
    shop.apply(vec![Change::PutChallenge(spent.clone())]).await.expect("stored");
    assert_eq!(load!(shop, |tx| tx.challenge(account_id, Purpose::ChangeEmail).await), Some(spent));
    assert_eq!(by_secret(Purpose::ChangeEmail, "same").await, None);
}

/// Texts of any script, quotes, and the largest numbers.
pub async fn odd_values_come_back_as_they_were(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut mug = crate::support::draft("O'Neil \"%_\\\" 北京 🎉 \u{1F468}\u{200D}\u{1F469}", 5);
    mug.variants[0].price = crate::support::eur(model::money::PRICE_MAX);
    mug.variants[0].weight_grams = Some(1_000_000_000);
    let mug = shop.add(mug).await;
    assert_eq!(shop.product_now(mug.id).await, mug);
    let order = shop.order(&ann, &[line(&mug, 5)]).await;
    let stored = shop.order_now(order.id).await;
    assert_eq!((stored.lines, stored.ship_to), (order.lines, ship_to()));
}
