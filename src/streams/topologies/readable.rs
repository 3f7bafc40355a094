//! What stores keep, as people read it: which entries belong to a key, and their values as JSON.

use serde_json::{Map, Value};

use crate::activity::{ActivitySums, SessionKey};
use crate::domain::{EventTime, Money, Product};
use crate::fraud::{CustomerState, MerchantHistory};
use crate::orders::{
    CustomerHistory, CustomerOrders, RegionSums, RevenueKey, RevenueSums, UNKNOWN,
};
use crate::pricing::{Demand, Expectation, Placed, Standing, readable_row};
use crate::recommend::{self, Ring, TopProducts, TrendKey, ViewCount};
use crate::streams::aggregate::entry;
use crate::streams::topologies::{
    customer_activity, dynamic_pricing, fraud_detection, order_enrichment, recommendation,
};
use crate::streams::topology::WATERMARKS;

/// The form of a store's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A customer's state by customer.
    Customers,
    /// Open windows by customer.
    Windows,
    /// Open sessions by customer and name.
    Sessions,
    /// A merchant's labels.
    Merchants,
    /// The rows of a customer.
    History,
    /// A customer's orders that wait or may be corrected.
    Orders,
    /// Open windows of orders by region.
    Trend,
    /// Open windows of revenue by region, category and currency.
    Revenue,
    /// A customer's orders that were counted as demand.
    Placed,
    /// A product's row in the catalogue.
    Catalog,
    /// Open windows of demand by product.
    Demand,
    /// Where a product's price stands.
    Standing,
    /// What is expected of a product by hour of the week.
    Expectation,
    /// A customer's sessions, interests and what was bought.
    Interests,
    /// The next slot in the table of sessions.
    Ring,
    /// Open windows of views by product.
    Views,
    /// Open rankings by category, or `ALL`.
    Rankings,
    /// How far an upstream partition has come.
    Watermarks,
    /// Bytes by key.
    Bytes,
}

/// One entry of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The start and end of its window, if it is one; a point of sliding windows has no end, nor has
    /// a window of trends, which is kept by its start.
    pub span: Option<(EventTime, Option<EventTime>)>,
    /// How often the window was told already.
    pub revision: Option<u32>,
    /// The session's name.
    pub session: Option<String>,
    /// The value; `None` where it has no readable form.
    pub value: Option<Value>,
}

impl Form {
    /// The form of a topology's store.
    #[must_use]
    pub fn of(topology: &str, store: &str) -> Self {
        match (topology, store) {
            (fraud_detection::NAME, fraud_detection::STORE) => Self::Customers,
            (fraud_detection::NAME, fraud_detection::MERCHANTS) => Self::Merchants,
            (customer_activity::NAME, "windows") => Self::Windows,
            (customer_activity::NAME, "sessions") => Self::Sessions,
            (order_enrichment::NAME, "customers") => Self::History,
            (order_enrichment::NAME, "orders") => Self::Orders,
            (order_enrichment::NAME, "trend") => Self::Trend,
            (order_enrichment::NAME, "revenue") => Self::Revenue,
            (dynamic_pricing::NAME, "placed") => Self::Placed,
            (dynamic_pricing::NAME, "catalog") => Self::Catalog,
            (dynamic_pricing::NAME, "demand") => Self::Demand,
            (dynamic_pricing::NAME, "standing") => Self::Standing,
            (dynamic_pricing::NAME, "expectation") => Self::Expectation,
            (recommendation::NAME, "customers") => Self::Interests,
            (recommendation::NAME, "ring") => Self::Ring,
            (recommendation::NAME, "views") => Self::Views,
            (recommendation::NAME, "rankings") => Self::Rankings,
            (_, WATERMARKS) => Self::Watermarks,
            _ => Self::Bytes,
        }
    }

    /// Whether an entry belongs to `key`.
    #[must_use]
    pub fn belongs(self, entry: &[u8], key: &[u8]) -> bool {
        match self {
            Self::Customers | Self::Merchants | Self::History | Self::Orders | Self::Bytes => {
                entry == key
            }
            Self::Placed | Self::Catalog | Self::Standing | Self::Expectation => entry == key,
            Self::Interests | Self::Ring => entry == key,
            Self::Watermarks => {
                let place = <[u8; 4]>::try_from(entry).map(u32::from_be_bytes);
                place.is_ok_and(|place| place.to_string().as_bytes() == key)
            }
            Self::Revenue => entry::own_key(entry)
                .and_then(RevenueKey::decode)
                .is_ok_and(|own| own.region.as_deref().unwrap_or(UNKNOWN).as_bytes() == key),
            Self::Windows | Self::Trend | Self::Demand | Self::Views => {
                entry::own_key(entry) == Ok(key)
            }
            Self::Rankings => entry::own_key(entry)
                .and_then(|own| TrendKey::decode(own).map_err(|e| e.to_string()))
                .is_ok_and(|own| own.name().as_bytes() == key),
            Self::Sessions => entry::own_key(entry)
                .and_then(SessionKey::decode)
                .is_ok_and(|own| own.customer.as_bytes() == key),
        }
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// What is wrong with its bytes.
    pub fn show(self, key: &[u8], value: &[u8]) -> Result<Shown, String> {
        let plain = |value| Shown { span: None, revision: None, session: None, value };
        match self {
            Self::Bytes => Ok(plain(None)),
            Self::Customers => {
                let state = CustomerState::decode(value).map_err(|e| e.to_string())?;
                Ok(plain(Some(state.readable())))
            }
            Self::Merchants => {
                let history = MerchantHistory::decode(value).map_err(|e| e.to_string())?;
                Ok(plain(Some(history.readable())))
            }
            Self::History => Ok(plain(Some(CustomerHistory::decode(value)?.readable()))),
            Self::Orders => Ok(plain(Some(CustomerOrders::decode(value)?.readable()))),
            Self::Watermarks => {
                let time = <[u8; 8]>::try_from(value).map_err(|_| "no watermark".to_owned())?;
                let time = EventTime::from_micros(i64::from_be_bytes(time));
                Ok(plain(Some(serde_json::json!({"watermark": time.to_string()}))))
            }
            Self::Placed => Ok(plain(Some(Placed::decode(value)?.readable()))),
            Self::Catalog => Ok(plain(Some(readable_row(&Product::decode(value)?)))),
            Self::Standing => Ok(plain(Some(Standing::decode(value)?.readable()))),
            Self::Expectation => Ok(plain(Some(Expectation::decode(value)?.readable()))),
            Self::Interests => {
                let state = recommend::CustomerState::decode(value).map_err(|e| e.to_string())?;
                Ok(plain(Some(state.readable())))
            }
            Self::Ring => {
                let ring = Ring::decode(value).map_err(|e| e.to_string())?;
                Ok(plain(Some(ring.readable())))
            }
            Self::Views | Self::Rankings => self.show_trend(key, value),
            Self::Trend | Self::Revenue | Self::Demand => self.show_sums(key, value),
            Self::Windows | Self::Sessions => {
                let entry = entry::read(key, value)?;
                let session = match self {
                    Self::Sessions => SessionKey::decode(entry.key)?.session,
                    _ => None,
                };
                let sums = ActivitySums::decode(entry.value)?;
                let types: Map<String, Value> =
                    sums.types().map(|(name, count)| (name.to_owned(), count.into())).collect();
                Ok(Shown {
                    span: Some((entry.at, entry.window.map(|(end, _)| end))),
                    revision: entry.window.map(|(_, revision)| revision),
                    session,
                    value: Some(serde_json::json!({"count": sums.count(), "types": types})),
                })
            }
        }
    }
}

impl Form {
    /// Reads an open window of orders, of revenue or of demand.
    fn show_sums(self, key: &[u8], value: &[u8]) -> Result<Shown, String> {
        let entry = entry::read(key, value)?;
        let value = match self {
            Self::Trend => {
                let sums = RegionSums::decode(entry.value)?;
                let amounts: Map<String, Value> = sums
                    .amounts()
                    .map(|(currency, units)| (currency.code().to_owned(), money(units)))
                    .collect();
                serde_json::json!({"orders": sums.orders(), "amounts": amounts})
            }
            Self::Demand => Demand::decode(entry.value)?.readable(),
            _ => {
                let own = RevenueKey::decode(entry.key)?;
                let sums = RevenueSums::decode(entry.value)?;
                serde_json::json!({"orders": sums.orders(), "revenue": money(sums.units()),
                    "currency": own.currency.code(), "category": own.category})
            }
        };
        Ok(Shown {
            span: Some((entry.at, entry.window.map(|(end, _)| end))),
            revision: entry.window.map(|(_, revision)| revision),
            session: None,
            value: Some(value),
        })
    }
}

impl Form {
    /// Reads an open window of views or its ranking: kept by its start alone.
    fn show_trend(self, key: &[u8], value: &[u8]) -> Result<Shown, String> {
        let entry = entry::read(key, value)?;
        let value = match self {
            Self::Views => ViewCount::decode(entry.value).map(|count| count.readable()),
            _ => TopProducts::decode(entry.value).map(|top| top.readable()),
        };
        Ok(Shown {
            span: Some((entry.at, None)),
            revision: entry.window.map(|(_, revision)| revision),
            session: None,
            value: Some(value.map_err(|fault| fault.to_string())?),
        })
    }
}

fn money(units: i128) -> Value {
    let mut text = Vec::new();
    Money::write_units(units, &mut text);
    String::from_utf8_lossy(&text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PaymentEvent;
    use crate::domain::payment::Currency;
    use crate::fraud::Rules;

    #[test]
    fn a_customers_state_is_read() {
        let json = br#"{"paymentId":"p1","customerId":"c1","amount":"9.50","currency":"EUR",
            "status":"COMPLETED","timestamp":"2026-01-01T00:00:00Z"}"#;
        let mut state = CustomerState::default();
        let eur = Currency::new("EUR").unwrap();
        let payment = PaymentEvent::from_json(json, eur, None).unwrap();
        state.assess(&payment, None, &Rules::default());
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        let form = Form::of("fraud-detection", "customers");
        assert!(form.belongs(b"c1", b"c1") && !form.belongs(b"c12", b"c1"));
        let value = form.show(b"c1", &bytes).unwrap().value.unwrap();
        assert_eq!(value["latest"], "2026-01-01T00:00:00Z");
        assert_eq!(value["recentPayments"][0]["paymentId"], "p1");
        assert_eq!(value["histories"][0]["mean"], 9.5);
        assert_eq!(value["told"]["risk"], Value::Null);
        assert!(form.show(b"c1", &[9]).is_err_and(|e| e.contains("version 9")));
    }

    #[test]
    fn entries_of_windows_belong_to_their_customer_only() {
        let key = |own: &str| [b"w", &5_i64.to_be_bytes()[..], own.as_bytes()].concat();
        let mut value = [&15_i64.to_be_bytes()[..], &2_u32.to_be_bytes()[..]].concat();
        ActivitySums::one("LOGIN").encode(&mut value);
        let (windows, sessions) =
            (Form::of("customer-activity", "windows"), Form::of("customer-activity", "sessions"));
        assert!(windows.belongs(&key("c1"), b"c1") && !windows.belongs(&key("c12"), b"c1"));
        assert!(sessions.belongs(&key("c1\0s"), b"c1") && !sessions.belongs(&key("c12"), b"c1"));
        assert!(!windows.belongs(b"w", b"c1"));
        let shown = sessions.show(&key("c1\0s"), &value).unwrap();
        assert_eq!(shown.session.as_deref(), Some("s"));
        assert_eq!((shown.span.unwrap().0.micros(), shown.revision), (5, Some(2)));
        assert_eq!(shown.value.unwrap(), serde_json::json!({"count": 1, "types": {"LOGIN": 1}}));
        assert_eq!(Form::of("later", "store").show(b"k", b"v").unwrap().value, None);
    }

    #[test]
    fn what_is_kept_for_recommendations_is_read() {
        use crate::domain::ProductView;
        use crate::recommend::RecommendRules;
        let form = |store| Form::of("recommendation", store);
        let json = br#"{"customerId":"c","productId":"p","category":"toys","sessionId":"s",
            "timestamp":"2026-01-01T00:00:00Z"}"#;
        let view = ProductView::from_json(json, None).unwrap();
        let mut state = recommend::CustomerState::default();
        state.view(&view, &RecommendRules::default(), &mut Vec::new());
        let bytes = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            write(&mut bytes);
            bytes
        };
        assert!(form("customers").belongs(b"c", b"c") && !form("customers").belongs(b"cc", b"c"));
        let shown = form("customers").show(b"c", &bytes(&|b| state.encode(b))).unwrap();
        let value = shown.value.unwrap();
        assert_eq!(value["latest"], "2026-01-01T00:00:00Z");
        assert_eq!(value["openSessions"][0]["products"], serde_json::json!(["p"]));
        assert_eq!(value["interests"][0]["category"], "toys");
        let mut ring = Ring::default();
        ring.next(0, 5);
        let shown = form("ring").show(b"next", &bytes(&|b| ring.encode(b))).unwrap();
        assert_eq!(shown.value.unwrap()["nextSlot"], 1);
        let open = [&15_i64.to_be_bytes()[..], &2_u32.to_be_bytes()[..]].concat();
        let entry = |own: &[u8]| [b"w", &5_i64.to_be_bytes()[..], own].concat();
        let count = ViewCount::one(Some("toys"), view.time);
        let value = [open.clone(), bytes(&|b| count.encode(b))].concat();
        assert!(form("views").belongs(&entry(b"p"), b"p"));
        let shown = form("views").show(&entry(b"p"), &value).unwrap();
        assert_eq!(shown.span, Some((EventTime::from_micros(5), None)));
        assert_eq!(shown.value.unwrap(), serde_json::json!({"views": 1, "category": "toys"}));
        let mut top = TopProducts::new(3);
        top.add("p", 4);
        let value = [open, bytes(&|b| top.encode(b))].concat();
        assert!(form("rankings").belongs(&entry(b"*"), b"ALL"));
        assert!(form("rankings").belongs(&entry(b"=toys"), b"toys"));
        let shown = form("rankings").show(&entry(b"*"), &value).unwrap();
        assert_eq!(shown.value.unwrap()[0], serde_json::json!({"productId": "p", "views": 4}));
        assert!(form("rankings").show(&entry(b"*"), b"").is_err());
    }

    #[test]
    fn what_is_kept_of_a_product_is_read() {
        use crate::pricing::{PriceWindow, Pricing, PricingRules};
        let form = |store| Form::of("dynamic-pricing", store);
        let (rules, eur) = (PricingRules::default(), Currency::new("EUR").unwrap());
        let json = br#"{"productId":"p","basePrice":"9.50","expectedDemand":1,
            "timestamp":"2026-01-01T00:00:00Z"}"#;
        let row = Product::from_json(json, eur, None).unwrap();
        let window = PriceWindow::of(row.time, &rules);
        let mut pricing = Pricing::first_seen(window);
        let demand = Demand::order(3, &rules);
        pricing.close(&row, window, &demand, &rules).unwrap();
        let mut placed = Placed::default();
        assert!(placed.is_first("o1", row.time, &rules));
        let bytes = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            write(&mut bytes);
            bytes
        };
        let shown = |store, bytes: &[u8]| form(store).show(b"p", bytes).unwrap().value.unwrap();
        let value = shown("catalog", &bytes(&|b| row.encode(b)));
        assert_eq!((&value["basePrice"], &value["floor"]), (&"9.50".into(), &Value::Null));
        let value = shown("standing", &bytes(&|b| pricing.standing.encode(b)));
        assert_eq!(value["countedThrough"], "2026-01-01T00:15:00Z");
        assert_eq!(value["lastWindow"], serde_json::json!({"units": 3, "orders": 1, "views": 0}));
        let value = shown("expectation", &bytes(&|b| pricing.expectation.encode(b)));
        assert_eq!(value["learntSince"], "2026-01-01T01:00:00Z");
        let value = shown("placed", &bytes(&|b| placed.encode(b)));
        assert_eq!(value["rememberedOrders"], 1);
        let entry = [b"w", &5_i64.to_be_bytes()[..], b"p"].concat();
        let open = [&15_i64.to_be_bytes()[..], &2_u32.to_be_bytes()[..]].concat();
        let open = [open, bytes(&|b| demand.encode(b))].concat();
        assert!(form("demand").belongs(&entry, b"p") && !form("demand").belongs(&entry, b"q"));
        assert_eq!(form("demand").show(&entry, &open).unwrap().value.unwrap()["units"], 3);
        assert!(form("standing").show(b"p", b"").is_err());
    }
}
