//! A row of any kind: read from a draft, its natural key, its content.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::domain::payment::{Currency, PaymentDraft};
use crate::domain::{EventTime, Money, PaymentEvent, Reason, Reject};
use crate::metrics::draft::Draft;
use crate::metrics::kind::Kind;

/// A measurement of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerMetric<'a> {
    /// Who.
    pub customer_id: Cow<'a, str>,
    /// What was measured.
    pub metric_name: Cow<'a, str>,
    /// How much; finite.
    pub value: f64,
    /// A JSON object.
    pub labels: Option<Cow<'a, str>>,
    /// When.
    pub time: EventTime,
    /// The event it is known by.
    pub event_id: Option<Cow<'a, str>>,
    /// From 1.
    pub revision: i32,
}

/// An order in one status.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderMetric<'a> {
    /// The order.
    pub order_id: Cow<'a, str>,
    /// Who ordered.
    pub customer_id: Cow<'a, str>,
    /// What it has come to; opaque.
    pub status: Cow<'a, str>,
    /// What it costs in all, zero or more.
    pub total_amount: Money,
    /// In which currency.
    pub currency: Currency,
    /// How many items.
    pub items_count: u64,
    /// Where.
    pub region: Option<Cow<'a, str>>,
    /// A JSON object.
    pub tags: Option<Cow<'a, str>>,
    /// When.
    pub time: EventTime,
    /// From 1.
    pub revision: i32,
}

/// Revenue of a region and category.
#[derive(Clone, Debug, PartialEq)]
pub struct RevenueMetric<'a> {
    /// What came in; refunds make it negative.
    pub revenue: Money,
    /// What it cost.
    pub costs: Money,
    /// The difference.
    pub profit: Money,
    /// In which currency.
    pub currency: Currency,
    /// Of how many orders.
    pub orders_count: u64,
    /// Where.
    pub region: Option<Cow<'a, str>>,
    /// For what.
    pub product_category: Option<Cow<'a, str>>,
    /// When.
    pub time: EventTime,
    /// The event it is known by.
    pub event_id: Option<Cow<'a, str>>,
    /// From 1.
    pub revision: i32,
}

/// The gauges of a service, at least one of them; none is negative.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemMetric<'a> {
    /// Which service.
    pub service_name: Cow<'a, str>,
    /// Percent of the processor.
    pub cpu_usage: Option<f64>,
    /// Percent of the memory.
    pub memory_usage: Option<f64>,
    /// Requests a second.
    pub request_rate: Option<f64>,
    /// Percent of the requests.
    pub error_rate: Option<f64>,
    /// Milliseconds.
    pub latency_p99: Option<f64>,
    /// When.
    pub time: EventTime,
    /// The event it is known by.
    pub event_id: Option<Cow<'a, str>>,
    /// From 1.
    pub revision: i32,
}

/// A row of any kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Sample<'a> {
    Customer(CustomerMetric<'a>),
    Order(OrderMetric<'a>),
    Payment(PaymentEvent<'a>),
    Revenue(RevenueMetric<'a>),
    System(SystemMetric<'a>),
}

impl<'a> Sample<'a> {
    /// Checks the fields of a row of some kind. `currency` and `record_time` (the Kafka timestamp)
    /// stand in for absent ones.
    ///
    /// # Errors
    /// The first fault, by field.
    pub fn check(
        kind: Kind,
        mut draft: Draft<'a>,
        currency: Currency,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        let from = &mut draft;
        Ok(match kind {
            Kind::Customer => Self::Customer(CustomerMetric {
                customer_id: from.text("customerId")?,
                metric_name: from.text("metricName")?,
                value: from.real("metricValue")?.ok_or_else(|| absent("metricValue"))?,
                labels: from.json("labels")?,
                time: from.time(record_time)?,
                event_id: from.maybe("eventId")?,
                revision: from.revision()?,
            }),
            Kind::Order => Self::Order(OrderMetric {
                order_id: from.text("orderId")?,
                customer_id: from.text("customerId")?,
                status: from.text("status")?,
                total_amount: not_negative(from.money("totalAmount")?, "totalAmount")?,
                currency: from.currency(currency)?,
                items_count: from.count("itemsCount")?,
                region: from.maybe("region")?,
                tags: from.json("tags")?,
                time: from.time(record_time)?,
                revision: from.revision()?,
            }),
            Kind::Payment => Self::Payment(payment(from).check(currency, record_time)?),
            Kind::Revenue => Self::Revenue(revenue(from, currency, record_time)?),
            Kind::System => Self::System(system(from, record_time)?),
        })
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Order(_) => Kind::Order,
            Self::Payment(_) => Kind::Payment,
            Self::Revenue(_) => Kind::Revenue,
            Self::System(_) => Kind::System,
        }
    }

    /// When it happened.
    #[must_use]
    pub const fn time(&self) -> EventTime {
        match self {
            Self::Customer(row) => row.time,
            Self::Order(row) => row.time,
            Self::Payment(row) => row.time,
            Self::Revenue(row) => row.time,
            Self::System(row) => row.time,
        }
    }

    /// Which version of the row it is.
    #[must_use]
    pub const fn revision(&self) -> i32 {
        match self {
            Self::Customer(row) => row.revision,
            Self::Order(row) => row.revision,
            Self::Payment(_) => 1,
            Self::Revenue(row) => row.revision,
            Self::System(row) => row.revision,
        }
    }

    /// Where the id of its event is kept; `None` for a kind that is known by what it says.
    pub const fn event_id_mut(&mut self) -> Option<&mut Option<Cow<'a, str>>> {
        match self {
            Self::Customer(row) => Some(&mut row.event_id),
            Self::Revenue(row) => Some(&mut row.event_id),
            Self::System(row) => Some(&mut row.event_id),
            Self::Order(_) | Self::Payment(_) => None,
        }
    }

    /// Writes the id of its event: that of its source, or `<id>/<status>/<milliseconds>`.
    pub fn write_event_id(&self, out: &mut Vec<u8>) {
        let mut own = |id: &str, status: &str, time: EventTime| {
            out.extend_from_slice(id.as_bytes());
            out.push(b'/');
            out.extend_from_slice(status.as_bytes());
            out.push(b'/');
            out.extend_from_slice(itoa::Buffer::new().format(time.millis()).as_bytes());
        };
        match self {
            Self::Order(row) => own(&row.order_id, &row.status, row.time),
            Self::Payment(row) => own(&row.payment_id, row.status.code(), row.time),
            Self::Customer(CustomerMetric { event_id, .. })
            | Self::Revenue(RevenueMetric { event_id, .. })
            | Self::System(SystemMetric { event_id, .. }) => {
                out.extend_from_slice(event_id.as_deref().unwrap_or_default().as_bytes());
            }
        }
    }

    /// The id by which its event is known whatever its time: that of its source; of a payment or order
    /// its own id and the status, with a character between that no id has.
    #[must_use]
    pub fn own_id(&self) -> String {
        match self {
            Self::Order(row) => format!("{}\u{1f}{}", row.order_id, row.status),
            Self::Payment(row) => format!("{}\u{1f}{}", row.payment_id, row.status),
            Self::Customer(CustomerMetric { event_id, .. })
            | Self::Revenue(RevenueMetric { event_id, .. })
            | Self::System(SystemMetric { event_id, .. }) => {
                event_id.as_deref().unwrap_or_default().to_owned()
            }
        }
    }

    /// Orders rows of one kind by their natural key; the tenant is the same in one load. Rows are
    /// sent in this order, so that two loads cannot wait for each other in a circle.
    #[must_use]
    pub fn key_order(&self, other: &Self) -> Ordering {
        let by_time = |id: Ordering| id.then_with(|| self.time().cmp(&other.time()));
        match (self, other) {
            (Self::Order(a), Self::Order(b)) => {
                by_time(a.order_id.as_ref().cmp(&b.order_id)).then_with(|| a.status.cmp(&b.status))
            }
            (Self::Payment(a), Self::Payment(b)) => {
                by_time(a.payment_id.as_ref().cmp(b.payment_id.as_ref()))
                    .then_with(|| a.status.cmp(&b.status))
            }
            (Self::Customer(a), Self::Customer(b)) => by_time(a.event_id.cmp(&b.event_id)),
            (Self::Revenue(a), Self::Revenue(b)) => by_time(a.event_id.cmp(&b.event_id)),
            (Self::System(a), Self::System(b)) => by_time(a.event_id.cmp(&b.event_id)),
            _ => self.kind().cmp(&other.kind()),
        }
    }

    /// Whether two rows of one key say the same in all that is stored.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Payment(a), Self::Payment(b)) => {
                a.customer_id == b.customer_id
                    && a.order_id == b.order_id
                    && a.amount == b.amount
                    && a.currency == b.currency
                    && a.payment_method == b.payment_method
                    && a.merchant_id == b.merchant_id
                    && a.fraud_score == b.fraud_score
            }
            (Self::Customer(a), Self::Customer(b)) => {
                let plain =
                    |row: &CustomerMetric<'a>| CustomerMetric { labels: None, ..row.clone() };
                plain(a) == plain(b) && same_json(a.labels.as_deref(), b.labels.as_deref())
            }
            (Self::Order(a), Self::Order(b)) => {
                let plain = |row: &OrderMetric<'a>| OrderMetric { tags: None, ..row.clone() };
                plain(a) == plain(b) && same_json(a.tags.as_deref(), b.tags.as_deref())
            }
            _ => self == other,
        }
    }

    /// The row as a JSON object, for the files and letters that set records aside.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let text = |t: &Option<Cow<'_, str>>| Value::from(t.as_deref());
        let json = |t: &Option<Cow<'_, str>>| {
            t.as_deref().and_then(|t| serde_json::from_str(t).ok()).unwrap_or(Value::Null)
        };
        match self {
            Self::Customer(row) => serde_json::json!({
                "eventId": text(&row.event_id), "customerId": row.customer_id,
                "metricName": row.metric_name, "metricValue": row.value,
                "labels": json(&row.labels), "timestamp": row.time.to_string(),
                "revision": row.revision,
            }),
            Self::Order(row) => serde_json::json!({
                "orderId": row.order_id, "customerId": row.customer_id, "status": row.status,
                "totalAmount": row.total_amount.to_string(), "currency": row.currency.code(),
                "itemsCount": row.items_count, "region": text(&row.region),
                "tags": json(&row.tags), "timestamp": row.time.to_string(),
                "revision": row.revision,
            }),
            Self::Payment(row) => serde_json::json!({
                "paymentId": row.payment_id, "customerId": row.customer_id,
                "orderId": text(&row.order_id), "amount": row.amount.to_string(),
                "currency": row.currency.code(), "status": row.status.code(),
                "paymentMethod": text(&row.payment_method), "merchantId": text(&row.merchant_id),
                "fraudScore": row.fraud_score.map(|s| s.to_string()),
                "timestamp": row.time.to_string(),
            }),
            Self::Revenue(row) => serde_json::json!({
                "eventId": text(&row.event_id), "revenue": row.revenue.to_string(),
                "costs": row.costs.to_string(), "profit": row.profit.to_string(),
                "currency": row.currency.code(), "ordersCount": row.orders_count,
                "region": text(&row.region), "productCategory": text(&row.product_category),
                "timestamp": row.time.to_string(), "revision": row.revision,
            }),
            Self::System(row) => serde_json::json!({
                "eventId": text(&row.event_id), "serviceName": row.service_name,
                "cpuUsage": row.cpu_usage, "memoryUsage": row.memory_usage,
                "requestRate": row.request_rate, "errorRate": row.error_rate,
                "latencyP99": row.latency_p99, "timestamp": row.time.to_string(),
                "revision": row.revision,
            }),
        }
    }
}

fn same_json(a: Option<&str>, b: Option<&str>) -> bool {
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    a == b || a.and_then(read).is_some_and(|a| b.and_then(read) == Some(a))
}

fn absent(field: &'static str) -> Reject {
    Reject::new(Reason::MissingField, field, "absent or empty")
}

fn not_negative(amount: Money, field: &'static str) -> Result<Money, Reject> {
    if amount.units() < 0 {
        return Err(Reject::new(Reason::Negative, field, format!("{amount} is below zero")));
    }
    Ok(amount)
}

fn payment<'a>(from: &mut Draft<'a>) -> PaymentDraft<'a> {
    let mut take = |field| from.take(field);
    PaymentDraft {
        payment_id: take("paymentId"),
        customer_id: take("customerId"),
        order_id: take("orderId"),
        amount: take("amount"),
        currency: take("currency"),
        status: take("status"),
        payment_method: take("paymentMethod"),
        merchant_id: take("merchantId"),
        fraud_score: take("fraudScore"),
        timestamp: take("timestamp"),
        ..PaymentDraft::default()
    }
}

fn revenue<'a>(
    from: &mut Draft<'a>,
    currency: Currency,
    record_time: Option<EventTime>,
) -> Result<RevenueMetric<'a>, Reject> {
    let (revenue, costs) = (from.money("revenue")?, from.money("costs")?);
    let profit = revenue.decimal() - costs.decimal();
    Ok(RevenueMetric {
        revenue,
        costs,
        profit: Money::from_decimal(profit).map_err(|f| Reject { field: "profit", ..f })?,
        currency: from.currency(currency)?,
        orders_count: from.count("ordersCount")?,
        region: from.maybe("region")?,
        product_category: from.maybe("productCategory")?,
        time: from.time(record_time)?,
        event_id: from.maybe("eventId")?,
        revision: from.revision()?,
    })
}

fn system<'a>(
    from: &mut Draft<'a>,
    record_time: Option<EventTime>,
) -> Result<SystemMetric<'a>, Reject> {
    let mut any = false;
    let mut gauge = |field| {
        let number = from.real(field)?;
        any |= number.is_some();
        match number {
            Some(number) if number < 0.0 => {
                Err(Reject::new(Reason::Negative, field, format!("{number} is below zero")))
            }
            number => Ok(number),
        }
    };
    let (cpu_usage, memory_usage) = (gauge("cpuUsage")?, gauge("memoryUsage")?);
    let (request_rate, error_rate) = (gauge("requestRate")?, gauge("errorRate")?);
    let latency_p99 = gauge("latencyP99")?;
    if !any {
        return Err(Reject::new(Reason::MissingField, "cpuUsage", "not one gauge is given"));
    }
    Ok(SystemMetric {
        service_name: from.text("serviceName")?,
        cpu_usage,
        memory_usage,
        request_rate,
        error_rate,
        latency_p99,
        time: from.time(record_time)?,
        event_id: from.maybe("eventId")?,
        revision: from.revision()?,
    })
}
