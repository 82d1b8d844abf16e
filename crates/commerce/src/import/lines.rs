//! Records with the lines on which they begin, out of any bytes.

use std::{
    cell::Cell,
    io::{self, ErrorKind, Read},
    rc::Rc,
};

use csv::{ByteRecord, Reader, ReaderBuilder};

/// The longest row, in bytes. A description of 50,000 characters fits several times.
const RECORD_MAX: u64 = 1 << 20;

/// Reads records, each with the line on which it begins.
pub(crate) struct Lines<R> {
    reader: Reader<Normalised<R>>,
    progress: Rc<Progress>,
}

/// What the two ends of the CSV reader tell each other.
#[derive(Default)]
struct Progress {
    /// Bytes handed to the CSV reader.
    delivered: Cell<u64>,
    /// How many bytes may be handed to it before the present record must have ended.
    allowed: Cell<u64>,
    /// Whether the source is at its end.
    ended: Cell<bool>,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(source: R) -> Self {
        let progress = Rc::new(Progress::default());
        let source = Normalised { source, progress: Rc::clone(&progress), after_return: false };
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source);
        Self { reader, progress }
    }

    /// The next record into `record`, and its line; `None` at the end. After an error nothing more can be read.
    pub(crate) fn next(&mut self, record: &mut ByteRecord) -> Result<Option<u64>, (u64, String)> {
        let before = self.reader.position().clone();
        self.progress.allowed.set(before.byte() + RECORD_MAX);
        match self.reader.read_byte_record(record) {
            Ok(false) => Ok(None),
            Ok(true) if self.is_cut_off() => {
                Err((self.first_line(record).max(before.line()), "a quote is opened and never closed".to_owned()))
            }
            Ok(true) => Ok(Some(self.first_line(record).max(before.line()))),
            Err(error) => Err((before.line(), reason(&error))),
        }
    }

    /// The line on which the record that was just read begins. The CSV reader's own count is that of the place where
    /// it began to look, before any empty lines.
    fn first_line(&self, record: &ByteRecord) -> u64 {
        let breaks: usize = record.iter().map(|field| field.iter().filter(|&&byte| byte == b'\n').count()).sum();
        let breaks = u64::try_from(breaks).unwrap_or(u64::MAX);
        self.reader.position().line().saturating_sub(breaks).saturating_sub(1)
    }

    /// Whether the record ended because the file did. Two line breaks are put behind the file, so a record that is
    /// whole ends before the second one.
    fn is_cut_off(&self) -> bool {
        self.progress.ended.get() && self.reader.position().byte() >= self.progress.delivered.get()
    }
}

fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == ErrorKind::FileTooLarge => {
            format!("the row is longer than {RECORD_MAX} bytes; is a quote left open?")
        }
        csv::ErrorKind::Io(error) => format!("the file cannot be read: {error}"),
        _ => format!("not CSV: {error}"),
    }
}

/// The source made easy to count in: every line break is a line feed, so that lines can be counted, two
/// follow the end, and a record that does not end is not read for ever.
struct Normalised<R> {
    source: R,
    progress: Rc<Progress>,
    after_return: bool,
}

impl<R: Read> Read for Normalised<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.progress.ended.get() || buffer.is_empty() {
                return Ok(0);
            }
            if self.progress.delivered.get() >= self.progress.allowed.get() {
                return Err(io::Error::new(ErrorKind::FileTooLarge, "the record does not end"));
            }
            let count = self.source.read(buffer)?;
            let kept = if count == 0 { self.end(buffer) } else { self.normalise(buffer, count) };
            self.progress.delivered.set(self.progress.delivered.get() + u64::try_from(kept).unwrap_or(u64::MAX));
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

impl<R> Normalised<R> {
    fn end(&self, buffer: &mut [u8]) -> usize {
        self.progress.ended.set(true);
        let breaks = buffer.len().min(2);
        buffer[..breaks].fill(b'\n');
        breaks
    }

    /// Turns CR LF and a lone CR into LF, in place; gives the new length.
    fn normalise(&mut self, buffer: &mut [u8], count: usize) -> usize {
        let mut kept = 0;
        for index in 0..count.min(buffer.len()) {
            let byte = buffer[index];
            let is_second = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            if !is_second {
                buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }
}
