//! Which rows are asked for, as `status=FAILED` or `amount>=100`.

use rust_decimal::Decimal;

use crate::analytics::grouping::Field;
use crate::metrics::kind::{Form, Kind};
use crate::timescale::sql::literal;

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Of which field.
    pub field: Field,
    /// How it is compared, in SQL.
    pub comparison: &'static str,
    /// With what; `None` is the unknown.
    pub value: Option<String>,
}

impl Condition {
    /// Reads `FIELD=VALUE`, with `=`, `!=`, `<`, `<=`, `>` or `>=`; `FIELD=` asks for rows where it is
    /// not known, `FIELD!=` where it is.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        let at = text.find(['=', '!', '<', '>']).ok_or_else(|| {
            format!("`{text}` is not a condition such as status=FAILED or amount>=100")
        })?;
        let (name, rest) = text.split_at(at);
        let comparison =
            ["!=", "<=", ">=", "<", ">", "="].into_iter().find(|c| rest.starts_with(c));
        let comparison =
            comparison.ok_or_else(|| format!("`{text}` has no =, !=, <, <=, > or >="))?;
        let value = &rest[comparison.len()..];
        let field = Field::parse(kind, name.trim())?;
        let equality = matches!(comparison, "=" | "!=");
        match field.form() {
            Form::Time => {
                return Err("give the time with --since and --until, not in a condition".to_owned());
            }
            Form::Json => {
                let name = field.name();
                return Err(format!("`{name}` holds several values: give one as {name}.NAME"));
            }
            Form::Text if !equality => {
                return Err(format!("`{}` is a text: compare it with = or !=", field.name()));
            }
            Form::Text => {}
            Form::Money | Form::Score | Form::Count | Form::Real | Form::Revision => {
                if value.is_empty() && !equality {
                    return Err(format!("`{text}` compares with nothing"));
                }
                if !value.is_empty() && value.parse::<Decimal>().is_err() {
                    return Err(format!("`{value}` is not a number, as {} is", field.name()));
                }
            }
        }
        let value = (!value.is_empty()).then(|| value.to_owned());
        Ok(Self { field, comparison, value })
    }

    /// The SQL, its value written as `value` writes the text: as a parameter or a literal.
    fn sql(&self, value: impl FnOnce(&str) -> String) -> String {
        let field = self.field.sql();
        let cast = match self.field.form() {
            Form::Real => "::float8",
            Form::Text | Form::Json | Form::Time => "",
            Form::Money | Form::Score | Form::Count | Form::Revision => "::numeric",
        };
        match (self.comparison, &self.value) {
            ("=", None) => format!("{field} IS NULL"),
            (_, None) => format!("{field} IS NOT NULL"),
            // What is not known differs from every value.
            ("!=", Some(text)) => format!("{field} IS DISTINCT FROM {}::text{cast}", value(text)),
            (comparison, Some(text)) => format!("{field} {comparison} {}::text{cast}", value(text)),
        }
    }
}

/// The conditions together: all must hold, but of several `=` of one field one is enough. Their values
/// are parameters from `$first` on.
#[must_use]
pub fn all(conditions: &[Condition], first: usize) -> String {
    let mut at = first;
    written(conditions, |_| {
        at += 1;
        format!("${}", at - 1)
    })
}

/// The same, each value as a literal, for statements that take no parameters.
#[must_use]
pub fn literally(conditions: &[Condition]) -> String {
    written(conditions, literal)
}

fn written(conditions: &[Condition], mut value: impl FnMut(&str) -> String) -> String {
    let mut any_of: Vec<(&Field, Vec<String>)> = Vec::new();
    let mut sql = String::new();
    for condition in conditions {
        let one = condition.sql(&mut value);
        if condition.comparison != "=" {
            sql.push_str(&format!(" AND {one}"));
            continue;
        }
        match any_of.iter_mut().find(|(field, _)| **field == condition.field) {
            Some((_, group)) => group.push(one),
            None => any_of.push((&condition.field, vec![one])),
        }
    }
    sql.extend(any_of.iter().map(|(_, group)| format!(" AND ({})", group.join(" OR "))));
    sql
}

/// The values to bind, in order.
pub fn values(conditions: &[Condition]) -> impl Iterator<Item = &str> {
    conditions.iter().filter_map(|c| c.value.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(texts: &[&str]) -> Result<String, String> {
        let conditions: Result<Vec<_>, _> =
            texts.iter().map(|t| Condition::parse(Kind::Payment, t)).collect();
        conditions.map(|c| all(&c, 4))
    }

    #[test]
    fn conditions_hold_together_and_values_of_one_field_are_alternatives() {
        assert_eq!(sql(&[]), Ok(String::new()));
        let several =
            ["status=A", "amount>=10.5", "merchantId=", "status=B", "method!=CARD", "score!="];
        let expected = " AND \"amount\" >= $5::text::numeric \
             AND \"payment_method\" IS DISTINCT FROM $7::text \
             AND \"fraud_score\" IS NOT NULL AND (\"status\" = $4::text OR \"status\" = $6::text) \
             AND (\"merchant_id\" IS NULL)";
        assert_eq!(sql(&several), Ok(expected.to_owned()));
    }

    #[test]
    fn a_literal_cannot_leave_its_quotes() {
        let hostile = Condition::parse(Kind::Payment, "status=x'); DROP TABLE t; --").unwrap();
        assert_eq!(literally(&[hostile]), " AND (\"status\" = 'x''); DROP TABLE t; --'::text)");
    }

    #[test]
    fn a_condition_that_cannot_hold_is_refused() {
        for (text, why) in [
            ("status", "not a condition"),
            ("status<A", "is a text"),
            ("amount>=", "compares with nothing"),
            ("amount=NaN", "not a number"),
            ("amount=1e400", "not a number"),
            ("timestamp=2026-01-01", "--since"),
            ("amount!5", "has no ="),
            ("nope=1", "no field `nope`"),
        ] {
            let refused = sql(&[text]).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
