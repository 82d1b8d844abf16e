//! Views of the order list that were saved.

use commerce::{
    Error,
    saved_views::{SaveView, VIEWS_MAX, saved_views},
};
use model::Account;

use crate::support::{Shop, refused};

async fn save(shop: &Shop, by: &Account, name: &str, query: Option<&str>) -> Result<Vec<String>, Error> {
    let query = query.map(str::to_owned);
    let save = SaveView { account_id: by.id, name: name.to_owned(), query, stamp: shop.next_stamp() };
    let views = shop.run(save).await?;
    assert_eq!(saved_views(shop.db(), by.id).await.expect("an answer"), views);
    Ok(views.into_iter().map(|view| format!("{}: {}", view.name, view.query)).collect())
}

pub async fn everybody_has_their_own_by_name(shop: Shop) {
    let (stan, sue) = (shop.staff("stan", &[]).await, shop.staff("sue", &[]).await);
    save(&shop, &stan, "Today", Some("from=2026-05-01")).await.expect("saved");
    save(&shop, &stan, "To pack", Some("status=confirmed")).await.expect("saved");
    let views = save(&shop, &stan, " today ", Some("from=2026-05-02")).await.expect("saved");
    assert_eq!(views, ["Today: from=2026-05-02", "To pack: status=confirmed"]);
    assert!(saved_views(shop.db(), sue.id).await.expect("an answer").is_empty());
    assert_eq!(save(&shop, &stan, "TODAY", None).await.expect("removed"), ["To pack: status=confirmed"]);
    assert_eq!(save(&shop, &stan, "nothing", None).await.expect("nothing to do").len(), 1);
}

pub async fn there_are_only_so_many_with_good_names(shop: Shop) {
    let stan = shop.staff("stan", &[]).await;
    refused!(save(&shop, &stan, " ", Some("")).await, Error::Invalid(_));
    for n in 0..VIEWS_MAX {
        save(&shop, &stan, &format!("view {n}"), Some("")).await.expect("saved");
    }
    refused!(save(&shop, &stan, "one more", Some("")).await, Error::Invalid(_));
    save(&shop, &stan, "VIEW 3", Some("status=shipped")).await.expect("changed");
}
