//! About how many bytes values hold outside of themselves, for those who keep many within a budget.

/// What an allocation takes beside its content.
const EACH: usize = 8;

/// Of a text.
#[must_use]
pub const fn text(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() + EACH }
}

/// Of a text that may be absent.
#[must_use]
pub fn optional_text(text: Option<&str>) -> usize {
    text.map_or(0, self::text)
}

/// Of a list, without what its entries hold outside of themselves.
#[must_use]
pub const fn list<T>(list: &Vec<T>) -> usize {
    let bytes = list.capacity() * size_of::<T>();
    if bytes == 0 { 0 } else { bytes + EACH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_allocated() {
        assert_eq!((text(""), text("four"), optional_text(None)), (0, 12, 0));
        assert_eq!(list::<u64>(&Vec::new()), 0);
        assert_eq!(list::<u64>(&Vec::with_capacity(3)), 32);
    }
}
