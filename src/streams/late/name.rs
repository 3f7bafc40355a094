//! By what the result of a window is known: its id without the revision.

use crate::domain::EventTime;
use crate::streams::window::WindowSpan;

/// The result of a window, whatever its revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The sink, by position.
    pub sink: usize,
    /// The record's key.
    pub key: Vec<u8>,
    /// What goes before the span in the id: of whom or what it tells.
    pub about: String,
    /// What the measurement is called, if it is one that was taken from a result.
    pub measure: Option<String>,
    /// The window.
    pub span: WindowSpan,
}

impl Name {
    /// Reads an id `<about>/<start>-<end>[/r<revision>][/<measure>]`, times in microseconds; gives
    /// the revision too. `None` if it is another form.
    #[must_use]
    pub fn read(sink: usize, key: &[u8], id: &str) -> Option<(Self, u32)> {
        let (rest, last) = id.rsplit_once('/')?;
        // From the end: what a result is about may have slashes in it.
        let (about, span, revision, measure) = match (span(last), revision(last)) {
            (Some(span), _) => (rest, span, 1, None),
            (None, Some(revision)) => {
                let (about, text) = rest.rsplit_once('/')?;
                (about, self::span(text)?, revision, None)
            }
            (None, None) => {
                let (before, text) = rest.rsplit_once('/')?;
                let (about, span, revision) = match self::revision(text) {
                    Some(revision) => {
                        let (about, text) = before.rsplit_once('/')?;
                        (about, self::span(text)?, revision)
                    }
                    None => (before, self::span(text)?, 1),
                };
                let named = last.bytes().any(|b| b.is_ascii_lowercase() && b != b'r');
                if !named {
                    return None;
                }
                (about, span, revision, Some(last.to_owned()))
            }
        };
        let about = about.to_owned();
        Some((Self { sink, key: key.to_vec(), about, measure, span }, revision))
    }

    /// The id of a revision.
    #[must_use]
    pub fn id(&self, revision: u32) -> String {
        let WindowSpan { start, end } = self.span;
        let mut id = format!("{}/{}-{}", self.about, start.micros(), end.micros());
        if revision > 1 {
            id.push_str(&format!("/r{revision}"));
        }
        if let Some(measure) = &self.measure {
            id.push('/');
            id.push_str(measure);
        }
        id
    }

    /// Whether both cannot stand beside each other: the same thing told of spans with a time in
    /// common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let same = (self.sink, &self.key, &self.about, &self.measure)
            == (other.sink, &other.key, &other.about, &other.measure);
        let (a, b) = (self.span, other.span);
        let (from, to) = (a.start.max(b.start), a.end.min(b.end));
        // Windows hold their start and not their end; a session of one event is a point.
        let point = a.start == a.end || b.start == b.end;
        same && (from < to || (point && from == to))
    }

    /// Whether the span of `other` lies in this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.span.start <= other.span.start && other.span.end <= self.span.end
    }
}

fn span(text: &str) -> Option<WindowSpan> {
    // The first sign may be the start's own.
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '-')?.0;
    let time = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten().map(EventTime::from_micros)
    };
    Some(WindowSpan { start: time(&text[..at])?, end: time(&text[at + 1..])? })
}

fn revision(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('r')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|revision| *revision > 1)
}

/// The member that says the revision, as all our writers write it: the last one.
const MEMBER: &str = ",\"revision\":";

/// A value without its revision: what two results of one name are compared by.
#[must_use]
pub fn content(value: &[u8]) -> &[u8] {
    revision_at(value).map_or(value, |at| &value[..at])
}

/// A value with another revision. One that says none stays as it is.
#[must_use]
pub fn revised(value: &[u8], revision: u32) -> Vec<u8> {
    let Some(at) = revision_at(value) else { return value.to_vec() };
    let mut revised = value[..at].to_vec();
    revised.extend_from_slice(MEMBER.as_bytes());
    revised.extend_from_slice(revision.to_string().as_bytes());
    revised.push(b'}');
    revised
}

fn revision_at(value: &[u8]) -> Option<usize> {
    let inner = value.strip_suffix(b"}")?;
    let digits = inner.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let member = inner[..inner.len() - digits].strip_suffix(MEMBER.as_bytes())?;
    (digits > 0).then_some(member.len())
}
