//! Statements that travel together: sent at once, one behind the other, answered in one round trip.

use std::{
    borrow::Cow,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use deadpool_postgres::ClientWrapper;
use tokio_postgres::{Row, types::ToSql};

use crate::{
    error::Fault,
    param::{Param, params},
};

/// How long a round trip may take, locks that are waited for included.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long a check of everything may take.
const CHECK_LIMIT: Duration = Duration::from_secs(3600);

/// One statement with its values.
pub(crate) struct Statement {
    sql: Cow<'static, str>,
    params: Vec<Param>,
}

impl Statement {
    /// The statement `sql`, whose `$1, $2 ...` are `params`.
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params }
    }

    /// The statement `sql`, which must change exactly `rows` rows of `table`; the transaction fails if it does not.
    pub(crate) fn changing(rows: i64, table: &'static str, sql: &str, params: Vec<Param>) -> Self {
        let sql = format!(
            "WITH done AS ({sql} RETURNING 1) SELECT expect_rows((SELECT count(*) FROM done), {rows}, '{table}')"
        );
        Self { sql: Cow::Owned(sql), params }
    }
}

/// How a flight begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// With its first statement.
    No,
    /// With a transaction that writes.
    Write,
    /// With a snapshot for reading.
    Snapshot,
    /// With a snapshot for reading everything, however long that takes.
    Check,
}

impl Begin {
    /// The isolation is named because a database can have another default. Nobody may keep others waiting for a lock for
    /// longer than a caller waits for us.
    const fn sql(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Write => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                 SET LOCAL idle_in_transaction_session_timeout = '10s'; SET LOCAL lock_timeout = '8s'"
            }
            Self::Snapshot | Self::Check => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + Send + 'a>>;

/// Sends `statements` between `begin` and, if `commit` says so, a commit. Gives the rows of each statement, or the first
/// fault. `is_prepared` is how statements are sent: prepared once a connection, or each time in whole.
pub(crate) async fn fly(
    client: &ClientWrapper,
    is_prepared: bool,
    begin: Begin,
    statements: &[Statement],
    commit: bool,
) -> Result<Vec<Vec<Row>>, Fault> {
    let limit = if begin == Begin::Check { CHECK_LIMIT } else { TIME_LIMIT };
    match tokio::time::timeout(limit, send(client, is_prepared, begin, statements, commit)).await {
        Ok(answers) => answers,
        Err(_) => Err(Fault::timed_out()),
    }
}

async fn send(
    client: &ClientWrapper,
    is_prepared: bool,
    begin: Begin,
    statements: &[Statement],
    commit: bool,
) -> Result<Vec<Vec<Row>>, Fault> {
    let mut prepared = Vec::with_capacity(statements.len());
    if is_prepared {
        for statement in statements {
            let kinds: Vec<_> = statement.params.iter().map(Param::kind).collect();
            prepared.push(client.prepare_typed_cached(&statement.sql, &kinds).await?);
        }
    }
    let mut answers: Vec<Answer<'_>> = Vec::with_capacity(statements.len() + 2);
    if begin != Begin::No {
        answers.push(Box::pin(async move { client.batch_execute(begin.sql()).await.map(|()| Vec::new()) }));
    }
    for (at, statement) in statements.iter().enumerate() {
        let prepared = prepared.get(at);
        answers.push(Box::pin(async move {
            match prepared {
                Some(prepared) => {
                    let values: Vec<&(dyn ToSql + Sync)> = statement.params.iter().map(Param::value).collect();
                    client.query(prepared, &values).await
                }
                None => {
                    let values: Vec<_> = statement.params.iter().map(|param| (param.value(), param.kind())).collect();
                    client.query_typed(&statement.sql, &values).await
                }
            }
        }));
    }
    if commit {
        answers.push(Box::pin(async move { client.batch_execute("COMMIT").await.map(|()| Vec::new()) }));
    }
    let mut answers = in_order(answers).await?;
    if begin != Begin::No {
        answers.remove(0);
    }
    answers.truncate(statements.len());
    Ok(answers)
}

/// Polls the requests in their order, so that they are sent in it, until all are answered; gives the first error. All of
/// them are waited for: what follows an error is answered too, and belongs to nobody else.
async fn in_order(mut requests: Vec<Answer<'_>>) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
    let mut answers: Vec<Option<Result<Vec<Row>, tokio_postgres::Error>>> = Vec::new();
    answers.resize_with(requests.len(), || None);
    poll_fn(|context| {
        let mut is_open = false;
        for (request, answer) in requests.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match request.as_mut().poll(context) {
                    Poll::Ready(answered) => *answer = Some(answered),
                    Poll::Pending => is_open = true,
                }
            }
        }
        if is_open { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// A select that is put together from what is asked for.
pub(crate) struct Select {
    sql: String,
    params: Vec<Param>,
    has_condition: bool,
}

impl Select {
    /// A select that begins with `sql`, up to its table.
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), params: params![], has_condition: false }
    }

    /// Only rows for which `condition` holds, whose `?` are `values` in their order.
    pub(crate) fn only(&mut self, condition: &str, values: Vec<Param>) {
        self.sql.push_str(if self.has_condition { " AND " } else { " WHERE " });
        self.has_condition = true;
        self.add(condition, values);
    }

    /// Adds `sql`, for example the order, whose `?` are `values`.
    pub(crate) fn add(&mut self, sql: &str, values: Vec<Param>) {
        let mut number = self.params.len();
        for (at, part) in sql.split('?').enumerate() {
            if at > 0 {
                number += 1;
                self.sql.push_str(&format!("${number}"));
            }
            self.sql.push_str(part);
        }
        self.params.extend(values);
    }

    /// The finished statement.
    pub(crate) fn finish(self) -> Statement {
        Statement::new(self.sql, self.params)
    }

    /// The finished statement, inside of another one: `outer` gets the text of this one and gives the whole.
    pub(crate) fn inside(self, outer: impl FnOnce(&str) -> String) -> Statement {
        Statement::new(outer(&self.sql), self.params)
    }
}
