//! Files of one byte a character, read as UTF-8.

use std::io::{BufRead, Read, Result};

/// How the bytes of a file are its characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO 8859-1: a byte is the character of its number.
    Latin1,
    /// Windows code page 1252: as ISO 8859-1, with characters where that has control characters.
    Windows1252,
}

/// What 0x80 to 0x9f are in code page 1252; five of them are not in use and stay what they are in
/// ISO 8859-1. After Unicode's table CP1252.TXT.
const WINDOWS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2c6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

impl Encoding {
    /// The character of a byte.
    #[must_use]
    pub const fn character(self, byte: u8) -> char {
        match self {
            Self::Windows1252 if byte >= 0x80 && byte < 0xa0 => WINDOWS[(byte - 0x80) as usize],
            _ => byte as char,
        }
    }

    /// Whether a text holds a control character from U+0080 to U+009F, which no file of this
    /// encoding means: then it is of another one. UTF-8 text may hold what it wants.
    #[must_use]
    pub fn is_foreign(self, text: &[u8]) -> bool {
        let mut pairs = text.windows(2);
        self != Self::Utf8 && pairs.any(|p| p[0] == 0xc2 && (0x80..0xa0).contains(&p[1]))
    }
}

/// Reads bytes of `encoding` and gives UTF-8.
#[derive(Debug)]
pub struct Recoded<R> {
    source: R,
    encoding: Encoding,
    /// The rest of a character that had no room.
    held: [u8; 4],
    rest: (usize, usize),
}

impl<R: BufRead> Recoded<R> {
    /// A reader from the beginning of `source`.
    pub const fn new(source: R, encoding: Encoding) -> Self {
        Self { source, encoding, held: [0; 4], rest: (0, 0) }
    }
}

impl<R: BufRead> Read for Recoded<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut written = self.give(out);
        if written > 0 || out.is_empty() {
            return Ok(written);
        }
        let bytes = self.source.fill_buf()?;
        let mut taken = 0;
        let mut held = ([0; 4], 0);
        for byte in bytes {
            let mut buffer = [0; 4];
            let length = self.encoding.character(*byte).encode_utf8(&mut buffer).len();
            if out.len() - written < length {
                if written == 0 {
                    // Less room than one character needs: it is given in pieces.
                    held = (buffer, length);
                    taken += 1;
                }
                break;
            }
            out[written..written + length].copy_from_slice(&buffer[..length]);
            written += length;
            taken += 1;
        }
        self.source.consume(taken);
        if held.1 > 0 {
            (self.held, self.rest) = (held.0, (0, held.1));
            written = self.give(out);
        }
        Ok(written)
    }
}

impl<R> Recoded<R> {
    fn give(&mut self, out: &mut [u8]) -> usize {
        let (from, to) = self.rest;
        let count = (to - from).min(out.len());
        out[..count].copy_from_slice(&self.held[from..from + count]);
        self.rest.0 += count;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    #[test]
    fn the_table_is_that_of_unicode() {
        for (byte, character) in
            [(0x80, '€'), (0x8c, 'Œ'), (0x92, '’'), (0x9f, 'Ÿ'), (0xa3, '£'), (0xff, 'ÿ')]
        {
            assert_eq!(Encoding::Windows1252.character(byte), character);
        }
        assert_eq!(Encoding::Latin1.character(0xa3), '£');
        assert_eq!(Encoding::Latin1.character(0x80), '\u{80}');
    }

    #[test]
    fn control_characters_tell_another_encoding() {
        let recoded = |encoding, bytes: &[u8]| {
            let mut text = Vec::new();
            Recoded::new(bytes, encoding).read_to_end(&mut text).unwrap();
            encoding.is_foreign(&text)
        };
        assert!(recoded(Encoding::Latin1, b"5 \x80"));
        assert!(!recoded(Encoding::Windows1252, b"5 \x80"));
        assert!(recoded(Encoding::Windows1252, b"\x81"));
        assert!(!recoded(Encoding::Latin1, b"\xa35"));
        assert!(!Encoding::Utf8.is_foreign("\u{85}".as_bytes()));
    }

    proptest! {
        #[test]
        fn every_byte_is_its_character_whatever_the_buffers(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            inner in 1usize..9,
            room in 1usize..9,
            windows in any::<bool>(),
        ) {
            let encoding = if windows { Encoding::Windows1252 } else { Encoding::Latin1 };
            let mut reader = Recoded::new(BufReader::with_capacity(inner, &bytes[..]), encoding);
            let (mut text, mut buffer) = (Vec::new(), vec![0; room]);
            loop {
                let read = reader.read(&mut buffer).unwrap();
                if read == 0 { break }
                text.extend_from_slice(&buffer[..read]);
            }
            let wanted: String = bytes.iter().map(|b| encoding.character(*b)).collect();
            prop_assert_eq!(String::from_utf8(text).unwrap(), wanted);
        }
    }
}
