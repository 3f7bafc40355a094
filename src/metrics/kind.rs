//! The five kinds of metric: what their rows hold, what they are called in files and in tables, and
//! what their keys are.

/// A kind of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Measurements of a customer by name.
    Customer,
    /// Orders, once for each status.
    Order,
    /// Payments, once for each status.
    Payment,
    /// Revenue, costs and profit by region and product category.
    Revenue,
    /// The gauges of a service.
    System,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A text.
    Text,
    /// An instant.
    Time,
    /// An amount of money, four decimals.
    Money,
    /// A score from 0 to 100, three decimals.
    Score,
    /// A whole number, 64 bits.
    Count,
    /// A finite double.
    Real,
    /// A JSON object.
    Json,
    /// Which version of the row it is, from 1.
    Revision,
}

/// Whether a file has a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Each row must have it.
    Always,
    /// A row may have it.
    Maybe,
    /// It is never read but made of the others.
    Never,
}

/// A column of a hypertable and the field that it is in files and records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column.
    pub name: &'static str,
    /// The field, camelCase.
    pub field: &'static str,
    /// What a table's heading calls it.
    pub heading: &'static str,
    /// What else the field may be called in a file.
    pub others: &'static [&'static str],
    /// What it holds.
    pub form: Form,
    /// Whether it is part of the natural key.
    pub is_key: bool,
    /// Whether files have it.
    pub given: Given,
}

impl Column {
    const fn new(
        name: &'static str,
        field: &'static str,
        heading: &'static str,
        form: Form,
    ) -> Self {
        Self { name, field, heading, others: &[], form, is_key: false, given: Given::Maybe }
    }

    const fn needed(mut self) -> Self {
        self.given = Given::Always;
        self
    }

    const fn made(mut self) -> Self {
        self.given = Given::Never;
        self
    }

    const fn key(mut self) -> Self {
        self.is_key = true;
        self
    }

    const fn or(mut self, others: &'static [&'static str]) -> Self {
        self.others = others;
        self
    }

    /// Whether two rows of one key must agree in it to be the same.
    #[must_use]
    pub fn is_content(&self) -> bool {
        !self.is_key && !matches!(self.name, "event_id" | "revision")
    }

    /// Whether a text is this column's name: its field, its column or another name of it, whatever
    /// its capitals, underscores, dashes and blanks.
    #[must_use]
    pub fn is_called(&self, text: &str) -> bool {
        let text = plain(text);
        let names = [self.field, self.name].into_iter().chain(self.others.iter().copied());
        names.into_iter().any(|name| plain(name) == text)
    }
}

/// A name without underscores, dashes, blanks and capitals.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

const TIME: Column = Column::new("time", "timestamp", "TIME", Form::Time).needed().key();
const TENANT: Column = Column::new("tenant", "tenant", "TENANT", Form::Text).made().key();
const EVENT_KEY: Column = Column::new("event_id", "eventId", "EVENT", Form::Text).key();
const EVENT: Column = Column::new("event_id", "eventId", "EVENT", Form::Text).made();
const REVISION: Column = Column::new("revision", "revision", "REVISION", Form::Revision);
const CURRENCY: Column = Column::new("currency", "currency", "CURRENCY", Form::Text);
const CUSTOMER: Column = Column::new("customer_id", "customerId", "CUSTOMER", Form::Text);

const CUSTOMERS: [Column; 8] = [
    TIME,
    CUSTOMER.needed(),
    Column::new("metric_name", "metricName", "METRIC", Form::Text).needed().or(&["name"]),
    Column::new("metric_value", "metricValue", "VALUE", Form::Real).needed().or(&["value"]),
    Column::new("labels", "labels", "LABELS", Form::Json),
    TENANT,
    EVENT_KEY,
    REVISION,
];

const ORDERS: [Column; 12] = [
    TIME,
    Column::new("order_id", "orderId", "ORDER", Form::Text).needed().key(),
    CUSTOMER.needed(),
    Column::new("status", "status", "STATUS", Form::Text).needed().key(),
    Column::new("total_amount", "totalAmount", "AMOUNT", Form::Money).needed().or(&["amount"]),
    CURRENCY,
    Column::new("items_count", "itemsCount", "ITEMS", Form::Count).needed().or(&["items"]),
    Column::new("region", "region", "REGION", Form::Text),
    Column::new("tags", "tags", "TAGS", Form::Json),
    TENANT,
    EVENT,
    REVISION,
];

const PAYMENTS: [Column; 13] = [
    TIME,
    Column::new("payment_id", "paymentId", "PAYMENT", Form::Text).needed().key(),
    Column::new("order_id", "orderId", "ORDER", Form::Text),
    CUSTOMER.needed(),
    Column::new("amount", "amount", "AMOUNT", Form::Money).needed(),
    CURRENCY,
    Column::new("status", "status", "STATUS", Form::Text).needed().key(),
    Column::new("payment_method", "paymentMethod", "METHOD", Form::Text).or(&["method"]),
    Column::new("merchant_id", "merchantId", "MERCHANT", Form::Text),
    Column::new("fraud_score", "fraudScore", "SCORE", Form::Score).or(&["score"]),
    TENANT,
    EVENT,
    REVISION.made(),
];

const REVENUES: [Column; 11] = [
    TIME,
    Column::new("revenue", "revenue", "REVENUE", Form::Money).needed(),
    Column::new("costs", "costs", "COSTS", Form::Money).needed(),
    Column::new("profit", "profit", "PROFIT", Form::Money).made(),
    CURRENCY,
    Column::new("orders_count", "ordersCount", "ORDERS", Form::Count).needed().or(&["orders"]),
    Column::new("region", "region", "REGION", Form::Text),
    Column::new("product_category", "productCategory", "CATEGORY", Form::Text).or(&["category"]),
    TENANT,
    EVENT_KEY,
    REVISION,
];

const SYSTEMS: [Column; 10] = [
    TIME,
    Column::new("service_name", "serviceName", "SERVICE", Form::Text).needed().or(&["service"]),
    Column::new("cpu_usage", "cpuUsage", "CPU %", Form::Real).or(&["cpu"]),
    Column::new("memory_usage", "memoryUsage", "MEMORY %", Form::Real).or(&["memory"]),
    Column::new("request_rate", "requestRate", "REQUESTS/S", Form::Real).or(&["requests"]),
    Column::new("error_rate", "errorRate", "ERRORS %", Form::Real).or(&["errors"]),
    Column::new("latency_p99", "latencyP99", "P99 MS", Form::Real).or(&["p99", "latency"]),
    TENANT,
    EVENT_KEY,
    REVISION,
];

/// The most columns that a kind has.
pub const MOST: usize = 13;

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Customer, Self::Order, Self::Payment, Self::Revenue, Self::System];

    /// Its name on the command line and in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Revenue => "revenue",
            Self::System => "system",
        }
    }

    /// Its hypertable in schema `bss`.
    #[must_use]
    pub const fn hypertable(self) -> &'static str {
        match self {
            Self::Customer => "customer_metrics",
            Self::Order => "order_metrics",
            Self::Payment => "payment_metrics",
            Self::Revenue => "revenue_metrics",
            Self::System => "system_metrics",
        }
    }

    /// Its columns, the time first.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Customer => &CUSTOMERS,
            Self::Order => &ORDERS,
            Self::Payment => &PAYMENTS,
            Self::Revenue => &REVENUES,
            Self::System => &SYSTEMS,
        }
    }

    /// The columns of its natural key but tenant and time, for a person: `payment, time and status`.
    #[must_use]
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::Order => "order, time and status",
            Self::Payment => "payment, time and status",
            Self::Customer | Self::Revenue | Self::System => "event id and time",
        }
    }

    /// The position of the column whose field or column has this name.
    #[must_use]
    pub fn position(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|c| c.field == name || c.name == name)
    }

    /// Whether a row is known by an event's id, which comes from its source, and not by what it
    /// says.
    #[must_use]
    pub const fn is_known_by_event(self) -> bool {
        matches!(self, Self::Customer | Self::Revenue | Self::System)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_key_with_tenant_and_time_and_no_name_twice() {
        for kind in Kind::ALL {
            let columns = kind.columns();
            assert!(columns.len() <= MOST, "{kind:?}");
            for (at, column) in columns.iter().enumerate() {
                for other in &columns[..at] {
                    assert!(!other.is_called(column.field), "{kind:?}: {}", column.field);
                    assert!(!other.is_called(column.name), "{kind:?}: {}", column.name);
                }
                assert_eq!(kind.position(column.name), Some(at));
                assert_eq!(kind.position(column.field), Some(at));
            }
            let keys: Vec<&str> = columns.iter().filter(|c| c.is_key).map(|c| c.name).collect();
            assert!(keys.contains(&"tenant") && keys.contains(&"time"), "{kind:?}");
            assert_eq!(kind.is_known_by_event(), keys.contains(&"event_id"), "{kind:?}");
        }
        assert!(Kind::System.columns()[6].is_called("Latency P99"));
        assert!(!Kind::System.columns()[6].is_called("latency_p50"));
    }
}
