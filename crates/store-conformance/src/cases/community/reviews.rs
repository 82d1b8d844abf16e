//! Reviews, and what they add up to.

use commerce::{
    Conflict, Error,
    accounts::DeleteAccount,
    catalogue::DeleteProduct,
    reviews::{
        DeleteReview, EditReview, ModerateReview, ReportReview, ReviewDraft, ReviewPatch, ReviewVerdict, WriteReview,
    },
};
use model::{Account, OrderStatus, Product, Rating, Review, ReviewStatus};
use store::{PageRequest, ReviewFilter, ReviewSort};

use crate::support::{Shop, all_pages, at_once, count_ok, line, refused};

fn write(shop: &Shop, by: &Account, product: &Product, stars: i64, status: ReviewStatus) -> WriteReview {
    let draft = ReviewDraft { stars, title: Some(" Good ".to_owned()), text: "It is.".to_owned(), author: None };
    WriteReview { account_id: by.id, product_id: product.id, draft, status, stamp: shop.next_stamp() }
}

async fn written(shop: &Shop, by: &Account, product: &Product, stars: i64) -> Review {
    shop.run(write(shop, by, product, stars, ReviewStatus::Approved)).await.expect("written")
}

fn verdict(shop: &Shop, review: &Review, verdict: ReviewVerdict) -> ModerateReview {
    ModerateReview { id: review.id, verdict, if_version: None, now: shop.now() }
}

fn status(status: ReviewStatus) -> ReviewVerdict {
    ReviewVerdict { status: Some(status), ..ReviewVerdict::default() }
}

async fn rating(shop: &Shop, product: &Product) -> (i64, i64) {
    let Rating { count, stars } = shop.product_now(product.id).await.rating;
    (count, stars)
}

async fn found(shop: &Shop, filter: ReviewFilter) -> Vec<Review> {
    all_pages(2, async |page: PageRequest| shop.db().reviews(&filter, &page).await).await
}

pub async fn a_review_counts_when_it_is_approved(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
    let review = shop.run(write(&shop, &ann, &mug, 4, ReviewStatus::Pending)).await.expect("written");
    assert_eq!((review.content.title.as_deref(), review.content.author.as_str()), (Some("Good"), "ann"));
    assert_eq!(shop.db().review(review.id).await.expect("an answer").as_ref(), Some(&review));
    assert_eq!(rating(&shop, &mug).await, (0, 0));
    let approved = shop.run(verdict(&shop, &review, status(ReviewStatus::Approved))).await.expect("approved");
    assert_eq!((approved.version, rating(&shop, &mug).await), (2, (1, 4)));
    // Twice is once.
    shop.run(verdict(&shop, &review, status(ReviewStatus::Approved))).await.expect("approved again");
    assert_eq!(rating(&shop, &mug).await, (1, 4));
    shop.run(verdict(&shop, &review, status(ReviewStatus::Rejected))).await.expect("rejected");
    assert_eq!(rating(&shop, &mug).await, (0, 0));
    // The product itself did not change.
    assert_eq!(shop.product_now(mug.id).await, mug);
}

/// Also in a shop that shows reviews at once.
pub async fn who_changes_a_rejected_review_does_not_bring_it_back(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
    let review = written(&shop, &ann, &mug, 1).await;
    shop.run(verdict(&shop, &review, status(ReviewStatus::Rejected))).await.expect("rejected");
    for stars in [2, 3] {
        let edit = EditReview {
            id: review.id,
            account_id: ann.id,
            patch: ReviewPatch { stars: Some(stars), ..ReviewPatch::default() },
            status: ReviewStatus::Approved,
            if_version: None,
            stamp: shop.next_stamp(),
        };
        let edited = shop.run(edit).await.expect("edited");
        assert_eq!((edited.status, rating(&shop, &mug).await), (ReviewStatus::Pending, (0, 0)));
    }
}

pub async fn an_edit_that_changes_nothing_hides_nothing(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
    let review = written(&shop, &ann, &mug, 4).await;
    let same = ReviewPatch {
        stars: Some(4),
        title: Some(Some("Good ".to_owned())),
        text: Some(" It is.".to_owned()),
        author: Some("ann".to_owned()),
    };
    let edit = |patch, if_version| EditReview {
        id: review.id,
        account_id: ann.id,
        patch,
        status: ReviewStatus::Pending,
        if_version,
        stamp: shop.next_stamp(),
    };
    for patch in [ReviewPatch::default(), same.clone()] {
        assert_eq!(shop.run(edit(patch, Some(1))).await.expect("nothing to do"), review);
    }
    assert_eq!(shop.db().review(review.id).await.expect("an answer").as_ref(), Some(&review));
    assert_eq!(rating(&shop, &mug).await, (1, 4));
    // It is still refused for whom a real change is refused.
    refused!(shop.run(edit(same.clone(), Some(2))).await, Error::Stale { current: 1 });
    let nameless = ReviewPatch { author: Some(" ".to_owned()), ..same.clone() };
    refused!(shop.run(edit(nameless, None)).await, Error::Invalid(_));
    let without_title = ReviewPatch { title: Some(None), ..same };
    let edited = shop.run(edit(without_title, Some(1))).await.expect("edited");
    assert_eq!((edited.status, edited.version, rating(&shop, &mug).await), (ReviewStatus::Pending, 2, (0, 0)));
}

pub async fn a_customer_reviews_a_product_once(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
    let results = at_once(8, |_| {
        let (shop, write) = (shop.clone(), write(&shop, &ann, &mug, 5, ReviewStatus::Approved));
        async move { shop.run(write).await }
    })
    .await;
    assert_eq!((count_ok(&results), rating(&shop, &mug).await), (1, (1, 5)));
    let first = results.into_iter().find_map(Result::ok).expect("one that was written");
    let again = write(&shop, &ann, &mug, 1, ReviewStatus::Approved);
    refused!(shop.run(again).await, Error::Conflict(Conflict::AlreadyReviewed(id)) if id == first.id);
    refused!(
        shop.run(write(&shop, &ann, &shop.product("Cup", 1).await, 6, ReviewStatus::Approved)).await,
        Error::Invalid(_)
    );
    // Another product, or another customer, is another review.
    written(&shop, &ann, &shop.product("Bowl", 1).await, 3).await;
    written(&shop, &shop.customer("bob").await, &mug, 2).await;
    assert_eq!(rating(&shop, &mug).await, (2, 7));
}

pub async fn a_purchase_is_verified_by_an_order(shop: Shop) {
    let (ann, bob, cat) = (shop.customer("ann").await, shop.customer("bob").await, shop.customer("cat").await);
    let staff = shop.staff("stan", &[]).await;
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await);
    shop.order(&ann, &[line(&cup, 1), line(&mug, 1)]).await;
    shop.order(&ann, &[line(&cup, 1)]).await;
    let cancelled = shop.order(&bob, &[line(&mug, 1)]).await;
    shop.moved(&cancelled, &staff, &[OrderStatus::Cancelled]).await;
    shop.order(&bob, &[line(&cup, 1)]).await;
    let mut verified = Vec::new();
    for customer in [&ann, &bob, &cat] {
        verified.push(written(&shop, customer, &mug, 5).await.content.is_verified);
    }
    assert_eq!(verified, [true, false, false], "an order, a cancelled one and another product's, none");
}

/// What was ordered to be praised, and then cancelled, verifies nothing.
pub async fn a_purchase_that_was_cancelled_is_none_when_the_review_is_looked_at(shop: Shop) {
    let (ann, staff) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 5).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let review = shop.run(write(&shop, &ann, &mug, 5, ReviewStatus::Pending)).await.expect("written");
    assert!(review.content.is_verified);
    shop.moved(&order, &staff, &[OrderStatus::Cancelled]).await;
    let approved = shop.run(verdict(&shop, &review, status(ReviewStatus::Approved))).await.expect("approved");
    assert!(!approved.content.is_verified);
    shop.order(&ann, &[line(&mug, 1)]).await;
    let patch = ReviewPatch { stars: Some(4), ..ReviewPatch::default() };
    let status = ReviewStatus::Approved;
    let edit =
        EditReview { id: review.id, account_id: ann.id, patch, status, if_version: None, stamp: shop.next_stamp() };
    assert!(shop.run(edit).await.expect("edited").content.is_verified);
}

pub async fn an_edit_counts_in_the_place_of_what_was_there(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let mug = shop.product("Mug", 5).await;
    let review = written(&shop, &ann, &mug, 5).await;
    let edit = |by: &Account, stars, status, if_version| EditReview {
        id: review.id,
        account_id: by.id,
        patch: ReviewPatch { stars: Some(stars), ..ReviewPatch::default() },
        status,
        if_version,
        stamp: shop.next_stamp(),
    };
    refused!(shop.run(edit(&bob, 1, ReviewStatus::Approved, None)).await, Error::NotFound("review"));
    refused!(shop.run(edit(&ann, 1, ReviewStatus::Approved, Some(2))).await, Error::Stale { current: 1 });
    let edited = shop.run(edit(&ann, 2, ReviewStatus::Approved, Some(1))).await.expect("edited");
    assert_eq!((edited.stars, edited.version, rating(&shop, &mug).await), (2, 2, (1, 2)));
    assert_eq!((edited.content.text.as_str(), edited.created_at), ("It is.", review.created_at));
    // Where the staff look first, it waits again, and does not count.
    shop.run(edit(&ann, 4, ReviewStatus::Pending, None)).await.expect("edited");
    assert_eq!(rating(&shop, &mug).await, (0, 0));
    refused!(
        shop.run(DeleteReview { id: review.id, author: Some(bob.id), if_version: None }).await,
        Error::NotFound("review")
    );
    shop.run(DeleteReview { id: review.id, author: Some(ann.id), if_version: Some(3) }).await.expect("deleted");
    refused!(shop.run(DeleteReview { id: review.id, author: None, if_version: None }).await, Error::NotFound("review"));
}

/// Whatever happens at once, the product counts what is there.
pub async fn ratings_are_right_under_concurrency(shop: Shop) {
    let mug = shop.product("Mug", 5).await;
    let mut reviews = Vec::new();
    for number in 0..12 {
        let customer = shop.customer(&format!("customer{number}")).await;
        reviews.push((written(&shop, &customer, &mug, 1 + number % 5).await, customer));
    }
    let results = at_once(48, |number| {
        let (shop, (review, customer)) = (shop.clone(), reviews[number % 12].clone());
        async move {
            match number / 12 {
                0 => shop.run(verdict(&shop, &review, status(ReviewStatus::Rejected))).await.map(drop),
                1 => shop.run(verdict(&shop, &review, status(ReviewStatus::Approved))).await.map(drop),
                2 => {
                    let patch = ReviewPatch { stars: Some(5), ..ReviewPatch::default() };
                    let (status, stamp) = (ReviewStatus::Approved, shop.next_stamp());
                    let edit =
                        EditReview { id: review.id, account_id: customer.id, patch, status, if_version: None, stamp };
                    shop.run(edit).await.map(drop)
                }
                _ if number % 2 == 0 => shop.run(DeleteReview { id: review.id, author: None, if_version: None }).await,
                _ => Ok(()),
            }
        }
    })
    .await;
    for refusal in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(refusal, Error::NotFound("review")), "refused for another reason: {refusal:?}");
    }
    let left = found(&shop, ReviewFilter { status: Some(ReviewStatus::Approved), ..ReviewFilter::default() }).await;
    let sum = left.iter().map(|review| review.stars).sum::<i64>();
    let count = i64::try_from(left.len()).expect("few");
    assert_eq!(rating(&shop, &mug).await, (count, sum));
}

pub async fn reports_are_counted_once_for_each_customer(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 5).await);
    let review = written(&shop, &ann, &mug, 1).await;
    let (bob, cat) = (shop.customer("bob").await, shop.customer("cat").await);
    for customer in [&bob, &cat, &bob] {
        shop.run(ReportReview { id: review.id, account_id: customer.id }).await.expect("noted");
    }
    let reported = ReviewFilter { is_reported: true, ..ReviewFilter::default() };
    let list = found(&shop, reported).await;
    assert_eq!((list.len(), &list[0].content.reported_by, list[0].version), (1, &vec![bob.id, cat.id], 1));
    let answer = ReviewVerdict { status: None, reply: Some(Some(" We are sorry. ".to_owned())), dismiss_reports: true };
    let after = shop.run(verdict(&shop, &review, answer)).await.expect("answered");
    assert_eq!(after.content.reply.map(|reply| reply.text).as_deref(), Some("We are sorry."));
    assert_eq!((found(&shop, reported).await, rating(&shop, &mug).await), (vec![], (1, 1)));
    // What others do not see cannot be reported.
    shop.run(verdict(&shop, &review, status(ReviewStatus::Pending))).await.expect("hidden");
    refused!(shop.run(ReportReview { id: review.id, account_id: bob.id }).await, Error::NotFound("review"));
}

pub async fn lists_are_filtered_newest_first(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await);
    let mut all = Vec::new();
    for (number, stars) in (0..).zip([5, 1, 5, 3, 5]) {
        let customer = shop.customer(&format!("customer{number}")).await;
        let product = if number == 3 { &cup } else { &mug };
        let status = if number == 1 { ReviewStatus::Pending } else { ReviewStatus::Approved };
        all.push(shop.run(write(&shop, &customer, product, stars, status)).await.expect("written"));
    }
    let listed = async |filter| found(&shop, filter).await.iter().map(|review| review.id).collect::<Vec<_>>();
    let ids = |numbers: &[usize]| numbers.iter().map(|number| all[*number].id).collect::<Vec<_>>();
    let any = ReviewFilter::default();
    assert_eq!(listed(any).await, ids(&[4, 3, 2, 1, 0]));
    assert_eq!(listed(ReviewFilter { product_id: Some(mug.id), ..any }).await, ids(&[4, 2, 1, 0]));
    assert_eq!(listed(ReviewFilter { status: Some(ReviewStatus::Pending), ..any }).await, ids(&[1]));
    assert_eq!(listed(ReviewFilter { stars: Some(5), ..any }).await, ids(&[4, 2, 0]));
    assert_eq!(listed(ReviewFilter { account_id: Some(all[3].account_id), ..any }).await, ids(&[3]));
    assert_eq!(listed(ReviewFilter { is_reported: true, ..any }).await, ids(&[]));
}

pub async fn lists_are_sorted_and_stars_are_counted(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await);
    let mut all = Vec::new();
    for (number, stars) in (0..).zip([5, 1, 5, 3, 5, 1, 4]) {
        let customer = shop.customer(&format!("customer{number}")).await;
        let product = if number == 3 { &cup } else { &mug };
        let status = if number == 6 { ReviewStatus::Pending } else { ReviewStatus::Approved };
        all.push(shop.run(write(&shop, &customer, product, stars, status)).await.expect("written"));
    }
    let approved =
        ReviewFilter { product_id: Some(mug.id), status: Some(ReviewStatus::Approved), ..ReviewFilter::default() };
    for (sort, expected) in [
        (ReviewSort::Newest, [5, 4, 2, 1, 0]),
        (ReviewSort::Oldest, [0, 1, 2, 4, 5]),
        (ReviewSort::Highest, [4, 2, 0, 5, 1]),
        (ReviewSort::Lowest, [5, 1, 4, 2, 0]),
    ] {
        let expected = expected.map(|number: usize| all[number].id);
        for limit in [1, 2, 3, 100] {
            let filter = ReviewFilter { sort, ..approved };
            let listed = all_pages(limit, async |page: PageRequest| shop.db().reviews(&filter, &page).await).await;
            assert_eq!(listed.iter().map(|review| review.id).collect::<Vec<_>>(), expected, "{sort:?} by {limit}");
        }
    }
    let counted = async |filter: ReviewFilter| shop.db().review_stars(&filter).await.expect("an answer");
    assert_eq!(counted(approved).await, [(1, 2), (5, 3)]);
    assert_eq!(counted(ReviewFilter::default()).await, [(1, 2), (3, 1), (4, 1), (5, 3)]);
    assert_eq!(counted(ReviewFilter { stars: Some(2), ..approved }).await, []);
}

pub async fn they_go_with_their_product_and_their_author(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let (mug, cup) = (shop.product("Mug", 0).await, shop.product("Cup", 0).await);
    for (customer, product) in [(&ann, &mug), (&ann, &cup), (&bob, &mug), (&bob, &cup)] {
        written(&shop, customer, product, 4).await;
    }
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    assert_eq!((rating(&shop, &mug).await, rating(&shop, &cup).await), ((1, 4), (1, 4)));
    shop.run(DeleteProduct { id: mug.id, if_version: None, stamp: shop.next_stamp() }).await.expect("deleted");
    let left = found(&shop, ReviewFilter::default()).await;
    assert_eq!((left.len(), left[0].account_id, left[0].product_id), (1, bob.id, cup.id));
}
