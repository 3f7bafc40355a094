//! How finely a currency is paid.

use crate::domain::payment::Currency;

/// Currencies without a smaller unit (ISO 4217, exponent 0).
const WHOLE: [&[u8; 3]; 16] = [
    b"BIF", b"CLP", b"DJF", b"GNF", b"ISK", b"JPY", b"KMF", b"KRW", b"PYG", b"RWF", b"UGX", b"VND",
    b"VUV", b"XAF", b"XOF", b"XPF",
];
/// Currencies with thousandths (ISO 4217, exponent 3).
const THOUSANDTHS: [&[u8; 3]; 7] = [b"BHD", b"IQD", b"JOD", b"KWD", b"LYD", b"OMR", b"TND"];

impl Currency {
    /// Decimals of an amount that can be paid: 2 for cents, 0 for yen (ISO 4217's exponent; 2 for
    /// codes that are not listed there).
    #[must_use]
    pub fn decimals(self) -> u32 {
        let is = |code: &&[u8; 3]| **code == self.bytes();
        match () {
            () if WHOLE.iter().any(is) => 0,
            () if THOUSANDTHS.iter().any(is) => 3,
            () => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_the_currency_s() {
        for (code, decimals) in [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("ZZZ", 2)] {
            assert_eq!(Currency::new(code).unwrap().decimals(), decimals, "{code}");
        }
    }
}
