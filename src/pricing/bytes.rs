//! Reading state's bytes back: numbers from the front of what is left.

/// Takes `N` bytes off.
///
/// # Errors
/// There are fewer.
pub fn take<const N: usize>(rest: &mut &[u8], of: &str) -> Result<[u8; N], String> {
    let (first, after) =
        rest.split_first_chunk().ok_or_else(|| format!("{of} that ends too early"))?;
    *rest = after;
    Ok(*first)
}

/// Takes a number of eight bytes, little-endian, off.
///
/// # Errors
/// There are fewer bytes.
pub fn number(rest: &mut &[u8], of: &str) -> Result<u64, String> {
    Ok(u64::from_le_bytes(take(rest, of)?))
}

/// Takes a float that is finite and not negative off.
///
/// # Errors
/// There are fewer bytes, or they are another number.
pub fn weight(rest: &mut &[u8], of: &str) -> Result<f64, String> {
    let value = f64::from_le_bytes(take(rest, of)?);
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => Err(format!("{of} with a weight of {value}")),
    }
}

/// The bytes behind the version byte.
///
/// # Errors
/// Another version, or nothing.
pub fn versioned<'a>(bytes: &'a [u8], version: u8, of: &str) -> Result<&'a [u8], String> {
    match bytes.split_first() {
        Some((found, rest)) if *found == version => Ok(rest),
        Some((other, _)) => Err(format!("{of} of version {other}; this program reads {version}")),
        None => Err(format!("{of} without bytes")),
    }
}

/// That nothing is left.
///
/// # Errors
/// Something is.
pub fn end(rest: &[u8], of: &str) -> Result<(), String> {
    match rest.len() {
        0 => Ok(()),
        more => Err(format!("{of} with {more} bytes behind its end")),
    }
}
