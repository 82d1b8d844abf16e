//! Records with the lines on which they begin, out of any bytes. What separates their columns is seen from the first of them.

use std::{
    cell::Cell,
    io::{self, ErrorKind, Read},
    rc::Rc,
};

use csv::{ByteRecord, Reader, ReaderBuilder};

/// The longest row, in bytes. A description of 50,000 characters fits several times.
const RECORD_MAX: u64 = 1 << 20;
/// How much is looked at to see what separates the columns. A header is shorter.
const HEADER_MAX: usize = 1 << 16;
/// What spreadsheets separate columns with: those whose numbers have a decimal comma write semicolons.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Reads records, each with the line on which it begins.
pub(crate) struct Lines<R> {
    reader: Reader<Normalised<Begun<R>>>,
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
        let source = Begun::new(source);
        let separator = Header::of(&source.begin).separator();
        let source = Normalised { source, progress: Rc::clone(&progress), after_return: false };
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(source);
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

/// What is seen of a header before it is read.
#[derive(Default)]
struct Header {
    /// How often each of the [`SEPARATORS`] stands in it, outside of quotes.
    counts: [usize; SEPARATORS.len()],
    /// Whether its end was seen.
    is_whole: bool,
}

impl Header {
    /// The first line of a file that is not empty.
    fn of(begin: &[u8]) -> Self {
        let mut header = Self::default();
        let mut is_quoted = false;
        for byte in begin.iter().skip_while(|byte| matches!(byte, b'\n' | b'\r')) {
            match byte {
                b'"' => is_quoted = !is_quoted,
                _ if is_quoted => {}
                b'\n' | b'\r' => return Self { is_whole: true, ..header },
                _ => {
                    if let Some(place) = SEPARATORS.iter().position(|separator| separator == byte) {
                        header.counts[place] += 1;
                    }
                }
            }
        }
        header
    }

    /// What stands there most often; a comma where nothing does more often.
    fn separator(&self) -> u8 {
        let most = self.counts.iter().max();
        let place = self.counts.iter().position(|count| Some(count) == most);
        SEPARATORS[place.unwrap_or(0)]
    }
}

/// A source whose header was looked at.
struct Begun<R> {
    /// What was read of it for that.
    begin: Vec<u8>,
    /// How much of it was handed on.
    handed_on: usize,
    /// What went wrong behind it.
    error: Option<io::Error>,
    source: R,
}

impl<R: Read> Begun<R> {
    fn new(mut source: R) -> Self {
        let (mut begin, mut error) = (Vec::new(), None);
        let mut part = [0; 4096];
        while begin.len() < HEADER_MAX && !Header::of(&begin).is_whole {
            match source.read(&mut part) {
                Ok(0) => break,
                Ok(count) => begin.extend(part.iter().take(count)),
                Err(wrong) if wrong.kind() == ErrorKind::Interrupted => {}
                Err(wrong) => {
                    error = Some(wrong);
                    break;
                }
            }
        }
        Self { begin, handed_on: 0, error, source }
    }
}

impl<R: Read> Read for Begun<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.begin[self.handed_on..];
        if !rest.is_empty() {
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            self.handed_on += count;
            return Ok(count);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.source.read(buffer),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, and fails in the end.
    struct Failing<'a>(&'a [u8]);

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (first, rest) = self.0.split_first().ok_or_else(|| io::Error::other("gone"))?;
            self.0 = rest;
            buffer[0] = *first;
            Ok(1)
        }
    }

    fn separator(text: &str) -> char {
        char::from(Header::of(text.as_bytes()).separator())
    }

    #[test]
    fn what_separates_columns_is_what_stands_in_the_header_most_often() {
        for (text, expected) in [
            ("SKU,Price\nA;B;C,1\n", ','),
            ("SKU;Price\r\nA;1,50,60\r\n", ';'),
            ("\u{feff}SKU\tPrice\n", '\t'),
            ("\r\n\nSKU;Price\n", ';'),
            ("\"SKU, or code, or number\";Price\n", ';'),
            ("\"a\n;;;;b\",Price\n", ','),
            ("SKU,Price;Stock\n", ','),
            ("SKU\n", ','),
            ("", ','),
            ("SKU;Price", ';'),
        ] {
            assert_eq!(separator(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_was_looked_at_is_read_like_the_rest() {
        let mut lines = Lines::new(Failing(b"\r\nSKU;Price\r\nA;1,50\r\nB"));
        let mut record = ByteRecord::new();
        assert_eq!((lines.next(&mut record), &record), (Ok(Some(2)), &ByteRecord::from(vec!["SKU", "Price"])));
        assert_eq!((lines.next(&mut record), &record), (Ok(Some(3)), &ByteRecord::from(vec!["A", "1,50"])));
        let (line, reason) = lines.next(&mut record).expect_err("the source is gone");
        assert_eq!((line, reason.as_str()), (4, "the file cannot be read: gone"));
        // The same when it goes before the header has ended.
        let (line, reason) = Lines::new(Failing(b"SKU")).next(&mut record).expect_err("the source is gone");
        assert_eq!((line, reason.as_str()), (1, "the file cannot be read: gone"));
    }
}
