//! A long run in parts, over several evenings: what is done is written down, and not done again.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    judge::Row,
    scenario::{Engine, Outcome, Scenario},
};

/// A file of JSON lines, one for each part that was run.
#[derive(Debug)]
pub struct Book {
    file: Mutex<File>,
    done: HashSet<(String, String, u64)>,
    rows: Vec<Row>,
    terms: Terms,
}

/// What a run was asked for: parts of another run are no parts of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The seed of its first part.
    pub seed: u64,
    /// How often, where it is not as often as is promised.
    pub runs: Option<u64>,
    /// A checksum of the programs that are run: what others did is not what these do.
    pub program: u32,
}

impl Book {
    /// The book at `path`, with what is in it about these scenarios.
    ///
    /// # Errors
    /// When it cannot be read or written, is no such book, or is that of another run.
    pub fn open(path: &Path, all: &[Scenario], terms: Terms) -> io::Result<Self> {
        let file = File::options().create(true).append(true).read(true).open(path)?;
        let (mut done, mut rows) = (HashSet::new(), Vec::<Row>::new());
        let text = fs::read_to_string(path)?;
        let wrong = |why, line| io::Error::new(io::ErrorKind::InvalidData, format!("{why}: {line}"));
        let (whole, torn) = text.split_at(text.rfind('\n').map_or(0, |end| end + 1));
        for line in whole.lines() {
            let note: Value = serde_json::from_str(line)?;
            if (note["seed"].as_u64(), note["asked"].as_u64()) != (Some(terms.seed), terms.runs) {
                return Err(wrong("part of a run with another --seed or --runs", line));
            }
            if note["program"] != terms.program {
                return Err(wrong("part of a run of other programs", line));
            }
            let (key, row) = read(&note, all).ok_or_else(|| wrong("no part of a run", line))?;
            if done.insert(key) {
                take_in(&mut rows, row);
            }
        }
        // A line that was cut off while it was written is about a part that has to be run again.
        if !torn.is_empty() {
            if !torn.starts_with("{\"") {
                return Err(wrong("no part of a run", torn));
            }
            file.set_len(whole.len() as u64)?;
        }
        Ok(Self { file: Mutex::new(file), done, rows, terms })
    }

    /// Whether this part was run before.
    #[must_use]
    pub fn has(&self, scenario: &Scenario, engine: Engine, part: u64) -> bool {
        self.done.contains(&(scenario.name.to_owned(), engine.to_string(), part))
    }

    /// Writes down what came of a part.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn note(&self, part: u64, row: &Row) -> io::Result<()> {
        let Outcome { runs, injected, violations, worst } = row.outcome();
        let line = json!({
            "scenario": row.name(), "engine": row.engine().to_string(), "part": part, "runs": runs, "injected": injected,
            "violations": violations, "worst_s": worst.map(|worst| worst.as_secs_f64()), "took_s": row.took().as_secs_f64(),
            "seed": self.terms.seed, "asked": self.terms.runs,
            "program": self.terms.program,
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let end = file.metadata()?.len();
        let noted = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
        if noted.is_err() {
            // The next line must not begin in the middle of this one.
            file.set_len(end)?;
        }
        noted
    }

    /// What was run before, and these: a row for each scenario and engine.
    #[must_use]
    pub fn summed_up_with(self, rows: Vec<Row>) -> Vec<Row> {
        let mut all = self.rows;
        rows.into_iter().for_each(|row| take_in(&mut all, row));
        all
    }
}

/// Adds a row to that of the same scenario, or of the same control, and engine.
fn take_in(rows: &mut Vec<Row>, row: Row) {
    match rows.iter_mut().find(|own| own.is_of_the_same(&row)) {
        Some(own) => own.add(row),
        None => rows.push(row),
    }
}

fn read(note: &Value, all: &[Scenario]) -> Option<((String, String, u64), Row)> {
    let text = |name: &str| note[name].as_str().map(str::to_owned);
    let seconds = |name: &str| note[name].as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let scenario = all.iter().find(|scenario| note["scenario"] == scenario.name)?;
    let engine = *scenario.engines.iter().find(|engine| note["engine"] == engine.to_string())?;
    let violations = note["violations"].as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let outcome =
        Outcome { runs: note["runs"].as_u64()?, injected: text("injected")?, violations, worst: seconds("worst_s") };
    let key = (text("scenario")?, text("engine")?, note["part"].as_u64()?);
    Some((key, Row::noted(scenario, engine, outcome, seconds("took_s")?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Alone, Control};

    fn scenario(name: &'static str) -> Scenario {
        let run = |_: &_| Outcome::default();
        let control = Control { without: "", finds: &[], on_one_engine: false, run };
        let engines = &[Engine::Sqlite, Engine::Postgres];
        Scenario { name, injects: "", holds: "", engines, alone: Alone::Never, parts: 3, run, control }
    }

    #[test]
    fn what_was_noted_is_there_again_and_summed_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("book");
        let all = [scenario("kill"), scenario("mail")];
        let row = |runs, worst| {
            let outcome = Outcome { runs, worst: Some(Duration::from_millis(worst)), ..Outcome::default() };
            Row::noted(&all[0], Engine::Sqlite, outcome, Duration::from_secs(60))
        };
        let terms = Terms { seed: 7, runs: None, program: 5 };
        let book = Book::open(&path, &all, terms).expect("a new book");
        book.note(0, &row(200, 900)).expect("noted");
        book.note(2, &row(201, 300)).expect("noted");
        drop(book);

        for other in [Terms { seed: 8, ..terms }, Terms { runs: Some(9), ..terms }, Terms { program: 6, ..terms }] {
            assert!(Book::open(&path, &all, other).is_err(), "that is the book of another run");
        }
        let mut torn = fs::read(&path).expect("a book");
        torn.extend_from_slice(b"{\"scenario\": \"ki");
        fs::write(&path, torn).expect("a file");
        let book = Book::open(&path, &all, terms).expect("the book");
        let has = |part| book.has(&all[0], Engine::Sqlite, part);
        assert_eq!([has(0), has(1), has(2)], [true, false, true]);
        assert!(!book.has(&all[0], Engine::Postgres, 0) && !book.has(&all[1], Engine::Sqlite, 0));
        let rows = book.summed_up_with(vec![row(1_000, 400)]);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].is_good());
        assert!(rows[0].line().contains("| 1,401 |") && rows[0].line().contains("900 ms"), "{}", rows[0].line());
        fs::write(&path, "{}\n").expect("a file");
        assert!(Book::open(&path, &all, terms).is_err(), "that is no book");
        fs::write(&path, "a key").expect("a file");
        assert!(Book::open(&path, &all, terms).is_err(), "nor is that");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "a key", "it is left alone");
    }
}
