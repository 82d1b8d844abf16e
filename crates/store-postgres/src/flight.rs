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
const TIME_LIMIT: Duration = Duration::from_secs(4);
/// How long one of the statements of a transaction that writes may take, in milliseconds. The server's limit for locks counts anew for
/// each lock, and a row that others wait for too is two of them. It is less than [`TIME_LIMIT`]: a server that says so is alive. It
/// does not end the wait of a commit for a standby: PostgreSQL stops counting before that.
const STATEMENT_LIMIT_MS: u32 = 3500;
/// How long a group waits for a lock.
const GROUP_WAIT: Duration = Duration::from_millis(250);
/// How long reading may take, which waits for no lock.
const READ_LIMIT: Duration = Duration::from_secs(3);
/// How long a check or a copy of everything may take, a flight of it.
const CHECK_LIMIT: Duration = Duration::from_secs(3600);

/// What tells one life of a server from another, as columns: when it was started, and where in its log the recovery ended that this
/// life began with (NULL after an orderly start). The second is there because a server of which one process is killed ends all
/// others, recovers and goes on without being started: then numbers of transactions are given out once more, those of which the log
/// had not reached the disk, as that of a refused order need not. Each recovery ends further on in the log than the one before: it
/// reads at least the checkpoint that was written behind that one before anybody was let in. A standby is always recovering, and
/// gives out no numbers. All of it is in the server's memory, for anybody to ask, and written
/// alike in every time zone.
macro_rules! life {
    () => {
        "extract(epoch FROM pg_postmaster_start_time()), CASE WHEN NOT pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END"
    };
}
pub(crate) use life;

/// One statement with its values.
pub(crate) struct Statement {
    sql: Cow<'static, str>,
    params: Vec<Param>,
    /// How many rows of which table it must change, if that is known.
    expected: Option<(i64, &'static str)>,
    /// Whether it can be done at the same moment as its neighbours.
    is_addition: bool,
}

impl Statement {
    /// The statement `sql`, whose `$1, $2 ...` are `params`.
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params, expected: None, is_addition: false }
    }

    /// The statement `sql`, which must change exactly `rows` rows of `table`; the transaction fails if it does not.
    pub(crate) fn changing(rows: i64, table: &'static str, sql: &'static str, params: Vec<Param>) -> Self {
        Self { sql: Cow::Borrowed(sql), params, expected: Some((rows, table)), is_addition: false }
    }

    /// The same as a part of something larger that is written at one moment: it reads nothing that its neighbours write, and
    /// changes no row that they change. Neighbours of this kind become one statement.
    pub(crate) fn beside_others(mut self) -> Self {
        self.is_addition = true;
        self
    }

    /// The statement as it is sent.
    pub(crate) fn complete(self) -> Self {
        if self.expected.is_some() || self.is_addition { together(vec![self]) } else { self }
    }
}

/// One statement out of several, each of them a part `w0, w1 ...` of it.
fn together(statements: Vec<Statement>) -> Statement {
    let (mut parts, mut checks, mut params) = (Vec::new(), Vec::new(), Vec::new());
    for (at, statement) in statements.into_iter().enumerate() {
        let sql = renumbered(&statement.sql, params.len());
        params.extend(statement.params);
        if let Some((rows, table)) = statement.expected {
            parts.push(format!("w{at} AS ({sql} RETURNING 1)"));
            params.push(Param::of(rows));
            checks.push(format!("expect_rows((SELECT count(*) FROM w{at}), ${}, '{table}')", params.len()));
        } else {
            parts.push(format!("w{at} AS ({sql})"));
        }
    }
    let checks = if checks.is_empty() { "1".to_owned() } else { checks.join(", ") };
    Statement::new(format!("WITH {} SELECT {checks}", parts.join(", ")), params)
}

/// The statement with each `$n` as `$(n + by)`.
fn renumbered(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let number = part[..digits].parse::<usize>().unwrap_or(0);
        text.push_str(&format!("${}{}", number + by, &part[digits..]));
    }
    text
}

/// As few statements as these can be sent as.
pub(crate) fn gathered(statements: Vec<Statement>) -> Vec<Statement> {
    let mut gathered = Vec::with_capacity(statements.len());
    let mut additions: Vec<Statement> = Vec::new();
    for statement in statements {
        // The parts of one statement do not see each other: a row that two of them change would be changed by one.
        let table = statement.expected.map(|(_, table)| table);
        let is_second =
            table.is_some() && additions.iter().any(|other| other.expected.map(|(_, table)| table) == table);
        if !additions.is_empty() && (is_second || !statement.is_addition) {
            gathered.push(together(std::mem::take(&mut additions)));
        }
        if statement.is_addition {
            additions.push(statement);
        } else {
            gathered.push(statement.complete());
        }
    }
    if !additions.is_empty() {
        gathered.push(together(additions));
    }
    gathered
}

/// How a flight begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// It goes on with a transaction that has begun.
    No,
    /// The same, in a transaction that may take as long as it takes.
    NoHurry,
    /// With its first statement, which reads and is alone.
    Read,
    /// With a transaction that writes, and waits for so long for a lock.
    Write(Duration),
    /// The same for several operations, none of which shall wait for a lock for long.
    Group,
    /// With a snapshot for reading.
    Snapshot,
    /// With a snapshot for reading everything, however long that takes.
    Check,
}

impl Begin {
    /// The isolation is named because a database can have another default.
    fn sql(self) -> Cow<'static, str> {
        let fixed = match self {
            Self::No | Self::NoHurry | Self::Read => "",
            Self::Write(wait) => return Cow::Owned(writing(wait)),
            Self::Group => return Cow::Owned(writing(GROUP_WAIT)),
            Self::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // These statements do read whole tables, each of them once: a plan for tables that were small when the server
            // last looked would read them again for each row.
            Self::Check => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                 SET LOCAL enable_seqscan = on; SET LOCAL enable_nestloop = off; SET LOCAL plan_cache_mode = auto"
            }
        };
        Cow::Borrowed(fixed)
    }
}

/// Begins a transaction that writes. (A limit of 0 would be none.)
fn writing(wait: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {}; \
         SET LOCAL statement_timeout = {STATEMENT_LIMIT_MS}",
        wait.as_millis().max(1)
    )
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
    let limit = match begin {
        Begin::Check | Begin::NoHurry => CHECK_LIMIT,
        Begin::Read | Begin::Snapshot => READ_LIMIT,
        Begin::No | Begin::Write(_) | Begin::Group => TIME_LIMIT,
    };
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
    let begin = begin.sql();
    let mut answers: Vec<Answer<'_>> = Vec::with_capacity(statements.len() + 2);
    if !begin.is_empty() {
        let begin = &begin;
        answers.push(Box::pin(async move { client.batch_execute(begin).await.map(|()| Vec::new()) }));
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
    if !begin.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_one_statement() {
        let add = |sql: &'static str| Statement::new(sql, params![1_i64, 2_i64]).beside_others();
        let change = Statement::changing(3, "b", "UPDATE b SET x = $1", params![7_i64]).beside_others();
        let alone = Statement::new("DELETE FROM c WHERE x = $1", params![1_i64]);
        let sent =
            gathered(vec![add("INSERT INTO a VALUES ($1, $2)"), change, alone, add("INSERT INTO d VALUES ($2, $1)")]);
        let texts: Vec<_> = sent.iter().map(|statement| (statement.sql.as_ref(), statement.params.len())).collect();
        let expected = [
            (
                "WITH w0 AS (INSERT INTO a VALUES ($1, $2)), w1 AS (UPDATE b SET x = $3 RETURNING 1) \
                 SELECT expect_rows((SELECT count(*) FROM w1), $4, 'b')",
                4,
            ),
            ("DELETE FROM c WHERE x = $1", 1),
            ("WITH w0 AS (INSERT INTO d VALUES ($2, $1)) SELECT 1", 2),
        ];
        assert_eq!(texts, expected);
        let change = || Statement::changing(1, "b", "UPDATE b SET x = x + 1", params![]).beside_others();
        assert_eq!(gathered(vec![change(), change()]).len(), 2, "two changes of one table follow each other");
    }
}
