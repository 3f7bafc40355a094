//! The value of a letter, made readable.

use crate::streams::letters::json::laid_out;

/// Bytes of text that are shown; a letter may be as large as a record.
const TEXT: usize = 16 << 10;
/// Bytes of a hex dump.
const DUMP: usize = 256;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A null value: a tombstone.
    Null,
    /// Zero bytes.
    Empty,
    /// JSON.
    Json,
    /// Text that is no JSON.
    Text,
    /// No text.
    Bytes,
}

impl Form {
    /// The word for it; a promise.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Empty => "empty",
            Self::Json => "json",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it looks like.
    pub form: Form,
    /// Its lines.
    pub text: String,
    /// Whether the rest was left out.
    pub cut: bool,
}

/// Shows `value`: JSON over lines with the faulty `field` marked, other text as it is, else a hex
/// dump of the first bytes.
#[must_use]
pub fn shown(value: Option<&[u8]>, field: &str) -> Shown {
    let plain = |form, text: &str| Shown { form, text: text.to_owned(), cut: false };
    let Some(bytes) = value else { return plain(Form::Null, "(null: a tombstone)") };
    if bytes.is_empty() {
        return plain(Form::Empty, "(empty: 0 bytes)");
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        let dumped = &bytes[..bytes.len().min(DUMP)];
        return Shown { form: Form::Bytes, text: dump(dumped), cut: bytes.len() > DUMP };
    };
    if serde_json::from_str::<&serde_json::value::RawValue>(text).is_err() {
        return shortened(Form::Text, text.to_owned());
    }
    let (mut laid, marked) = laid_out(text, field, "   <-- here");
    if !marked && !field.is_empty() {
        laid.push_str(&format!("\n(no member \"{field}\")"));
    }
    shortened(Form::Json, laid)
}

fn shortened(form: Form, mut text: String) -> Shown {
    let cut = text.len() > TEXT;
    if cut {
        let end = (0..=TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    Shown { form, text, cut }
}

/// Sixteen bytes a line: offset, hex, printable ASCII.
fn dump(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).enumerate().map(|(line, chunk)| {
        let hex: String = chunk.iter().map(|b| format!("{b:02x} ")).collect();
        let printable = |b: &u8| if (0x20..0x7f).contains(b) { char::from(*b) } else { '.' };
        let text: String = chunk.iter().map(printable).collect();
        format!("{:08x}  {hex:<48} {text}", line * 16)
    });
    lines.collect::<Vec<_>>().join("\n")
}
