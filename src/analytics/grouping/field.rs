//! A field that rows are grouped or chosen by: a column, or a name within its JSON.

use crate::metrics::kind::{Column, Form, Kind};
use crate::timescale::sql::{ident, literal};

/// A field of a kind's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A column.
    Column(&'static Column),
    /// A name within a column of JSON objects.
    Label(&'static Column, String),
}

impl Field {
    /// Reads a field's name: a column's, or `labels.campaign`.
    ///
    /// # Errors
    /// There is no such field; the ones there are, are named.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        if let Some(column) = column(kind, text) {
            return Ok(Self::Column(column));
        }
        if let Some((json, name)) = text.split_once('.')
            && let Some(column) = column(kind, json).filter(|c| c.form == Form::Json)
            && !name.is_empty()
        {
            return Ok(Self::Label(column, name.to_owned()));
        }
        let names: Vec<&str> = known(kind).map(|c| c.field).collect();
        Err(format!(
            "{} metrics have no field `{text}`; they have {}",
            kind.name(),
            names.join(", ")
        ))
    }

    /// Its name in results.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Column(column) => column.field.to_owned(),
            Self::Label(column, name) => format!("{}.{name}", column.field),
        }
    }

    /// Its heading for people.
    #[must_use]
    pub fn heading(&self) -> String {
        match self {
            Self::Column(column) => column.heading.to_owned(),
            Self::Label(_, name) => name.to_uppercase(),
        }
    }

    /// Its column, if it is one.
    #[must_use]
    pub const fn column(&self) -> Option<&'static Column> {
        match self {
            Self::Column(column) => Some(column),
            Self::Label(..) => None,
        }
    }

    /// What it holds.
    #[must_use]
    pub const fn form(&self) -> Form {
        match self {
            Self::Column(column) => column.form,
            Self::Label(..) => Form::Text,
        }
    }

    /// Its value in SQL.
    #[must_use]
    pub fn sql(&self) -> String {
        match self {
            Self::Column(column) => ident(column.name),
            Self::Label(column, name) => format!("({} ->> {})", ident(column.name), literal(name)),
        }
    }
}

/// The columns that may be asked for. The tenant is the one that asks.
fn known(kind: Kind) -> impl Iterator<Item = &'static Column> {
    kind.columns().iter().filter(|c| c.name != "tenant")
}

/// The column that is called so.
pub(super) fn column(kind: Kind, text: &str) -> Option<&'static Column> {
    known(kind).find(|c| c.is_called(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_columns_or_names_in_their_json() {
        let field = |text| Field::parse(Kind::Customer, text).map(|f| (f.name(), f.sql()));
        assert_eq!(field("customer_id"), Ok(("customerId".into(), "\"customer_id\"".into())));
        let label = ("labels.o'clock".to_owned(), "(\"labels\" ->> 'o''clock')".to_owned());
        assert_eq!(field("labels.o'clock"), Ok(label));
        for text in ["labels.", "nothing", "metricName.x", "tenant", ""] {
            let refused = field(text).unwrap_err();
            assert!(refused.contains("they have timestamp, customerId, metricName"), "{refused}");
        }
    }
}
