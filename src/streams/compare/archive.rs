//! Keeps what outputs said, packed: most of it is never looked at again.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::Output;

/// How much is packed at once.
const BLOCK: usize = 1 << 17;

/// Where an output is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    block: u32,
    offset: u32,
}

/// Outputs in packed blocks.
#[derive(Debug, Default)]
pub struct Archive {
    blocks: Vec<Box<[u8]>>,
    open: Vec<u8>,
}

impl Archive {
    /// Keeps an output.
    pub fn keep(&mut self, output: &Output) -> Place {
        if self.open.len() >= BLOCK {
            self.blocks.push(packed(&self.open));
            self.open.clear();
        }
        // Blocks and records are far smaller than what 32 bits count.
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let place = Place { block: small(self.blocks.len()), offset: small(self.open.len()) };
        serde_json::to_writer(&mut self.open, output)
            .expect("texts and JSON have a JSON form, and memory takes them");
        place
    }

    /// What is kept at a place; the caller asks for few of them.
    #[must_use]
    pub fn get(&self, place: Place) -> Option<Output> {
        let block = usize::try_from(place.block).ok()?;
        let offset = usize::try_from(place.offset).ok()?;
        let mut text = Vec::new();
        let text = match self.blocks.get(block) {
            Some(block) => {
                DeflateDecoder::new(&block[..]).read_to_end(&mut text).ok()?;
                &text
            }
            None => &self.open,
        };
        // A value may hold line breaks, so the parser finds where it ends.
        serde_json::Deserializer::from_slice(text.get(offset..)?).into_iter().next()?.ok()
    }
}

fn packed(block: &[u8]) -> Box<[u8]> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(BLOCK / 4), Compression::fast());
    let written = encoder.write_all(block).and_then(|()| encoder.finish());
    written.expect("memory takes what is written").into_boxed_slice()
}
