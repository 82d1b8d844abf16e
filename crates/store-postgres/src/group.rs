//! Orders in company: several that wait at one moment share a transaction.
//!
//! What an order costs on PostgreSQL is less its rows than the statements around them, so the questions of all members go as
//! one flight and their changes as another. Inside of it each member sees what those before it wrote, as if it came after
//! them: two orders on the last piece are decided one after the other. The members of a group fail together, and then each
//! runs again alone, so that none pays for another one's fault.

use std::{
    collections::HashMap,
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use model::{
    AccountId, AddressId, Category, Email, MailId, Order, OrderId, OutboxMail, PriceChange, Product, ProductId, Review,
    ReviewId, SavedAddress, Session, SessionId, StockAlert, StockMovement, Timestamp, VariantId,
    challenge::{Challenge, Purpose},
    mail::Due,
    session::{RefreshToken, SecretHash},
};
use store::{
    AccountRow, Change, Checkout, Claim, Claimed, Document, DocumentKind, DueAlert, Job, JobOutcome, SkuOwner,
    StoreError, Tx,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    apply::OrderWrites,
    caught,
    error::{Fault, Remedy},
    server,
    tx::PgTx,
};

/// How many share a transaction at most: beyond this the statements are no cheaper, and the locks are held longer.
const MEMBERS_MAX: usize = 32;
/// How long a job may wait until its group begins.
const WAIT_LIMIT: Duration = Duration::from_secs(4);

/// What became of a job.
pub(crate) enum Ended {
    /// It was run, and what it wrote is durable.
    Done(Box<dyn Job>),
    /// It must be run alone.
    Alone(Box<dyn Job>),
    /// It was not stored, and shall not be tried again.
    Failed(StoreError),
}

struct Waiting {
    job: Box<dyn Job>,
    since: Instant,
    answer: oneshot::Sender<Ended>,
}

/// Where jobs wait for a group.
#[derive(Debug)]
pub(crate) struct Groups {
    queue: mpsc::UnboundedSender<Waiting>,
}

impl Groups {
    /// Forms groups on the connections of `pool`, one at a time, until this is dropped: two would mostly wait for each other, at the
    /// rows of what sells well. Adds the round trips they take to `trips`.
    pub(crate) fn start(pool: &Pool, is_prepared: bool, trips: &Arc<AtomicU64>) -> Self {
        let (queue, mut waiting) = mpsc::unbounded_channel();
        let (pool, trips) = (pool.clone(), Arc::clone(trips));
        tokio::spawn(async move {
            loop {
                let members = next_group(&mut waiting).await;
                if members.is_empty() {
                    break;
                }
                // On a task of its own: a panic in it ends this group, and not all groups to come.
                let (pool, trips) = (pool.clone(), Arc::clone(&trips));
                let group = tokio::spawn(async move { run_together(&pool, is_prepared, members, &trips).await });
                if let Err(error) = group.await {
                    tracing::error!(%error, "a group of orders broke off");
                }
            }
        });
        Self { queue }
    }

    /// Runs a job together with others that wait.
    pub(crate) async fn run(&self, job: Box<dyn Job>) -> Ended {
        let (answer, answered) = oneshot::channel();
        if let Err(refused) = self.queue.send(Waiting { job, since: Instant::now(), answer }) {
            return Ended::Alone(refused.0.job);
        }
        let ended = answered.await;
        // Its group panicked, which may have been after the commit.
        ended.unwrap_or_else(|_| Ended::Failed(StoreError::Unknown("the transaction ended without a word".to_owned())))
    }
}

/// Waits for a job; takes with it what waits beside it. Nothing when there will be no more.
async fn next_group(waiting: &mut mpsc::UnboundedReceiver<Waiting>) -> Vec<Waiting> {
    let mut members = Vec::new();
    waiting.recv_many(&mut members, MEMBERS_MAX).await;
    members
}

async fn run_together(pool: &Pool, is_prepared: bool, members: Vec<Waiting>, trips: &AtomicU64) {
    let is_late = |member: &Waiting| member.since.elapsed() > WAIT_LIMIT;
    let (late, members): (Vec<_>, Vec<_>) = members.into_iter().partition(is_late);
    for member in late {
        let why = "the database server did not answer others in time".to_owned();
        drop(member.answer.send(Ended::Failed(StoreError::Unavailable(why))));
    }
    let (mut jobs, answers): (Vec<_>, Vec<_>) = members.into_iter().map(|member| (member.job, member.answer)).unzip();
    let (outcome, is_final) = match pool.get().await {
        Ok(client) => {
            let outcome = group(PgTx::of_a_group(client, is_prepared), &mut jobs, trips).await;
            let is_final = outcome.as_ref().is_err_and(Fault::is_final);
            (outcome, is_final)
        }
        // They have waited for a connection; alone they would wait once more.
        Err(error) => (Err(Fault::from(error)), true),
    };
    if let Err(fault) = &outcome {
        server::part_if_gone(pool, fault);
    }
    for (at, (job, answer)) in jobs.into_iter().zip(answers).enumerate() {
        let ended = match &outcome {
            Ok(verdicts) if verdicts.get(at) == Some(&Verdict::Done) => Ended::Done(job),
            Err(fault) if is_final => Ended::Failed(fault.error.clone()),
            Ok(_) | Err(_) => Ended::Alone(job),
        };
        // Nobody may be waiting any more: whoever asked has hung up.
        drop(answer.send(ended));
    }
}

/// What a group says of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Done,
    Alone,
}

/// Runs the jobs in one transaction and commits what they wrote.
async fn group(mut tx: PgTx, jobs: &mut [Box<dyn Job>], trips: &AtomicU64) -> Result<Vec<Verdict>, Fault> {
    let decided = decide(&mut tx, jobs).await;
    let (result, ended) = match decided {
        Ok((verdicts, true)) => (Ok(verdicts), tx.commit().await),
        Ok((verdicts, false)) => (Ok(verdicts), tx.roll_back().await),
        Err(error) => (Err(error), tx.roll_back().await),
    };
    trips.fetch_add(ended.trips.into(), Ordering::Relaxed);
    match ended.fault {
        Some(fault) => Err(fault),
        None => result.map_err(Fault::from),
    }
}

/// Runs the jobs up to the commit; says what became of each, and whether there is something to commit.
async fn decide(tx: &mut PgTx, jobs: &mut [Box<dyn Job>]) -> Result<(Vec<Verdict>, bool), StoreError> {
    let mut members: Vec<Member<'_>> = jobs.iter_mut().map(|job| Member::new(job.as_mut())).collect();
    for member in &mut members {
        member.go_on().await;
    }

    // Their keys. Who asks for the key of another member comes after it, alone.
    let mut claims: Vec<Claim> = Vec::new();
    let mut claimants = Vec::new();
    for member in &mut members {
        if let Asked::Claim(claim) = member.asked() {
            let is_taken = |other: &Claim| {
                (other.account_id, &other.route, &other.key) == (claim.account_id, &claim.route, &claim.key)
            };
            if claims.iter().any(is_taken) {
                member.leave();
            } else {
                claims.push(claim);
                claimants.push(member);
            }
        }
    }
    if !claims.is_empty() {
        let claims: Vec<&Claim> = claims.iter().collect();
        let found = tx.claims(&claims).await?;
        for (member, found) in claimants.into_iter().zip(found) {
            member.desk().claimed = Some(found);
            member.go_on().await;
        }
    }

    // What they begin with.
    let mut wanted: Vec<(AccountId, Vec<VariantId>)> = Vec::new();
    let mut buyers = Vec::new();
    for member in &mut members {
        match member.asked() {
            Asked::Checkout(buyer, variants) => {
                wanted.push((buyer, variants));
                buyers.push(member);
            }
            // A second key, of which nobody knows in what order others lock it.
            Asked::Claim(_) => member.leave(),
            Asked::Nothing | Asked::More => {}
        }
    }
    if !wanted.is_empty() {
        let wanted: Vec<(AccountId, &[VariantId])> =
            wanted.iter().map(|(buyer, variants)| (*buyer, variants.as_slice())).collect();
        let found = tx.checkouts(&wanted).await?;
        // One after the other: each sees the stock as those before it left it.
        let mut taken: HashMap<VariantId, i64> = HashMap::new();
        for (member, mut checkout) in buyers.into_iter().zip(found) {
            for offer in &mut checkout.offers {
                offer.variant.stock += taken.get(&offer.variant.id).copied().unwrap_or(0);
            }
            member.desk().checkout = Some(checkout);
            member.go_on().await;
            for (variant, delta) in member.written() {
                *taken.entry(variant).or_default() += delta;
            }
        }
    }

    let mut writes = OrderWrites::default();
    let verdicts = members.into_iter().map(|member| member.end(&mut writes)).collect();
    let has_writes = !writes.is_empty();
    tx.write(&writes)?;
    Ok((verdicts, has_writes))
}

/// What a member waits for.
#[derive(Clone, Debug, Default)]
enum Asked {
    #[default]
    Nothing,
    Claim(Claim),
    Checkout(AccountId, Vec<VariantId>),
    /// Something that a group does not give.
    More,
}

/// Where a member's questions and answers lie.
#[derive(Debug, Default)]
struct Desk {
    asked: Asked,
    claimed: Option<Claimed>,
    checkout: Option<Checkout>,
    writes: OrderWrites,
}

type SharedDesk = Arc<Mutex<Desk>>;

fn at(desk: &SharedDesk) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job on its way through the group.
struct Member<'j> {
    desk: SharedDesk,
    run: Option<Pin<Box<dyn Future<Output = JobOutcome> + Send + 'j>>>,
    outcome: Option<JobOutcome>,
}

impl<'j> Member<'j> {
    fn new(job: &'j mut dyn Job) -> Self {
        let desk = SharedDesk::default();
        let mut tx = MemberTx { desk: Arc::clone(&desk) };
        let run = Box::pin(async move { job.run(&mut tx).await });
        Self { desk, run: Some(run), outcome: None }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        at(&self.desk)
    }

    /// Runs the job until it asks for something or ends. An operation awaits its transaction alone, so it is at the one or the
    /// other when it comes to rest. One that panics leaves the group, and is told of when it does so alone.
    async fn go_on(&mut self) {
        let Some(run) = &mut self.run else { return };
        let poll = |context: &mut Context<'_>| Poll::Ready(caught::poll(run.as_mut(), context));
        if let Poll::Ready(outcome) = poll_fn(poll).await {
            self.outcome = outcome.ok();
            self.run = None;
        }
    }

    /// What it asks for, if it is in the group still.
    fn asked(&self) -> Asked {
        if self.run.is_some() { self.desk().asked.clone() } else { Asked::Nothing }
    }

    /// Takes it out of the group.
    fn leave(&mut self) {
        self.run = None;
    }

    /// What it does to the stock.
    fn written(&self) -> Vec<(VariantId, i64)> {
        if self.outcome == Some(JobOutcome::Commit) { self.desk().writes.deltas().collect() } else { Vec::new() }
    }

    /// Its verdict; adds what it wrote to `writes`.
    fn end(self, writes: &mut OrderWrites) -> Verdict {
        match self.outcome {
            Some(JobOutcome::Commit) => writes.append(std::mem::take(&mut self.desk().writes)),
            Some(JobOutcome::Rollback) => {}
            None => return Verdict::Alone,
        }
        Verdict::Done
    }
}

/// The transaction as a member sees it. Whoever asks it for something that a group does not give is never answered, and so
/// leaves the group.
struct MemberTx {
    desk: SharedDesk,
}

type Found<T> = Result<T, StoreError>;

impl MemberTx {
    async fn leave<T>(&self) -> Found<T> {
        at(&self.desk).asked = Asked::More;
        pending().await
    }
}

#[async_trait]
impl Tx for MemberTx {
    async fn claim(&mut self, claim: &Claim) -> Found<Claimed> {
        at(&self.desk).asked = Asked::Claim(claim.clone());
        poll_fn(|_| at(&self.desk).claimed.take().map_or(Poll::Pending, |found| Poll::Ready(Ok(found)))).await
    }

    async fn checkout(&mut self, buyer: AccountId, variants: &[VariantId]) -> Found<Checkout> {
        at(&self.desk).asked = Asked::Checkout(buyer, variants.to_vec());
        poll_fn(|_| at(&self.desk).checkout.take().map_or(Poll::Pending, |found| Poll::Ready(Ok(found)))).await
    }

    async fn apply(&mut self, changes: &[Change]) -> Found<()> {
        for change in changes {
            if at(&self.desk).writes.add(change).is_err() {
                return self.leave().await;
            }
        }
        Ok(())
    }

    async fn account(&mut self, _: AccountId) -> Found<Option<AccountRow>> {
        self.leave().await
    }
    async fn account_by_email(&mut self, _: &Email) -> Found<Option<AccountRow>> {
        self.leave().await
    }
    async fn owners(&mut self) -> Found<u64> {
        self.leave().await
    }
    async fn session(&mut self, _: SessionId) -> Found<Option<Session>> {
        self.leave().await
    }
    async fn refresh_token(&mut self, _: &SecretHash) -> Found<Option<(RefreshToken, Session)>> {
        self.leave().await
    }
    async fn challenge(&mut self, _: AccountId, _: Purpose) -> Found<Option<Challenge>> {
        self.leave().await
    }
    async fn challenge_by_secret(&mut self, _: Purpose, _: &SecretHash) -> Found<Option<Challenge>> {
        self.leave().await
    }
    async fn addresses(&mut self, _: AccountId) -> Found<Vec<SavedAddress>> {
        self.leave().await
    }
    async fn address(&mut self, _: AccountId, _: AddressId) -> Found<Option<SavedAddress>> {
        self.leave().await
    }
    async fn categories(&mut self) -> Found<Vec<Category>> {
        self.leave().await
    }
    async fn product(&mut self, _: ProductId) -> Found<Option<Product>> {
        self.leave().await
    }
    async fn product_by_slug(&mut self, _: &str) -> Found<Option<Product>> {
        self.leave().await
    }
    async fn product_of_variant(&mut self, _: VariantId) -> Found<Option<Product>> {
        self.leave().await
    }
    async fn product_slugs_like(&mut self, _: &str) -> Found<Vec<String>> {
        self.leave().await
    }
    async fn sku_owners(&mut self, _: &[String]) -> Found<Vec<SkuOwner>> {
        self.leave().await
    }
    async fn turning_products(&mut self, _: Timestamp, _: u32) -> Found<Vec<ProductId>> {
        self.leave().await
    }
    async fn price_history(&mut self, _: &[VariantId]) -> Found<Vec<PriceChange>> {
        self.leave().await
    }
    async fn movements_since(&mut self, _: VariantId, _: i64, _: u32) -> Found<Vec<StockMovement>> {
        self.leave().await
    }
    async fn has_products(&mut self) -> Found<bool> {
        self.leave().await
    }
    async fn documents(&mut self, _: DocumentKind) -> Found<Vec<Document>> {
        self.leave().await
    }
    async fn document_named(&mut self, _: DocumentKind, _: &str) -> Found<Option<Document>> {
        self.leave().await
    }
    async fn review(&mut self, _: ReviewId) -> Found<Option<Review>> {
        self.leave().await
    }
    async fn reviews_of(&mut self, _: AccountId, _: Option<ProductId>) -> Found<Vec<Review>> {
        self.leave().await
    }
    async fn has_ordered(&mut self, _: AccountId, _: ProductId) -> Found<bool> {
        self.leave().await
    }
    async fn stock_alerts_of(&mut self, _: AccountId) -> Found<Vec<StockAlert>> {
        self.leave().await
    }
    async fn due_stock_alerts(&mut self, _: u32) -> Found<Vec<DueAlert>> {
        self.leave().await
    }
    async fn ordered_among(&mut self, _: &[VariantId]) -> Found<Vec<VariantId>> {
        self.leave().await
    }
    async fn order(&mut self, _: OrderId) -> Found<Option<Order>> {
        self.leave().await
    }
    async fn lease_mails(&mut self, _: Due, _: Timestamp, _: u32) -> Found<Vec<OutboxMail>> {
        self.leave().await
    }
    async fn keep_mails(&mut self, _: Due, _: u32) -> Found<u32> {
        self.leave().await
    }
    async fn mail(&mut self, _: MailId) -> Found<Option<OutboxMail>> {
        self.leave().await
    }
    async fn sweep(&mut self, _: Timestamp, _: Timestamp, _: u32) -> Found<u32> {
        self.leave().await
    }
    async fn meta(&mut self, _: &'static str) -> Found<Option<String>> {
        self.leave().await
    }
}

impl Fault {
    /// Whether those who wait must be told, and nothing tried again: nobody knows what was stored, or they waited long enough.
    fn is_final(&self) -> bool {
        matches!(self.error, StoreError::Unknown(_)) || self.remedy == Remedy::GiveUp
    }
}
