//! What an operator says about files with other people's columns: which column holds which field,
//! which fields are the same in each row, which lines are wanted.

use std::fmt;

use crate::domain::payment::{Currency, PaymentStatus, Score};
use crate::domain::{EventTime, Reject};
use crate::metrics::condition::Condition;
use crate::metrics::draft::Draft;
use crate::metrics::kind::{Form, Given, Kind};

/// What is asked of a file beyond its header, checked against the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    kind: Kind,
    /// The position of a field in [`Kind::columns`], and the column or product of columns it is.
    pub(super) columns: Vec<(usize, String)>,
    /// The position of a field, and its value in each row; an empty one leaves the field out.
    pub(super) constants: Vec<(usize, String)>,
    /// What must hold of a line.
    pub(super) conditions: Vec<Condition>,
}

/// What is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The kind has no such field.
    Field(Kind, String),
    /// The field is given more than once.
    Twice(&'static str),
    /// Each row would be refused for this value.
    Constant(&'static str, Reject),
    /// A field that must be there is left out.
    Empty(&'static str),
    /// The file has no such column; the columns it has.
    Column(String, Vec<String>),
    /// The header cannot be used.
    Header(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(kind, name) => {
                write!(f, "a row of kind {} has no field `{name}`", kind.name())
            }
            Self::Twice(field) => write!(f, "field {field} is given twice"),
            Self::Constant(field, reject) => {
                write!(f, "field {field} cannot have this value: {}", reject.detail)
            }
            Self::Empty(field) => write!(f, "each row must have field {field}"),
            Self::Column(name, header) => {
                write!(f, "it has no column `{name}`; it has {}", header.join(", "))
            }
            Self::Header(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Fault {}

impl Wishes {
    /// Nothing is asked: the header says it all.
    #[must_use]
    pub const fn none(kind: Kind) -> Self {
        Self { kind, columns: Vec::new(), constants: Vec::new(), conditions: Vec::new() }
    }

    /// Checks field and column, field and value, and conditions against a kind.
    ///
    /// # Errors
    /// [`Fault::Field`], [`Fault::Twice`], [`Fault::Constant`] and [`Fault::Empty`].
    pub fn check(
        kind: Kind,
        columns: &[(String, String)],
        constants: &[(String, String)],
        conditions: &[Condition],
    ) -> Result<Self, Fault> {
        let mut wishes = Self { conditions: conditions.to_vec(), ..Self::none(kind) };
        for (name, column) in columns {
            let field = wishes.place(name)?;
            wishes.columns.push((field, column.trim().to_owned()));
        }
        for (name, value) in constants {
            let field = wishes.place(name)?;
            let column = &kind.columns()[field];
            if value.is_empty() && column.given == Given::Always {
                return Err(Fault::Empty(column.field));
            }
            check_value(kind, field, value).map_err(|r| Fault::Constant(column.field, r))?;
            wishes.constants.push((field, value.clone()));
        }
        Ok(wishes)
    }

    /// The fields that can be asked for.
    #[must_use]
    pub fn fields(kind: Kind) -> Vec<String> {
        let columns = kind.columns().iter().filter(|c| c.given != Given::Never);
        columns.map(|c| c.field.to_owned()).collect()
    }

    fn place(&self, name: &str) -> Result<usize, Fault> {
        let columns = self.kind.columns();
        let field = columns
            .iter()
            .position(|c| c.given != Given::Never && c.is_called(name))
            .ok_or_else(|| Fault::Field(self.kind, name.to_owned()))?;
        let mut given = self.columns.iter().chain(&self.constants);
        match given.any(|(f, _)| *f == field) {
            true => Err(Fault::Twice(columns[field].field)),
            false => Ok(field),
        }
    }

    /// Whether it speaks of columns, which only CSV has.
    #[must_use]
    pub fn needs_columns(&self) -> bool {
        !self.columns.is_empty() || !self.conditions.is_empty()
    }

    /// A text that two lists of wishes share only if they mean the same; empty if there are none.
    #[must_use]
    pub fn identity(&self) -> String {
        let columns = self.kind.columns();
        let mut parts: Vec<serde_json::Value> = Vec::new();
        let mut constants = self.constants.clone();
        constants.sort();
        for (field, value) in constants {
            parts.push(serde_json::json!([columns[field].field, value]));
        }
        let mut conditions: Vec<&str> = self.conditions.iter().map(Condition::text).collect();
        conditions.sort_unstable();
        parts.extend(conditions.into_iter().map(Into::into));
        if parts.is_empty() { String::new() } else { serde_json::Value::from(parts).to_string() }
    }
}

/// Whether a field could have this value in a row.
fn check_value(kind: Kind, field: usize, value: &str) -> Result<(), Reject> {
    if value.is_empty() {
        return Ok(());
    }
    let column = &kind.columns()[field];
    let mut draft = Draft::new(kind);
    draft.set(field, value.into());
    let name = column.field;
    match column.form {
        Form::Money => draft.money(name).map(drop),
        Form::Count => draft.count(name).map(drop),
        Form::Real => draft.real(name).map(drop),
        Form::Json => draft.json(name).map(drop),
        Form::Revision => draft.revision().map(drop),
        Form::Score => Score::from_text(value).map(drop),
        Form::Time => EventTime::from_event_text(value).map(drop),
        Form::Text if name == "currency" => Currency::new(value).map(drop),
        Form::Text if kind == Kind::Payment && name == "status" => {
            PaymentStatus::read(value).map(drop)
        }
        Form::Text => draft.text(name).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    fn checked(map: &[(&str, &str)], set: &[(&str, &str)]) -> Result<Wishes, Fault> {
        Wishes::check(Kind::Revenue, &pairs(map), &pairs(set), &[])
    }

    #[test]
    fn mistakes_are_found_without_a_file() {
        let told = |map: &[_], set: &[_]| checked(map, set).unwrap_err().to_string();
        assert!(told(&[("amount", "x")], &[]).contains("no field `amount`"));
        assert!(told(&[("profit", "x")], &[]).contains("no field `profit`"));
        assert!(told(&[("costs", "x"), ("Costs", "y")], &[]).contains("costs is given twice"));
        assert!(told(&[("orders_count", "x")], &[("orders", "1")]).contains("ordersCount"));
        assert!(told(&[], &[("costs", "abc")]).contains("not a decimal number"));
        assert!(told(&[], &[("costs", "")]).contains("must have field costs"));
        assert!(told(&[], &[("currency", "pounds")]).contains("three letters"));
        assert!(told(&[], &[("ordersCount", "-1")]).contains("below zero"));
        assert!(told(&[], &[("timestamp", "noon")]).contains("RFC 3339"));
        let status = Wishes::check(Kind::Payment, &[], &pairs(&[("status", "DONE")]), &[]);
        assert!(status.unwrap_err().to_string().contains("not a payment status"));
        assert!(checked(&[("region", "Country")], &[("costs", "0"), ("category", "")]).is_ok());
    }

    #[test]
    fn the_identity_does_not_depend_on_the_order() {
        let identity = |set: &[_]| checked(&[], set).unwrap().identity();
        let one = identity(&[("costs", "0"), ("currency", "GBP")]);
        assert_eq!(one, identity(&[("currency", "GBP"), ("costs", "0")]));
        assert_ne!(one, identity(&[("currency", "USD"), ("costs", "0")]));
        assert_eq!(identity(&[]), "");
    }
}
