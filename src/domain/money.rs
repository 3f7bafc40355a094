//! Money: a decimal amount, never a binary float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::domain::reject::{Reason, Reject};

/// A decimal amount with at most four decimals and an absolute value below 10^15, which is what
/// `NUMERIC(19,4)` holds. The currency stands beside it, never inside.
///
/// Its text form has two to four decimals: `12.30`, `0.0001`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Decimal);

/// 10^15, the first amount that is too large.
const LIMIT: i128 = 1_000_000_000_000_000;

impl Money {
    /// The amount as a decimal.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    /// Takes `value` if it fits.
    ///
    /// # Errors
    /// [`Reason::Scale`] for more than four decimals, [`Reason::TooLarge`] from 10^15.
    pub fn from_decimal(value: Decimal) -> Result<Self, Reject> {
        let value = if value.scale() > 4 { value.normalize() } else { value };
        if value.scale() > 4 {
            return Err(Reject::new(
                Reason::Scale,
                "amount",
                format!("{value} has more than 4 decimals"),
            ));
        }
        if value.abs() >= Decimal::from_i128_with_scale(LIMIT, 0) {
            return Err(Reject::new(
                Reason::TooLarge,
                "amount",
                format!("{value} is 10^15 or more"),
            ));
        }
        Ok(Self(value))
    }

    /// Reads an amount of zero or more.
    ///
    /// # Errors
    /// As the `FromStr` form, and [`Reason::Negative`].
    pub fn non_negative(text: &str) -> Result<Self, Reject> {
        let money: Self = text.parse()?;
        if money.0.is_sign_negative() && !money.0.is_zero() {
            return Err(Reject::new(Reason::Negative, "amount", format!("{money} is below zero")));
        }
        Ok(money)
    }

    /// The nearest binary float, for statistics (means, ratios), never for sums of money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // A decimal below 10^15 with four decimals always has a nearest float.
        f64::try_from(self.0).unwrap_or(f64::NAN)
    }

    /// Appends the text form to `out`; the same as `Display`, without an allocation.
    pub fn write_text(self, out: &mut Vec<u8>) {
        let scale = self.0.scale();
        let units = u64::try_from(self.0.mantissa().unsigned_abs());
        let (Ok(units), 0..=4) = (units, scale) else {
            out.extend_from_slice(self.to_string().as_bytes());
            return;
        };
        if self.0.is_sign_negative() {
            out.push(b'-');
        }
        let one = 10_u64.pow(scale);
        out.extend_from_slice(itoa::Buffer::new().format(units / one).as_bytes());
        // Four decimals, then as few as needed but two at least.
        let mut fraction = units % one * 10_u64.pow(4 - scale);
        let mut text = *b".0000";
        for place in text[1..].iter_mut().rev() {
            *place = b'0' + u8::try_from(fraction % 10).unwrap_or(0);
            fraction /= 10;
        }
        let length = match text {
            [.., b'0', b'0'] => 3,
            [.., b'0'] => 4,
            _ => 5,
        };
        out.extend_from_slice(&text[..length]);
    }

    /// The amount in units of 0.0001, the smallest there is; sums of them are exact.
    #[must_use]
    pub const fn units(self) -> i128 {
        // At most four decimals, or it would not have been made.
        self.0.mantissa() * 10_i128.pow(4_u32.saturating_sub(self.0.scale()))
    }

    /// The amount of so many units of 0.0001.
    ///
    /// # Errors
    /// [`Reason::TooLarge`] as in [`Self::from_decimal`].
    pub fn from_units(units: i128) -> Result<Self, Reject> {
        match Decimal::try_from_i128_with_scale(units, 4) {
            Ok(value) => Self::from_decimal(value),
            Err(_) => Err(Reject::new(
                Reason::TooLarge,
                "amount",
                format!("{units} units of 0.0001 are 10^15 or more"),
            )),
        }
    }

    /// Appends the text form of units of 0.0001, however many: sums may be larger than an amount.
    pub fn write_units(units: i128, out: &mut Vec<u8>) {
        if units < 0 {
            out.push(b'-');
        }
        let size = units.unsigned_abs();
        out.extend_from_slice(itoa::Buffer::new().format(size / 10_000).as_bytes());
        let fraction = format!(".{:04}", size % 10_000);
        let shorter = fraction.trim_end_matches('0').len().max(3);
        out.extend_from_slice(&fraction.as_bytes()[..shorter]);
    }

    /// The amount rounded half to even to four decimals.
    ///
    /// # Errors
    /// As [`Self::from_decimal`].
    pub fn rounded(value: Decimal) -> Result<Self, Reject> {
        Self::from_decimal(value.round_dp(4))
    }
}

impl FromStr for Money {
    type Err = Reject;

    /// Reads `12.34`, `-1`, `1E+2`; refuses NaN, infinities, more than four decimals.
    fn from_str(text: &str) -> Result<Self, Reject> {
        let text = text.trim();
        if let Ok(value) = Decimal::from_str_exact(text)
            && !text.contains('_')
        {
            return Self::from_decimal(value);
        }
        let shown: String = text.chars().take(64).collect();
        let lower = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
        if ["nan", "inf", "infinity"].contains(&lower.as_str()) {
            return Err(Reject::new(
                Reason::NotANumber,
                "amount",
                format!("`{shown}` is not a number"),
            ));
        }
        if text.contains('_') {
            return Err(Reject::new(
                Reason::BadAmount,
                "amount",
                format!("`{shown}` is not a decimal"),
            ));
        }
        if let Some(plain) = plain_number(&lower) {
            if text.contains(['e', 'E'])
                && let Ok(value) = Decimal::from_scientific(text)
            {
                return Self::from_decimal(value);
            }
            return Err(match plain {
                Magnitude::Large => {
                    Reject::new(Reason::TooLarge, "amount", format!("`{shown}` is 10^15 or more"))
                }
                Magnitude::Fine => Reject::new(
                    Reason::Scale,
                    "amount",
                    format!("`{shown}` has more than 4 decimals"),
                ),
            });
        }
        Err(Reject::new(Reason::BadAmount, "amount", format!("`{shown}` is not a decimal number")))
    }
}

enum Magnitude {
    Large,
    Fine,
}

/// Whether `text` is a number at all (digits, one point, one exponent), and if so whether it is
/// out of reach because it is large or because it has too many decimals.
fn plain_number(text: &str) -> Option<Magnitude> {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let size = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    Some(if size > 15 { Magnitude::Large } else { Magnitude::Fine })
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0;
        if value.scale() > 2 {
            value = value.normalize();
        }
        if value.scale() < 2 {
            value.rescale(2);
        }
        fmt::Display::fmt(&value, f)
    }
}

impl serde::Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_the_value_digit_for_digit() {
        for (text, shown) in [
            ("0.10", "0.10"),
            ("12.3", "12.30"),
            ("12.3400", "12.34"),
            ("0.0001", "0.0001"),
            ("1E+2", "100.00"),
            ("9007199254740.9931", "9007199254740.9931"),
            ("10485760", "10485760.00"),
            ("-3", "-3.00"),
            ("1.50000000", "1.50"),
        ] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        for (text, reason) in [
            ("NaN", Reason::NotANumber),
            ("Infinity", Reason::NotANumber),
            ("-inf", Reason::NotANumber),
            ("1e400", Reason::TooLarge),
            ("1000000000000000", Reason::TooLarge),
            ("1234567890123456789012345678901234567890", Reason::TooLarge),
            ("1.00001", Reason::Scale),
            ("1e-30", Reason::Scale),
            ("0.00000000000000000000000000000000000001", Reason::Scale),
            ("abc", Reason::BadAmount),
            ("", Reason::BadAmount),
            ("1,50", Reason::BadAmount),
            ("1_000", Reason::BadAmount),
            ("0x10", Reason::BadAmount),
        ] {
            assert_eq!(text.parse::<Money>().unwrap_err().reason, reason, "{text}");
        }
        assert_eq!(Money::non_negative("-0.01").unwrap_err().reason, Reason::Negative);
        assert_eq!(Money::non_negative("-0.00").unwrap().to_string(), "0.00");
    }

    #[test]
    fn sums_beyond_an_amount_have_a_text_too() {
        let mut out = Vec::new();
        Money::write_units(i128::MIN, &mut out);
        assert_eq!(out, b"-17014118346046923173168730371588410.5728");
        assert_eq!(Money::from_units(i128::MAX).unwrap_err().reason, Reason::TooLarge);
        assert_eq!(Money::from_units(10_i128.pow(19)).unwrap_err().reason, Reason::TooLarge);
    }

    proptest! {
        #[test]
        fn text_round_trips(units in -9_999_999_999_999_999_999_i128..9_999_999_999_999_999_999) {
            let money = Money::from_decimal(Decimal::from_i128_with_scale(units, 4)).unwrap();
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }

        #[test]
        fn the_written_form_is_the_shown_one(
            units in -9_999_999_999_999_999_999_i128..9_999_999_999_999_999_999,
            cut in 0..20_u32,
            scale in 0..5_u32,
        ) {
            let units = units / 10_i128.pow(cut);
            let value = Decimal::from_i128_with_scale(units, scale);
            prop_assume!(value.abs() < Decimal::from_i128_with_scale(LIMIT, 0));
            let money = Money::from_decimal(value).unwrap();
            let mut out = Vec::new();
            money.write_text(&mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), money.to_string());
            prop_assert_eq!(Money::from_units(money.units()).unwrap(), money);
            let mut out = Vec::new();
            Money::write_units(money.units(), &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), money.to_string());
        }
    }
}
