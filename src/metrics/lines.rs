//! Where one record of a file ends and the next begins.

use crate::domain::payment::MAX_RECORD_BYTES;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CSV with a header row; quotes as in RFC 4180.
    Csv {
        /// What separates the columns.
        delimiter: u8,
    },
    /// One JSON object a line.
    Ndjson,
}

/// What is at the beginning of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record.
    Record {
        /// Its bytes without the line end.
        len: usize,
        /// The bytes it takes with the line end.
        taken: usize,
        /// The line ends in it.
        lines: u64,
    },
    /// The head of a record beyond the accepted size; its tail comes as [`Found::Tail`].
    Oversize {
        /// The bytes of the head.
        len: usize,
    },
    /// More of a record beyond the accepted size.
    Tail {
        /// The bytes of it here.
        taken: usize,
        /// The line ends in them: 1 if the record ends here.
        lines: u64,
    },
    /// The record goes on behind the buffer.
    More,
    /// Nothing is left.
    End,
}

/// Finds record after record.
#[derive(Clone, Copy, Debug)]
pub struct Splitter {
    form: Form,
    skipping: bool,
}

impl Splitter {
    /// A splitter at the beginning of a record.
    #[must_use]
    pub const fn new(form: Form) -> Self {
        Self { form, skipping: false }
    }

    /// What is at the beginning of `buffer`; `at_end` when nothing follows it.
    pub fn next(&mut self, buffer: &[u8], at_end: bool) -> Found {
        if buffer.is_empty() {
            return if at_end { Found::End } else { Found::More };
        }
        if self.skipping {
            let end = line_end(buffer);
            self.skipping = end.is_none();
            let taken = end.map_or(buffer.len(), |e| e + 1);
            return Found::Tail { taken, lines: u64::from(end.is_some()) };
        }
        let first = line_end(buffer);
        let quoted = match (self.form, first) {
            (Form::Csv { delimiter }, Some(end)) if buffer[..end].contains(&b'"') => {
                Some(quoted_end(buffer, delimiter))
            }
            (Form::Csv { delimiter }, None) if buffer.contains(&b'"') => {
                Some(quoted_end(buffer, delimiter))
            }
            _ => None,
        };
        let end = match quoted {
            None => first,
            Some(Some(end)) => Some(end),
            // A quote that nobody closes: only its own line is at fault, not the rest of the
            // file.
            Some(None) if at_end || buffer.len() > MAX_RECORD_BYTES => first,
            Some(None) => return Found::More,
        };
        match end {
            Some(end) if end <= MAX_RECORD_BYTES => record(buffer, end, end + 1),
            None if at_end && buffer.len() <= MAX_RECORD_BYTES => {
                record(buffer, buffer.len(), buffer.len())
            }
            None if buffer.len() <= MAX_RECORD_BYTES => Found::More,
            _ => {
                self.skipping = true;
                Found::Oversize { len: MAX_RECORD_BYTES }
            }
        }
    }
}

fn record(buffer: &[u8], end: usize, taken: usize) -> Found {
    let len = if end > 0 && buffer[end - 1] == b'\r' { end - 1 } else { end };
    let inner = if buffer[..len].contains(&b'\n') {
        buffer[..len].split(|b| *b == b'\n').count() - 1
    } else {
        0
    };
    // A file has fewer lines than u64 can count.
    let lines = u64::try_from(inner + usize::from(taken > end)).unwrap_or(u64::MAX);
    Found::Record { len, taken, lines }
}

fn line_end(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|b| *b == b'\n')
}

/// The line end that is outside quotes; a quote opens only at the beginning of a field.
fn quoted_end(buffer: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        if buffer.get(at) == Some(&b'"') {
            at += 1;
            loop {
                at += buffer[at.min(buffer.len())..].iter().position(|b| *b == b'"')? + 1;
                if buffer.get(at) != Some(&b'"') {
                    break;
                }
                at += 1;
            }
        }
        at += buffer[at..].iter().position(|b| *b == b'\n' || *b == delimiter)?;
        if buffer[at] == b'\n' {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(form: Form, mut text: &[u8]) -> Vec<(String, u64)> {
        let mut splitter = Splitter::new(form);
        let mut found = Vec::new();
        loop {
            match splitter.next(text, true) {
                Found::Record { len, taken, lines } => {
                    found.push((String::from_utf8_lossy(&text[..len]).into_owned(), lines));
                    text = &text[taken..];
                }
                Found::Oversize { len } => {
                    found.push((format!("oversize {len}"), 0));
                    text = &text[len..];
                }
                Found::Tail { taken, .. } => text = &text[taken..],
                Found::More => panic!("more at the end"),
                Found::End => return found,
            }
        }
    }

    const CSV: Form = Form::Csv { delimiter: b',' };

    #[test]
    fn lines_end_with_and_without_carriage_return() {
        let expected =
            [("a".to_owned(), 1), ("b".to_owned(), 1), (String::new(), 1), ("c".into(), 0)];
        assert_eq!(all(Form::Ndjson, b"a\r\nb\n\nc"), expected);
        assert_eq!(all(CSV, b"a\r\nb\n\nc"), expected);
    }

    #[test]
    fn a_quoted_field_may_hold_line_ends_and_quotes() {
        let found = all(CSV, b"1,\"x\ny\"\"z\",2\n3,4\n");
        assert_eq!(found, [("1,\"x\ny\"\"z\",2".to_owned(), 2), ("3,4".to_owned(), 1)]);
    }

    #[test]
    fn a_quote_inside_a_field_is_only_a_character() {
        let found = all(CSV, b"1,2\" pipe,3\n4,5,6\n");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn an_unclosed_quote_costs_one_line() {
        let found = all(CSV, b"1,\"open\n2,b\n3,c\n");
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].0, "1,\"open");
    }

    #[test]
    fn a_line_beyond_the_limit_is_cut_and_the_next_one_is_found() {
        let mut text = vec![b'x'; MAX_RECORD_BYTES + 10];
        text.extend_from_slice(b"\nnext\n");
        let found = all(Form::Ndjson, &text);
        assert_eq!(found[0].0, format!("oversize {MAX_RECORD_BYTES}"));
        assert_eq!(found[1], ("next".to_owned(), 1));
    }

    #[test]
    fn asks_for_more_only_where_the_record_goes_on() {
        let mut splitter = Splitter::new(CSV);
        assert_eq!(splitter.next(b"1,2", false), Found::More);
        assert_eq!(splitter.next(b"1,\"a\nb", false), Found::More);
        assert_eq!(splitter.next(b"", false), Found::More);
        assert!(matches!(splitter.next(b"1,2\n", false), Found::Record { .. }));
    }
}
