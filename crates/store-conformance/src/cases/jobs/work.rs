//! What is done of a job, and how far it is, is one thing.

use commerce::{
    Conflict, Error,
    import::reading_in,
    jobs::{
        BeginJob, CancelJob, EndJob, HandBackJob, InterruptJob, QueueJob, Step, TakeJob, Work, WorkOnJob, is_passing,
        part_name,
    },
    settings::UpdateSettings,
};
use model::{
    Account, CLOCK_SKEW, Currency, Image, Job, Permission, ShopSettings, SignedDuration,
    job::{ERRORS_MAX, JobError, JobKind, JobStatus, KEPT_MAX, LEASE, TAKES_MAX, WAITING_MAX},
};
use store::DocumentKind;
use uuid::Uuid;

use crate::support::{Shop, at_once, draft, imported, refused, sold_in_euros};

async fn queue(shop: &Shop, keep_going: bool) -> Job {
    let name = format!("importer{}", shop.number());
    let importer = shop.staff(&name, &[Permission::Catalogue]).await;
    queue_by(shop, &importer, keep_going).await
}

async fn queue_by(shop: &Shop, importer: &Account, keep_going: bool) -> Job {
    shop.run(asked_for(shop, importer, keep_going)).await.expect("queued")
}

fn asked_for(shop: &Shop, importer: &Account, keep_going: bool) -> QueueJob {
    let account_id = importer.id;
    let parts = vec!["one".to_owned(), "two".to_owned()];
    let (kind, with_images) = (JobKind::ImportProducts, false);
    QueueJob { kind, keep_going, with_images, parts, account_id, stamp: shop.next_stamp() }
}

async fn take(shop: &Shop) -> Option<Job> {
    take_of(shop, false).await
}

async fn take_of(shop: &Shop, with_images: bool) -> Option<Job> {
    shop.run(TakeJob { with_images, now: shop.now() }).await.expect("an answer")
}

fn begin(shop: &Shop, job: &Job, total: u64, errors: &[&str]) -> BeginJob {
    let told = |message: &&str| JobError { line: 2, column: None, message: (*message).to_owned() };
    let (errors, notes) = (errors.iter().map(told).collect(), Vec::new());
    BeginJob { id: job.id, total, reading: reading_in(&[Currency::EUR]), errors, notes, now: shop.now() }
}

fn products(shop: &Shop, job: &Job, from: u64, names: &[&str]) -> WorkOnJob {
    let products = names.iter().map(|name| imported(name, draft(name, 1))).collect();
    work(shop, job, from, Work::Products(products))
}

fn work(shop: &Shop, job: &Job, from: u64, work: Work) -> WorkOnJob {
    let (sold_in, stamp) = (sold_in_euros(), shop.next_stamp());
    WorkOnJob { id: job.id, from, work, sold_in, missing_images: Vec::new(), stamp }
}

async fn now(shop: &Shop, id: Uuid) -> Job {
    let document = shop.db().document_named(DocumentKind::Job, &id.to_string()).await.expect("an answer");
    document.expect("a job").read().expect("a job")
}

async fn catalogue(shop: &Shop) -> usize {
    shop.db().products_after(None, 100).await.expect("an answer").len()
}

async fn is_tidy(shop: &Shop, job: &Job) -> bool {
    let part = shop.db().document_named(DocumentKind::JobPart, &part_name(job.id, 1)).await.expect("an answer");
    let queued = shop.db().documents(DocumentKind::JobQueue).await.expect("an answer");
    part.is_none() && queued.iter().all(|queued| queued.id != job.id)
}

/// A lease of a clock that is some minutes ahead is one; that of a clock of tomorrow must not last until tomorrow.
pub async fn a_lease_by_a_wrong_clock_is_over(shop: Shop) {
    let job = queue(&shop, false).await;
    shop.pass(CLOCK_SKEW);
    assert_eq!(take(&shop).await.map(|job| job.id), Some(job.id));
    shop.pass(-CLOCK_SKEW);
    assert_eq!(take(&shop).await, None);
    shop.pass(-SignedDuration::from_hours(24));
    assert_eq!(take(&shop).await.map(|job| job.id), Some(job.id));
    assert_eq!(take(&shop).await, None);
}

pub async fn each_job_is_taken_by_one(shop: Shop) {
    let (first, second) = (queue(&shop, false).await, queue(&shop, false).await);
    let taken = at_once(8, |_| {
        let shop = shop.clone();
        async move { take(&shop).await.map(|job| job.id) }
    })
    .await;
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken, [first.id, second.id]);
    // Who took it may have ended without a word.
    shop.pass(LEASE);
    assert_eq!(take(&shop).await.map(|job| (job.id, job.status)), Some((first.id, JobStatus::Running)));
}

pub async fn whoever_goes_on_begins_where_the_last_one_ended(shop: Shop) {
    let job = queue(&shop, false).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 3, &[])).await.expect("begun");
    assert_eq!(shop.run(products(&shop, &job, 0, &["a", "b"])).await.expect("done"), Step::Done(2));
    // The first worker is slow and not dead; the second has its lease. What both do is done once.
    shop.pass(LEASE);
    let taken = take(&shop).await.expect("the same job");
    assert_eq!((taken.id, taken.done, taken.created), (job.id, 2, 2));
    let again = shop.run(begin(&shop, &job, 3, &["a mistake that was noted already"])).await.expect("begun");
    assert_eq!((again.error_count, again.total), (0, Some(3)));
    let results = at_once(4, |_| {
        let (shop, work) = (shop.clone(), products(&shop, &job, 2, &["c"]));
        async move { shop.run(work).await.expect("an answer") }
    })
    .await;
    assert_eq!(results.iter().filter(|step| **step == Step::Done(3)).count(), 1, "{results:?}");
    assert_eq!((catalogue(&shop).await, now(&shop, job.id).await.created), (3, 3));
    shop.run(EndJob { id: job.id, failure: None, now: shop.now() }).await.expect("ended");
    let ended = now(&shop, job.id).await;
    assert_eq!(
        (ended.status, ended.finished_at, is_tidy(&shop, &job).await),
        (JobStatus::Done, Some(shop.now()), true)
    );
    assert_eq!(take(&shop).await, None);
}

/// It was read before the shop got another currency: whoever takes it on reads it again.
pub async fn a_job_stays_where_it_is_when_the_shop_has_another_currency(shop: Shop) {
    let job = queue(&shop, true).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 1, &[])).await.expect("begun");
    let francs = Currency::from_code("CHF").expect("a currency");
    let settings = ShopSettings { currency: Some(francs), ..ShopSettings::default() };
    shop.run(UpdateSettings { settings, own_currency: Currency::EUR, if_version: None }).await.expect("set");
    let error = shop.run(products(&shop, &job, 0, &["a"])).await.expect_err("priced in euros");
    assert!(is_passing(&error), "{error}");
    let left = now(&shop, job.id).await;
    assert_eq!((left.status, left.done, catalogue(&shop).await), (JobStatus::Running, 0, 0));
    let anew = BeginJob { reading: reading_in(&[francs]), ..begin(&shop, &job, 2, &[]) };
    assert_eq!(shop.run(anew).await.expect("begun").total, Some(2));
}

/// Who asked for a job sees why it stands still, until it goes on or has come to its end.
pub async fn a_job_tells_what_it_was_interrupted_by_until_it_goes_on(shop: Shop) {
    let job = queue(&shop, false).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 2, &[])).await.expect("begun");
    let interrupt = |reason: &str| {
        let lease = shop.now() + LEASE;
        InterruptJob { id: job.id, lease, reason: reason.to_owned() }
    };
    let told = async || now(&shop, job.id).await.interruption;
    shop.run(interrupt("pictures cannot be kept")).await.expect("noted");
    let noted = now(&shop, job.id).await;
    assert_eq!((noted.interruption.as_deref(), noted.status), (Some("pictures cannot be kept"), JobStatus::Running));
    assert_eq!(take(&shop).await, None, "its lease stays as it is");
    shop.pass(LEASE);
    take(&shop).await.expect("the same job");
    // It waits for another server: whether pictures can be kept is not known yet.
    shop.run(work(&shop, &job, 0, Work::GoesOn)).await.expect("renewed");
    assert!(told().await.is_some());
    shop.run(products(&shop, &job, 0, &["a"])).await.expect("done");
    assert_eq!(told().await, None);
    // Of whoever was too slow, and has lost it.
    let late = InterruptJob { lease: shop.now(), ..interrupt("the database could not be asked") };
    shop.run(late).await.expect("an answer");
    assert_eq!(told().await, None);
    shop.run(interrupt("pictures cannot be kept")).await.expect("noted");
    assert!(told().await.is_some());
    shop.run(CancelJob { id: job.id, now: shop.now() }).await.expect("stopped");
    // A word that comes late.
    shop.run(interrupt("something else")).await.expect("an answer");
    assert_eq!(told().await, None);
}

/// A picture may take more memory than there is: the shop would be ended by it again and again.
pub async fn a_job_that_ends_whoever_takes_it_fails(shop: Shop) {
    let (job, other) = (queue(&shop, false).await, queue(&shop, false).await);
    let take_often = async |times: u32| {
        for _ in 0..times {
            let taken = take(&shop).await.expect("a job");
            assert_eq!(taken.id, job.id);
            shop.pass(LEASE);
        }
    };
    take_often(TAKES_MAX).await;
    shop.run(begin(&shop, &job, 2, &[])).await.expect("begun");
    // What is heard of it, and what is done of it, count for as much as ever.
    shop.run(InterruptJob { id: job.id, lease: shop.now(), reason: "pictures cannot be kept".to_owned() })
        .await
        .expect("noted");
    take_often(TAKES_MAX).await;
    shop.run(products(&shop, &job, 0, &["a"])).await.expect("done");
    shop.pass(LEASE);
    take_often(TAKES_MAX).await;
    shop.run(work(&shop, &job, 1, Work::GoesOn)).await.expect("renewed");
    shop.pass(LEASE);
    assert_eq!(take(&shop).await.map(|job| job.id), Some(other.id));
    let failed = now(&shop, job.id).await;
    assert_eq!((failed.status, failed.done, is_tidy(&shop, &job).await), (JobStatus::Failed, 1, true));
    let failure = failed.failure.expect("a reason");
    assert!(failure.contains("begun 5 times and nothing was heard of it"), "{failure}");
}

/// A shop that is restarted for every change goes on with its imports, however long they take.
pub async fn a_job_that_is_handed_back_is_taken_at_once_as_often_as_need_be(shop: Shop) {
    let job = queue(&shop, false).await;
    let hand_back = async |lease| shop.run(HandBackJob { id: job.id, lease }).await.expect("an answer");
    for _ in 0..=TAKES_MAX {
        let taken = take(&shop).await.expect("a job");
        assert_eq!((taken.id, take(&shop).await), (job.id, None));
        hand_back(shop.now() + LEASE).await;
    }
    let lost = take(&shop).await.and_then(|job| job.leased_until).expect("a lease");
    shop.pass(LEASE);
    take(&shop).await.expect("the same job");
    hand_back(lost).await;
    assert_eq!(take(&shop).await, None, "who was too slow has nothing to hand back");
    shop.run(begin(&shop, &job, 2, &[])).await.expect("begun");
    shop.run(products(&shop, &job, 0, &["a"])).await.expect("done");
    hand_back(now(&shop, job.id).await.leased_until.expect("a lease")).await;
    assert_eq!(take(&shop).await.map(|taken| taken.done), Some(1));
    shop.run(CancelJob { id: job.id, now: shop.now() }).await.expect("stopped");
    hand_back(shop.now() + LEASE).await;
    assert_eq!((now(&shop, job.id).await.status, take(&shop).await), (JobStatus::Cancelled, None));
}

/// What is done is counted in items of the file, and another program may make others of it.
pub async fn a_job_whose_file_is_read_in_another_way_does_not_go_on(shop: Shop) {
    let job = queue(&shop, true).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 4, &["a bad row", "another"])).await.expect("begun");
    let usd = Currency::from_code("USD").expect("a currency");
    // Nothing is done yet: it begins anew, with what is wrong now.
    let newer = BeginJob { reading: reading_in(&[Currency::EUR, usd]), ..begin(&shop, &job, 3, &["a bad row"]) };
    let begun = shop.run(newer).await.expect("begun");
    assert_eq!((begun.status, begun.total, begun.error_count), (JobStatus::Running, Some(3), 1));
    assert_eq!(shop.run(products(&shop, &job, 0, &["a"])).await.expect("done"), Step::Done(1));
    // Since then the shop's currency has changed: what is in another one is left out of the list, and what was done is counted in it.
    let newest = BeginJob { reading: reading_in(&[usd, Currency::EUR]), ..begin(&shop, &job, 3, &[]) };
    let ended = shop.run(newest).await.expect("an answer");
    assert_eq!((ended.status, ended.done, is_tidy(&shop, &job).await), (JobStatus::Failed, 1, true));
    let failure = ended.failure.expect("a reason");
    assert!(failure.contains("begin it again"), "{failure}");
    assert_eq!(shop.run(products(&shop, &job, 1, &["b"])).await.expect("an answer"), Step::Lost);
    assert_eq!(catalogue(&shop).await, 1);
}

pub async fn work_that_is_refused_is_not_counted(shop: Shop) {
    let job = queue(&shop, true).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 2, &["a bad row"])).await.expect("begun");
    assert!(shop.run(products(&shop, &job, 0, &["a", " "])).await.is_err());
    assert_eq!((catalogue(&shop).await, now(&shop, job.id).await.done), (0, 0));
    shop.run(products(&shop, &job, 0, &["a"])).await.expect("done");
    let error = JobError { line: 3, column: None, message: "no title".to_owned() };
    assert_eq!(shop.run(work(&shop, &job, 1, Work::Refused(error))).await.expect("noted"), Step::Done(2));
    shop.run(EndJob { id: job.id, failure: None, now: shop.now() }).await.expect("ended");
    let ended = now(&shop, job.id).await;
    assert_eq!((ended.status, ended.created, ended.error_count, ended.errors.len()), (JobStatus::Done, 1, 2, 2));
}

/// Servers that have pictures may be slow.
pub async fn a_job_that_says_that_it_goes_on_stays_where_it_is(shop: Shop) {
    let job = queue(&shop, true).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 2, &[])).await.expect("begun");
    let goes_on = async |from: u64| shop.run(work(&shop, &job, from, Work::GoesOn)).await.expect("an answer");
    for _ in 0..3 {
        shop.pass(LEASE - SignedDuration::from_secs(1));
        assert_eq!(goes_on(0).await, Step::Done(0));
    }
    assert_eq!(take(&shop).await, None);
    assert_eq!(now(&shop, job.id).await.done, 0);
    assert_eq!(goes_on(1).await, Step::Lost);
}

/// A list of prices waits behind no server that has pictures.
pub async fn jobs_with_pictures_are_taken_apart(shop: Shop) {
    let importer = shop.staff("stan", &[Permission::Catalogue]).await;
    let with_images = QueueJob { with_images: true, ..asked_for(&shop, &importer, true) };
    let with_images = shop.run(with_images).await.expect("queued");
    let plain = queue_by(&shop, &importer, true).await;
    assert_eq!(take_of(&shop, false).await.map(|job| job.id), Some(plain.id));
    assert_eq!(take_of(&shop, false).await, None);
    assert_eq!(take_of(&shop, true).await.map(|job| job.id), Some(with_images.id));
    assert_eq!(take_of(&shop, true).await, None);
}

/// In the transaction of what they were for: what is done again is not told twice.
pub async fn pictures_that_are_missing_are_told_and_counted(shop: Shop) {
    let told = |line: u64, message: &str| JobError { line, column: None, message: message.to_owned() };
    let images = |url: &str| vec![Image { url: url.to_owned(), alt: None }];
    let mut known = draft("a", 1);
    known.images = images("/media/a.webp");
    shop.add(known).await;
    let job = queue(&shop, true).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 2, &[])).await.expect("begun");
    let missing = told(2, "https://pictures.example/a.png stays where it is");
    let with_missing = |names: &[&str]| {
        let mut work = products(&shop, &job, 0, names);
        if let Work::Products(products) = &mut work.work {
            products[0].draft.images = images("https://pictures.example/a.png");
            products[0].keeps_images = true;
        }
        work.missing_images = vec![missing.clone()];
        work
    };
    assert!(shop.run(with_missing(&["a", " "])).await.is_err());
    assert_eq!(now(&shop, job.id).await.notes, []);
    assert_eq!(shop.run(with_missing(&["a"])).await.expect("done"), Step::Done(1));
    let after = now(&shop, job.id).await;
    let stay = told(2, "the shop's own pictures of this product stay as they are");
    assert_eq!((&after.notes, after.note_count, after.missing_images), (&vec![missing.clone(), stay], 2, 1));
    assert_eq!(
        shop.db().product_by_slug("a").await.expect("an answer").expect("a product").images[0].url,
        "/media/a.webp"
    );

    // Behind many notes of the file they are counted.
    let job = queue(&shop, true).await;
    take(&shop).await.expect("a job");
    let notes = vec![told(2, "-7 is read as 0"); ERRORS_MAX + 1];
    shop.run(BeginJob { notes, ..begin(&shop, &job, 1, &[]) }).await.expect("begun");
    let begun = now(&shop, job.id).await;
    assert_eq!((begun.notes.len(), begun.note_count), (ERRORS_MAX, ERRORS_MAX as u64 + 1));
    let work = WorkOnJob { missing_images: vec![missing], ..products(&shop, &job, 0, &["b"]) };
    assert_eq!(shop.run(work).await.expect("done"), Step::Done(1));
    let after = now(&shop, job.id).await;
    assert_eq!((after.notes.len(), after.note_count, after.missing_images), (ERRORS_MAX, ERRORS_MAX as u64 + 2, 1));
}

pub async fn a_file_with_mistakes_does_nothing_unless_told_to_go_on(shop: Shop) {
    let job = queue(&shop, false).await;
    take(&shop).await.expect("a job");
    let begun = shop.run(begin(&shop, &job, 2, &["a bad row"])).await.expect("an answer");
    assert_eq!((begun.status, is_tidy(&shop, &job).await), (JobStatus::Failed, true));
    assert_eq!(shop.run(products(&shop, &job, 0, &["a"])).await.expect("an answer"), Step::Lost);
    assert_eq!(catalogue(&shop).await, 0);
}

pub async fn a_job_that_is_stopped_does_no_more(shop: Shop) {
    let job = queue(&shop, false).await;
    take(&shop).await.expect("a job");
    shop.run(begin(&shop, &job, 2, &[])).await.expect("begun");
    shop.run(products(&shop, &job, 0, &["a"])).await.expect("done");
    let stopped = shop.run(CancelJob { id: job.id, now: shop.now() }).await.expect("stopped");
    assert_eq!((stopped.status, stopped.done), (JobStatus::Cancelled, 1));
    assert_eq!(shop.run(products(&shop, &job, 1, &["b"])).await.expect("an answer"), Step::Lost);
    shop.run(EndJob { id: job.id, failure: None, now: shop.now() }).await.expect("an answer");
    assert_eq!((now(&shop, job.id).await.status, catalogue(&shop).await), (JobStatus::Cancelled, 1));
    refused!(shop.run(CancelJob { id: shop.id(), now: shop.now() }).await, Error::NotFound("job"));
}

/// Who asked for it is asked in each transaction of it.
pub async fn a_job_ends_with_the_permission_of_whoever_asked_for_it(shop: Shop) {
    let (owner, importer) = (shop.owner("olive").await, shop.staff("stan", &[Permission::Catalogue]).await);
    let (running, waiting) = (queue_by(&shop, &importer, true).await, queue_by(&shop, &importer, true).await);
    assert_eq!(take(&shop).await.map(|job| job.id), Some(running.id));
    shop.run(begin(&shop, &running, 2, &[])).await.expect("begun");
    shop.run(products(&shop, &running, 0, &["a"])).await.expect("done");
    shop.disable(&owner, &importer, true).await.expect("locked");
    assert_eq!(shop.run(products(&shop, &running, 1, &["b"])).await.expect("an answer"), Step::Lost);
    let ended = now(&shop, running.id).await;
    assert_eq!((ended.status, ended.done, is_tidy(&shop, &running).await), (JobStatus::Failed, 1, true));
    let failure = ended.failure.expect("a reason");
    assert!(failure.contains("may not change the catalogue any more"), "{failure}");
    // One that has not begun does not begin.
    assert_eq!(take(&shop).await.map(|job| job.id), Some(waiting.id));
    let ended = shop.run(begin(&shop, &waiting, 2, &[])).await.expect("an answer");
    assert_eq!((ended.status, ended.total, is_tidy(&shop, &waiting).await), (JobStatus::Failed, None, true));
    assert_eq!(catalogue(&shop).await, 1);

    // Neither does one of somebody who may do other things by now.
    let other = shop.staff("sue", &[Permission::Orders]).await;
    let theirs = queue_by(&shop, &other, true).await;
    assert_eq!(take(&shop).await.map(|job| job.id), Some(theirs.id));
    let ended = shop.run(begin(&shop, &theirs, 2, &[])).await.expect("an answer");
    assert_eq!((ended.status, is_tidy(&shop, &theirs).await), (JobStatus::Failed, true));
}

pub async fn few_wait_and_old_ones_are_forgotten(shop: Shop) {
    for _ in 0..WAITING_MAX {
        queue(&shop, false).await;
    }
    let one_more = QueueJob {
        kind: JobKind::SetPrices,
        keep_going: false,
        with_images: false,
        parts: vec![],
        account_id: shop.id(),
        stamp: shop.next_stamp(),
    };
    refused!(shop.run(one_more).await, Error::Conflict(Conflict::TooManyJobs));
    for queued in shop.db().documents(DocumentKind::JobQueue).await.expect("an answer") {
        shop.run(CancelJob { id: queued.id, now: shop.now() }).await.expect("stopped");
    }
    for _ in 0..KEPT_MAX {
        let job = queue(&shop, false).await;
        shop.run(CancelJob { id: job.id, now: shop.now() }).await.expect("stopped");
    }
    let kept = shop.db().documents(DocumentKind::Job).await.expect("an answer").len();
    assert_eq!(kept, KEPT_MAX);
}
