//! Request traces: `0xADDRESS READ|WRITE CYCLE`, a request a line, as DRAMsim3 reads them.

use std::io::{BufRead, Read};
use std::ops::Range;
use std::path::PathBuf;

use crate::source::{LoadError, SourceError, SourceFile, SpanChecker};

use super::super::RequestKind;
use super::Arrivals;
use super::feed::OfferError;

/// Longer lines are refused: a request takes some 40 bytes.
pub const MAX_LINE_BYTES: usize = 1024;

/// Words for reads and writes. DRAMsim3 takes every word that it does not know for a read; here it is an error.
const READ_WORDS: [&str; 3] = ["READ", "P_MEM_RD", "P_FETCH"];
const WRITE_WORDS: [&str; 3] = ["WRITE", "P_MEM_WR", "BOFF"];

/// One line of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceRequest {
    /// Byte address.
    pub address: u64,
    /// Read or write.
    pub kind: RequestKind,
    /// The third column.
    pub cycle: u64,
}

/// Reads a trace line by line; nothing but the current line is held. Empty lines are skipped.
#[derive(Debug)]
pub struct RequestTrace<R> {
    name: String,
    reader: R,
    line: Vec<u8>,
    line_number: usize,
}

/// What is wrong with a line: where, what, and what was expected.
type Fault = (Range<usize>, String, &'static str);

impl<R: BufRead> RequestTrace<R> {
    /// A trace that errors call `name`.
    pub fn new(name: impl Into<String>, reader: R) -> Self {
        RequestTrace {
            name: name.into(),
            reader,
            line: Vec::new(),
            line_number: 0,
        }
    }

    /// The next request; none at the end.
    ///
    /// # Errors
    /// The trace cannot be read; a line is no request, or longer than [`MAX_LINE_BYTES`].
    pub fn next_request(&mut self) -> Result<Option<TraceRequest>, LoadError> {
        while self.read_line()? {
            if let Some(request) = plain_request(&self.line) {
                return Ok(Some(request));
            }
            let columns = columns(&self.line).map_err(|fault| self.fault(fault, ""))?;
            if !columns[0].is_empty() {
                return request(&self.line, &columns)
                    .map(Some)
                    .map_err(|fault| self.fault(fault, HELP));
            }
        }
        Ok(None)
    }

    /// Reads the next line without its end; `false` at the end of the trace.
    fn read_line(&mut self) -> Result<bool, LoadError> {
        self.line.clear();
        self.line_number += 1;
        let most = MAX_LINE_BYTES as u64 + 1;
        let read = (&mut self.reader)
            .take(most)
            .read_until(b'\n', &mut self.line);
        read.map_err(|source| SourceError::Read {
            path: PathBuf::from(&self.name),
            source,
        })?;
        if self.line.is_empty() {
            return Ok(false);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() > MAX_LINE_BYTES {
            let message = format!("this line is longer than {MAX_LINE_BYTES} bytes");
            return Err(self.fault((0..40, message, "expected a request"), HELP));
        }
        Ok(true)
    }

    /// Says that the last request cannot be replayed.
    pub fn refuse(&self, error: &OfferError, arrivals: Arrivals) -> LoadError {
        let (column, expected, help) = match error {
            OfferError::Address { capacity_bytes, .. } => (
                0,
                format!("expected less than {capacity_bytes:#x}"),
                "all channels together have this many bytes; see --channels",
            ),
            OfferError::Cycle { last, .. } => (
                2,
                format!("expected at most {last}"),
                match arrivals {
                    Arrivals::Every(_) => "--gap decides when the requests arrive",
                    Arrivals::AsTraced => "--gap would decide instead of this column",
                },
            ),
        };
        // The line has been read, so it has its columns.
        let range = columns(&self.line).map_or(0..0, |columns| columns[column].clone());
        self.diagnose(range, error.to_string(), &expected, help)
    }

    fn fault(&self, (range, message, expected): Fault, help: &str) -> LoadError {
        self.diagnose(range, message, expected, help)
    }

    fn diagnose(
        &self,
        range: Range<usize>,
        message: String,
        expected: &str,
        help: &str,
    ) -> LoadError {
        // Bytes that are no text take three bytes to show, so what stands after them would be misplaced.
        let shown =
            |end: usize| String::from_utf8_lossy(&self.line[..end.min(self.line.len())]).len();
        let text = String::from_utf8_lossy(&self.line);
        let file = SourceFile::excerpt(&*self.name, self.line_number, text);
        let mut checker = SpanChecker::new(&file);
        checker.report(
            shown(range.start)..shown(range.end),
            message,
            expected,
            help,
        );
        checker.into_diagnostics().into()
    }
}

const HELP: &str = "a line is `0xADDRESS READ|WRITE CYCLE`, such as `0x1f40 READ 120`";

/// The three columns of a line; all empty if it is.
fn columns(line: &[u8]) -> Result<[Range<usize>; 3], Fault> {
    let mut columns = [0..0, 0..0, 0..0];
    let mut found = 0;
    let mut at = 0;
    while at < line.len() {
        if line[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        while at < line.len() && !line[at].is_ascii_whitespace() {
            at += 1;
        }
        match columns.get_mut(found) {
            Some(column) => *column = start..at,
            None => {
                let message = "a fourth column".to_owned();
                return Err((start..at, message, "expected the end of the line"));
            }
        }
        found += 1;
    }
    let end = line.trim_ascii_end().len();
    match found {
        1 => Err((
            end..end,
            "the operation is missing".to_owned(),
            "expected READ or WRITE",
        )),
        2 => Err((
            end..end,
            "the third column is missing".to_owned(),
            "expected the cycle of arrival",
        )),
        _ => Ok(columns),
    }
}

fn request(line: &[u8], columns: &[Range<usize>; 3]) -> Result<TraceRequest, Fault> {
    let word = |column: usize| &line[columns[column].clone()];
    let wrong = |column: usize, what: &str, expected| {
        let text = String::from_utf8_lossy(word(column));
        (
            columns[column].clone(),
            format!("`{text}` is no {what}"),
            expected,
        )
    };
    let address = word(0)
        .strip_prefix(b"0x")
        .or_else(|| word(0).strip_prefix(b"0X"))
        .and_then(|digits| number(digits, 16))
        .ok_or_else(|| {
            wrong(
                0,
                "address",
                "expected 0x and hexadecimal digits, at most 64 bits",
            )
        })?;
    let is_one_of = |words: &[&str]| {
        words
            .iter()
            .any(|known| word(1).eq_ignore_ascii_case(known.as_bytes()))
    };
    let kind = if is_one_of(&READ_WORDS) {
        RequestKind::Read
    } else if is_one_of(&WRITE_WORDS) {
        RequestKind::Write
    } else {
        return Err(wrong(1, "operation", "expected READ or WRITE"));
    };
    let cycle = number(word(2), 10)
        .ok_or_else(|| wrong(2, "cycle", "expected a whole number of at most 64 bits"))?;
    Ok(TraceRequest {
        address,
        kind,
        cycle,
    })
}

/// A line as programs write it, with one blank between columns, without a search for these. What this does not take
/// may still be right.
#[inline]
fn plain_request(line: &[u8]) -> Option<TraceRequest> {
    let (address, rest) = leading_number(line.strip_prefix(b"0x")?, 16);
    let (kind, rest) = if let Some(rest) = rest.strip_prefix(b" READ ") {
        (RequestKind::Read, rest)
    } else {
        (RequestKind::Write, rest.strip_prefix(b" WRITE ")?)
    };
    let (cycle, rest) = leading_number(rest, 10);
    let request = TraceRequest {
        address: address?,
        kind,
        cycle: cycle?,
    };
    rest.is_empty().then_some(request)
}

/// The number of 1 to 15 digits that a text begins with, and what follows it.
#[inline]
fn leading_number(text: &[u8], radix: u32) -> (Option<u64>, &[u8]) {
    const MOST_DIGITS: usize = 15;
    let mut value = 0;
    let mut length = 0;
    while let Some(digit) = text
        .get(length)
        .and_then(|&c| char::from(c).to_digit(radix))
    {
        if length == MOST_DIGITS {
            return (None, text);
        }
        value = value * u64::from(radix) + u64::from(digit);
        length += 1;
    }
    ((length > 0).then_some(value), &text[length..])
}

/// Digits alone, and as many as fit.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = char::from(digit).to_digit(radix)?;
        value.checked_mul(radix.into())?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &[u8]) -> Result<Vec<TraceRequest>, String> {
        let mut trace = RequestTrace::new("t.trace", text);
        let mut all = Vec::new();
        loop {
            match trace.next_request() {
                Ok(Some(request)) => all.push(request),
                Ok(None) => return Ok(all),
                Err(error) => return Err(error.render(false)),
            }
        }
    }

    #[test]
    fn lines_are_read_as_dramsim3_reads_them() {
        let read = |address, cycle| TraceRequest {
            address,
            kind: RequestKind::Read,
            cycle,
        };
        let text = b"0x2000D5C0 READ  30\n\n\t0XfF  p_fetch\t7 \r\n0x0 WRITE 18446744073709551615";
        let write = TraceRequest {
            kind: RequestKind::Write,
            ..read(0, u64::MAX)
        };
        let expected = vec![read(0x2000_d5c0, 30), read(0xff, 7), write];
        assert_eq!(read_all(text), Ok(expected));
        assert_eq!(read_all(b""), Ok(vec![]));
    }

    /// Blanks decide which way a line is read, not what it says.
    #[test]
    fn both_ways_read_the_same() {
        for value in [
            0,
            9,
            0xa,
            0xabc_def0,
            999_999_999_999_999,
            1 << 60,
            u64::MAX,
        ] {
            for word in ["READ", "WRITE"] {
                let plain = read_all(format!("{value:#x} {word} {value}").as_bytes());
                let padded = read_all(format!(" {value:#X}  {word}\t{value} ").as_bytes());
                assert_eq!(plain, padded);
                assert_eq!(plain.unwrap()[0].address, value);
            }
        }
    }

    #[test]
    fn what_is_no_request_is_placed() {
        let long = [b"0x0 READ 0\n".to_vec(), vec![b' '; MAX_LINE_BYTES + 1]].concat();
        let cases: [(&[u8], &str); 12] = [
            (b"0x0 READ 0\n0x40 REED 1\n", "t.trace:2:6"),
            (b"0x0 READ 0\n0x40 READ\n", "t.trace:2:10"),
            (b"0x0\n", "t.trace:1:4"),
            (b"0x0 READ 1 2\n", "t.trace:1:12"),
            (b"40 READ 1\n", "t.trace:1:1"),
            (b"0x READ 1\n", "t.trace:1:1"),
            (b"0x1ffffffffffffffff READ 1\n", "t.trace:1:1"),
            (b"0x+4 READ 1\n", "t.trace:1:1"),
            (b"0x0 READ -1\n", "t.trace:1:10"),
            (b"0x0 READ 1e3\n", "t.trace:1:10"),
            (b"0x0 \xff\xfe 1\n", "t.trace:1:5"),
            (&long, "t.trace:2:1"),
        ];
        for (text, place) in cases {
            let said = read_all(text).unwrap_err();
            assert!(said.contains(place), "{place}: {said}");
        }
    }
}
