//! The changelog: a compacted topic that holds each store's latest value by key.

/// The newest format this program reads and writes: the first byte of every value.
pub const FORMAT: u8 = 1;

/// The changelog topic of `store` in the consumer group `group`.
#[must_use]
pub fn topic(group: &str, store: &str) -> String {
    format!("{group}-{store}-changelog")
}

/// Puts the format byte in front of a value that [`crate::streams::store::StoreValue`] wrote.
pub fn seal(value: &[u8], out: &mut Vec<u8>) {
    out.push(FORMAT);
    out.extend_from_slice(value);
}

/// Takes the format byte off.
///
/// # Errors
/// An empty value, or one of a newer format, with both numbers.
pub fn open(bytes: &[u8]) -> Result<&[u8], String> {
    match bytes.split_first() {
        Some((&FORMAT, value)) => Ok(value),
        Some((other, _)) => Err(format!(
            "changelog format {other}, this program knows {FORMAT}; use the program that wrote it"
        )),
        None => Err("an empty changelog value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_refuses_newer() {
        let mut out = Vec::new();
        seal(b"abc", &mut out);
        assert_eq!(open(&out), Ok(&b"abc"[..]));
        assert!(open(&[FORMAT + 1, 0]).is_err_and(|e| e.contains("format 2")));
        assert!(open(&[]).is_err());
    }
}
