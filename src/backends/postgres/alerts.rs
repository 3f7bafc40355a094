//! Fraud alerts into their hypertable and out of it.

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Json;
use sqlx::{QueryBuilder, Row};

use crate::backends::error::Result;
use crate::backends::postgres::fault;
use crate::backends::postgres::instant::Instant;
use crate::domain::Money;
use crate::domain::payment::Currency;
use crate::metrics::alert::Alert;
use crate::metrics::query::AlertQuery;

/// What became of one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    Stored,
    /// It was there with the same content.
    Duplicate,
    /// It was there with other content, which is given.
    Conflicting(Box<Alert>),
}

pub(super) const COLUMNS: &str = "time, alert_id, rule, rule_version, severity, customer_id, payment_ids, \
                       amount, currency, \"values\", window_start, window_end, description, \
                       revision";

/// Writes an alert inside the open transaction; one that is there is left as it is.
///
/// # Errors
/// What the server says; a deadlock is worth a repetition.
pub async fn write(
    connection: &mut PgConnection,
    tenant: &str,
    alert: &Alert,
) -> std::result::Result<Written, sqlx::Error> {
    let statement = format!(
        "INSERT INTO bss.fraud_alerts ({COLUMNS}, tenant) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT DO NOTHING"
    );
    let done = sqlx::query(&statement)
        .bind(Instant(alert.time))
        .bind(&alert.alert_id)
        .bind(&alert.rule)
        .bind(alert.rule_version)
        .bind(&alert.severity)
        .bind(&alert.customer_id)
        .bind(&alert.payment_ids)
        .bind(alert.amount.as_ref().map(|(m, _)| m.decimal()))
        .bind(alert.amount.as_ref().map(|(_, c)| c.code().to_owned()))
        .bind(Json(Value::Object(alert.values.clone())))
        .bind(alert.window_start.map(Instant))
        .bind(alert.window_end.map(Instant))
        .bind(&alert.description)
        .bind(alert.revision)
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(Written::Stored);
    }
    let select = format!(
        "SELECT {COLUMNS} FROM bss.fraud_alerts \
         WHERE tenant = $1 AND alert_id = $2 AND time = $3"
    );
    let there = sqlx::query(&select)
        .bind(tenant)
        .bind(&alert.alert_id)
        .bind(Instant(alert.time))
        .fetch_one(connection)
        .await?;
    let there = read(&there)?;
    if same(&there, alert) {
        return Ok(Written::Duplicate);
    }
    Ok(Written::Conflicting(Box::new(there)))
}

/// Whether two alerts say the same; JSON numbers count by value, since `jsonb` writes them anew.
fn same(stored: &Alert, alert: &Alert) -> bool {
    let mut stored = stored.clone();
    let values = std::mem::take(&mut stored.values);
    let mut alert = alert.clone();
    let other = std::mem::take(&mut alert.values);
    stored == alert && alike(&Value::Object(values), &Value::Object(other))
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| alike(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

pub(super) fn read(row: &PgRow) -> std::result::Result<Alert, sqlx::Error> {
    let wrong = |e: crate::domain::Reject| sqlx::Error::Decode(Box::new(e));
    let amount: Option<Decimal> = row.try_get("amount")?;
    let currency: Option<String> = row.try_get("currency")?;
    let amount = match (amount, currency) {
        (Some(amount), Some(currency)) => Some((
            Money::from_decimal(amount).map_err(wrong)?,
            Currency::new(&currency).map_err(wrong)?,
        )),
        _ => None,
    };
    let Json(values): Json<serde_json::Map<String, Value>> = row.try_get("values")?;
    let Instant(time) = row.try_get("time")?;
    let instant = |name: &str| -> std::result::Result<_, sqlx::Error> {
        Ok(row.try_get::<Option<Instant>, _>(name)?.map(|i| i.0))
    };
    Ok(Alert {
        alert_id: row.try_get("alert_id")?,
        rule: row.try_get("rule")?,
        rule_version: row.try_get("rule_version")?,
        severity: row.try_get("severity")?,
        customer_id: row.try_get("customer_id")?,
        payment_ids: row.try_get("payment_ids")?,
        amount,
        values,
        window_start: instant("window_start")?,
        window_end: instant("window_end")?,
        time,
        description: row.try_get("description")?,
        revision: row.try_get("revision")?,
    })
}

/// The alerts a report asks for, newest first, and how many there are in all.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn list(
    connection: &mut PgConnection,
    query: &AlertQuery,
) -> std::result::Result<(Vec<Alert>, u64), sqlx::Error> {
    let mut rows = QueryBuilder::new(format!("SELECT {COLUMNS} FROM bss.fraud_alerts "));
    narrow(&mut rows, query);
    rows.push(" ORDER BY time DESC, alert_id LIMIT ").push_bind(i64::from(query.limit));
    let found = rows.build().fetch_all(&mut *connection).await?;
    let alerts = found.iter().map(read).collect::<std::result::Result<_, _>>()?;
    let mut all = QueryBuilder::new("SELECT count(*) FROM bss.fraud_alerts ");
    narrow(&mut all, query);
    let count: i64 = all.build_query_scalar().fetch_one(connection).await?;
    Ok((alerts, u64::try_from(count).unwrap_or(0)))
}

fn narrow<'q>(builder: &mut QueryBuilder<'q, sqlx::Postgres>, query: &'q AlertQuery) {
    builder.push("WHERE tenant = ").push_bind(&query.tenant);
    builder.push(" AND time >= ").push_bind(Instant(query.since));
    builder.push(" AND time < ").push_bind(Instant(query.until));
    for (column, value) in
        [("severity", &query.severity), ("rule", &query.rule), ("customer_id", &query.customer)]
    {
        if let Some(value) = value {
            builder.push(format!(" AND {column} = ")).push_bind(value);
        }
    }
}

/// One alert by its id; of several revisions the newest.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn find(
    connection: &mut PgConnection,
    tenant: &str,
    alert_id: &str,
) -> Result<Option<Alert>> {
    let what = || format!("could not read alert \"{alert_id}\" from hypertable bss.fraud_alerts");
    let select = format!(
        "SELECT {COLUMNS} FROM bss.fraud_alerts WHERE tenant = $1 AND alert_id = $2 \
         ORDER BY revision DESC, time DESC LIMIT 1"
    );
    let row = sqlx::query(&select)
        .bind(tenant)
        .bind(alert_id)
        .fetch_optional(connection)
        .await
        .map_err(|e| fault(e, what()))?;
    row.as_ref().map(read).transpose().map_err(|e| fault(e, what()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_alike_by_value_and_keys_in_any_order() {
        let value = |t: &str| serde_json::from_str::<Value>(t).unwrap();
        assert!(alike(&value(r#"{"a":1.50,"b":[1]}"#), &value(r#"{"b":[1],"a":1.5}"#)));
        assert!(!alike(&value(r#"{"a":1}"#), &value(r#"{"a":"1"}"#)));
        assert!(!alike(&value(r#"{"a":1}"#), &value(r#"{"a":1,"b":2}"#)));
    }
}
