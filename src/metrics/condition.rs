//! Which lines of a file are wanted: `Quantity>0`, `InvoiceNo!=C*`, `Country=Norway`.

use rust_decimal::Decimal;

use crate::domain::{Reason, Reject};

/// What the value of one column must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// As it was given.
    text: String,
    column: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Is(Pattern),
    IsNot(Pattern),
    Number(Order, Decimal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Below,
    AtMost,
    Above,
    AtLeast,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// The whole text, or the same number.
    Whole(String, Option<Decimal>),
    /// What the text begins with.
    Start(String),
}

impl Condition {
    /// Reads COLUMN, one of `=` `!=` `<` `<=` `>` `>=`, and a value; for `=` and `!=` a `*` at its end
    /// stands for anything, for the others it is a number.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let forms = "give COLUMN=VALUE, COLUMN!=VALUE, or COLUMN and a number with <, <=, > or >=";
        let at = text.find(['!', '=', '<', '>']).filter(|at| *at > 0).ok_or(forms)?;
        let (column, rest) = text.split_at(at);
        let known = ["!=", "<=", ">=", "=", "<", ">"];
        let sign = known.into_iter().find(|sign| rest.starts_with(sign)).ok_or(forms)?;
        let value = rest[sign.len()..].trim();
        let order = match sign {
            "=" => return Ok(Self::of(text, column, Test::Is(Pattern::parse(value)))),
            "!=" => return Ok(Self::of(text, column, Test::IsNot(Pattern::parse(value)))),
            "<" => Order::Below,
            "<=" => Order::AtMost,
            ">" => Order::Above,
            _ => Order::AtLeast,
        };
        let number = number(value).ok_or_else(|| format!("`{value}` is not a number"))?;
        Ok(Self::of(text, column, Test::Number(order, number)))
    }

    fn of(text: &str, column: &str, test: Test) -> Self {
        Self { text: text.to_owned(), column: column.trim().to_owned(), test }
    }

    /// As it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The column.
    #[must_use]
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Whether a value of the column is wanted. No value is neither above nor below a number.
    ///
    /// # Errors
    /// [`Reason::WrongType`] if a number is asked for and the value is none.
    pub fn holds(&self, value: &str) -> Result<bool, Reject> {
        let value = value.trim();
        let (order, limit) = match &self.test {
            Test::Is(pattern) => return Ok(pattern.matches(value)),
            Test::IsNot(pattern) => return Ok(!pattern.matches(value)),
            Test::Number(order, limit) => (order, limit),
        };
        if value.is_empty() {
            return Ok(false);
        }
        let number = number(value).ok_or_else(|| {
            let shown: String = value.chars().take(32).collect();
            let detail = format!(
                "`{shown}` in column {} is not a number, which {} asks for",
                self.column, self.text
            );
            Reject::new(Reason::WrongType, "", detail)
        })?;
        Ok(match order {
            Order::Below => number < *limit,
            Order::AtMost => number <= *limit,
            Order::Above => number > *limit,
            Order::AtLeast => number >= *limit,
        })
    }
}

impl Pattern {
    fn parse(value: &str) -> Self {
        match value.strip_suffix('*') {
            Some(start) => Self::Start(start.to_owned()),
            None => Self::Whole(value.to_owned(), number(value)),
        }
    }

    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Start(start) => value.starts_with(start.as_str()),
            Self::Whole(text, wanted) => {
                value == text || wanted.is_some_and(|wanted| number(value) == Some(wanted))
            }
        }
    }
}

fn number(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).ok().filter(|_| !text.contains('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_starts_and_numbers_are_compared() {
        for (condition, value, wanted) in [
            ("InvoiceNo!=C*", "C536379", false),
            ("InvoiceNo!=C*", "536379", true),
            ("Country=United Kingdom", "United Kingdom", true),
            ("Country=United Kingdom", "EIRE", false),
            ("CustomerID=17850", "17850.0", true),
            ("CustomerID!=17850", "17850.0", false),
            ("CustomerID!=", "", false),
            ("CustomerID!=", "17850.0", true),
            ("Quantity>0", "-1", false),
            ("Quantity > 0", " 1 ", true),
            ("Quantity>=0", "0", true),
            ("UnitPrice<0.001", "0", true),
            ("UnitPrice<=0.001", "0.0010", true),
            ("UnitPrice>0", "", false),
            ("Description=?", "?", true),
        ] {
            let parsed = Condition::parse(condition).unwrap();
            assert_eq!(parsed.holds(value), Ok(wanted), "{condition} of `{value}`");
            assert_eq!(parsed.text(), condition);
        }
        let reject = Condition::parse("Quantity>0").unwrap().holds("six").unwrap_err();
        assert_eq!(reject.reason, Reason::WrongType);
        assert!(reject.detail.contains("column Quantity"), "{reject}");
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["Quantity", "=3", "Quantity>", "Quantity>many", "Quantity!3", ""] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }
}
