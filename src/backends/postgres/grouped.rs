//! Metrics by bucket and field.

use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use crate::analytics::grouping::served::Served;
use crate::analytics::grouping::{Line, Measure, Number, Question, Shape};
use crate::backends::postgres::instant::Instant;

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// Asks the rows, or an aggregate that gives the same; at most `limit` lines.
///
/// # Errors
/// A missing table or aggregate, a lost connection, a question that took too long.
pub async fn ask(
    connection: &mut PgConnection,
    question: &Question,
    served: Option<&Served<'_>>,
    limit: i64,
) -> Answer<Vec<Line>> {
    let sql = question.sql(served);
    let mut query = sqlx::query(&sql)
        .bind(&question.tenant)
        .bind(Instant(question.since))
        .bind(Instant(question.until));
    for value in question.values() {
        query = query.bind(value);
    }
    let rows = query.bind(limit).persistent(false).fetch_all(connection).await?;
    rows.iter().map(|row| line(row, question)).collect()
}

fn line(row: &PgRow, question: &Question) -> Answer<Line> {
    let bucket = question.width.map(|_| row.try_get::<Instant, _>(0)).transpose()?;
    let first = usize::from(bucket.is_some());
    let keys = (first..first + question.by.len()).map(|at| row.try_get(at));
    let values = question.measures.iter().zip(first + question.by.len()..);
    Ok(Line {
        bucket: bucket.map(|i| i.0),
        keys: keys.collect::<Answer<_>>()?,
        values: values.map(|(m, at)| number(row, at, m)).collect::<Answer<_>>()?,
    })
}

fn number(row: &PgRow, at: usize, measure: &Measure) -> Answer<Option<Number>> {
    Ok(match measure.shape() {
        Shape::Real => row.try_get::<Option<f64>, _>(at)?.map(Number::Real),
        _ => row.try_get::<Option<Decimal>, _>(at)?.map(Number::Exact),
    })
}
