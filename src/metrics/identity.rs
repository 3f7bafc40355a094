//! The ids of rows that do not bring one: a digest of the line, and of identical lines of a file
//! which of them it is, so that the same file gives the same ids however often it is loaded.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

/// Bytes of the digest that an id shows.
const SHOWN: usize = 16;

/// Names the lines of one file, in their order. Keeps eight bytes a line.
#[derive(Debug, Default)]
pub struct Identities {
    seen: HashSet<u64>,
    repeated: HashMap<u64, u32>,
}

impl Identities {
    /// The id of the next line: 32 hexadecimal digits, with `-2`, `-3`, ... for one that came
    /// before.
    pub fn name(&mut self, line: &[u8]) -> String {
        let digest = Sha256::digest(line);
        let mut name: String = digest[..SHOWN].iter().map(|b| format!("{b:02x}")).collect();
        let short = u64::from_be_bytes(*digest.first_chunk().expect("32 bytes"));
        if !self.seen.insert(short) {
            let times = self.repeated.entry(short).or_insert(1);
            *times += 1;
            name.push_str(&format!("-{times}"));
        }
        name
    }
}

/// The id of an event without its revision, by which all revisions of a row are one: `a/r2/b` of
/// revision 2 is `a/b`, as the topologies write it.
#[must_use]
pub fn without_revision(id: &str, revision: i32) -> String {
    let part = format!("/r{revision}");
    let found = id.rfind(&part).filter(|_| revision > 1);
    match found.map(|at| (&id[..at], &id[at + part.len()..])) {
        Some((head, rest)) if rest.is_empty() || rest.starts_with('/') => format!("{head}{rest}"),
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_lines_are_told_apart_by_their_order() {
        let names = |lines: &[&str]| {
            let mut identities = Identities::default();
            lines.iter().map(|line| identities.name(line.as_bytes())).collect::<Vec<_>>()
        };
        let found = names(&["a", "b", "a", "a", "b"]);
        assert_eq!(found[0].len(), 32);
        assert_eq!(found[2], format!("{}-2", found[0]));
        assert_eq!(found[3], format!("{}-3", found[0]));
        assert_eq!(found[4], format!("{}-2", found[1]));
        assert_eq!(found, names(&["a", "b", "a", "a", "b"]));
    }

    #[test]
    fn all_revisions_of_a_row_have_one_id() {
        for (id, revision, base) in [
            ("EU/books/EUR/1-2", 1, "EU/books/EUR/1-2"),
            ("EU/books/EUR/1-2/r2", 2, "EU/books/EUR/1-2"),
            ("c/1-2/r12/activity_score", 12, "c/1-2/activity_score"),
            ("EU/r2/EUR/1-2", 1, "EU/r2/EUR/1-2"),
            ("EU/r20/EUR", 2, "EU/r20/EUR"),
            ("a/r3", 2, "a/r3"),
        ] {
            assert_eq!(without_revision(id, revision), base, "{id}");
        }
    }
}
