//! One customer's session: it looks around, and sometimes it buys and pays.

use crate::domain::EventTime;
use crate::generate::catalog::Product;
use crate::generate::people::Customer;
use crate::generate::random::Random;
use crate::generate::shop::{ABROAD, Shop};
use crate::generate::value::Object;
use crate::generate::{Event, Kind};

/// The most products that are looked at in a session.
const MOST_VIEWS: i64 = 12;

/// Why a processor fails by its own fault, and why an issuer refuses.
const FAILURES: [(u64, &str); 3] =
    [(50, "timeout"), (30, "processor_unavailable"), (20, "network_error")];
const REFUSALS: [(u64, &str); 3] =
    [(60, "insufficient_funds"), (25, "do_not_honor"), (15, "expired_card")];

/// A session while it is made.
pub struct Visit<'a> {
    /// Chance.
    pub random: &'a mut Random,
    /// The shop.
    pub shop: &'a mut Shop,
    /// Whose session.
    pub customer: Customer,
    /// What happened so far.
    pub events: Vec<Event>,
    number: u64,
    session: String,
    began: EventTime,
    now: EventTime,
}

/// The shop, as payments name it.
const MERCHANT: &str = "SHOP-1";
/// The beginning of the id of a payment that is not planted.
const ORDINARY: &str = "PAY";

/// What a payment is about.
pub struct Payment<'a> {
    /// The beginning of its id.
    pub prefix: &'a str,
    /// What is paid for.
    pub order: Option<&'a str>,
    /// How much, in cents.
    pub cents: i64,
    /// In which currency.
    pub currency: &'a str,
    /// The status, and why it is that.
    pub outcome: (&'a str, Option<&'a str>),
    /// How it is paid.
    pub method: &'a str,
    /// What it is paid with.
    pub instrument: &'a str,
}

impl<'a> Visit<'a> {
    /// A customer comes at `time`; if it is the first time, its row precedes it.
    pub fn begin(random: &'a mut Random, shop: &'a mut Shop, time: EventTime) -> Self {
        let (number, customer) = shop.customer(random);
        let session = format!("S{:016x}", random.next());
        let events = shop.meet(random, number, &customer, time).into_iter().collect();
        Self { random, shop, customer, events, number, session, began: time, now: time }
    }

    /// An ordinary session.
    #[must_use]
    pub fn browse(mut self) -> Vec<Event> {
        if self.random.happens(0.4) {
            self.act("LOGIN", "/login", None);
        } else {
            self.act("PAGE_VIEW", "/", None);
        }
        let mut cart: Vec<Product> = Vec::new();
        let mut views = 0;
        while views < MOST_VIEWS {
            views += 1;
            if self.random.happens(0.15) {
                self.wait(2_000, 15_000);
                self.act("SEARCH", "/search", None);
            }
            let product = self.view();
            if self.random.happens(0.18) {
                self.wait(2_000, 20_000);
                self.act("ADD_TO_CART", "/cart", Some(&product));
                cart.push(product);
            }
            if self.random.happens(0.35) {
                break;
            }
        }
        if !cart.is_empty() && self.random.happens(0.65) {
            self.buy(&cart);
        }
        if self.random.happens(0.3) {
            self.wait(2_000, 30_000);
            self.act("LOGOUT", "/logout", None);
        }
        if self.random.happens(0.01) {
            self.wait(1, 1_000);
            let row = self.shop.move_tier(self.random, self.number, &self.customer, self.now);
            self.events.extend(row);
        }
        self.events
    }

    /// Some milliseconds pass.
    pub fn wait(&mut self, least: i64, most: i64) {
        self.now = self.now.plus_millis(self.random.between(least, most));
    }

    fn push(&mut self, kind: Kind, value: impl FnOnce(&Self) -> Vec<u8>) {
        // The id is drawn whatever is wanted, so that a choice of kinds changes no other event.
        let id = self.random.next();
        if self.shop.kinds().has(kind) {
            let value = value(self);
            let key = self.customer.id.clone();
            self.events.push(Event { kind, id, key, value, time: self.now });
        }
    }

    /// An activity on a page.
    fn act(&mut self, activity: &str, page: &str, product: Option<&Product>) {
        self.push(Kind::CustomerEvents, |v| {
            let metadata = Object::new().text("page", page).text("device", v.customer.device);
            Object::new()
                .text("customerId", &v.customer.id)
                .text("activityType", activity)
                .text("sessionId", &v.session)
                .maybe("productId", product.map(|p| p.id.as_str()))
                .maybe("category", product.map(Product::category))
                .object("metadata", metadata)
                .at(v.now)
        });
    }

    fn view(&mut self) -> Product {
        self.wait(3_000, 45_000);
        let (number, product) = self.shop.product(self.random, self.customer.favourite);
        // At the session's beginning: one that begins later may be the first to see it.
        let row = self.shop.list(self.random, number, &product, self.began);
        self.events.extend(row);
        if self.random.happens(0.02) {
            let row = self.shop.move_price(self.random, number, &product, self.now);
            self.events.extend(row);
        }
        self.act("PRODUCT_VIEW", &format!("/product/{}", product.id), Some(&product));
        self.push(Kind::ProductViews, |v| {
            Object::new()
                .text("customerId", &v.customer.id)
                .text("productId", &product.id)
                .text("category", product.category())
                .text("sessionId", &v.session)
                .at(v.now)
        });
        product
    }

    /// The order and its payment a few seconds later; a payment that fails is mostly tried again.
    fn buy(&mut self, cart: &[Product]) {
        self.wait(5_000, 60_000);
        let order = format!("O-{:016x}", self.random.next());
        let (currency, rate) = if self.random.happens(ABROAD) {
            ("USD", 1.1)
        } else {
            (self.customer.currency, self.customer.rate)
        };
        let cents = self.customer.amount(self.random, rate, 1.0);
        let first = *self.random.weighted(&[(95, "COMPLETED"), (3, "DECLINED"), (2, "FAILED")]);
        let again = self.random.happens(0.7);
        let cancelled = self.random.happens(0.02);
        let status = match first {
            _ if cancelled => "CANCELLED",
            "COMPLETED" => "COMPLETED",
            _ if again => "COMPLETED",
            _ => "PENDING",
        };
        let items: i64 =
            cart.iter().map(|_| *self.random.weighted(&[(8, 1), (2, 2), (1, 3)])).sum();
        let region = if self.random.happens(0.03) { None } else { Some(self.customer.region) };
        let mut categories: Vec<&str> = cart.iter().map(Product::category).collect();
        categories.sort_unstable();
        categories.dedup();
        self.act("PURCHASE", "/checkout", Some(&cart[0]));
        self.push(Kind::OrderEvents, |v| {
            Object::new()
                .text("orderId", &order)
                .text("customerId", &v.customer.id)
                .text("productId", &cart[0].id)
                .money("totalAmount", cents)
                .text("currency", currency)
                .number("itemsCount", items)
                .text("status", status)
                .or_null("region", region)
                .list("itemCategories", &categories)
                .at(v.now)
        });
        if cancelled {
            return;
        }
        let outcome = match first {
            "DECLINED" => (first, Some(*self.random.weighted(&REFUSALS))),
            "FAILED" => (first, Some(*self.random.weighted(&FAILURES))),
            _ => (first, None),
        };
        let instrument = self.customer.instrument(self.random);
        let (prefix, order) = (ORDINARY, Some(order.as_str()));
        let method = self.customer.method;
        let payment =
            Payment { prefix, order, cents, currency, outcome, method, instrument: &instrument };
        self.wait(1_000, 8_000);
        self.pay(&payment);
        if first != "COMPLETED" && again {
            self.wait(10_000, 40_000);
            self.pay(&Payment { outcome: ("COMPLETED", None), ..payment });
        }
    }

    /// A payment.
    pub fn pay(&mut self, payment: &Payment<'_>) {
        let number = self.random.next();
        let id = format!("{}-{number:016x}", payment.prefix);
        self.push(Kind::PaymentEvents, |v| {
            Object::new()
                .text("paymentId", &id)
                .maybe("orderId", payment.order)
                .text("customerId", &v.customer.id)
                .money("amount", payment.cents)
                .text("currency", payment.currency)
                .text("status", payment.outcome.0)
                .text("paymentMethod", payment.method)
                .text("instrumentId", payment.instrument)
                .text("merchantId", MERCHANT)
                .text("location", v.customer.location)
                .maybe("failureReason", payment.outcome.1)
                .at(v.now)
        });
        self.label(number, &id, payment);
    }

    /// What a payment turns out to be: all that are planted are found to be fraud, one in 200 others was
    /// asked about and is genuine. A quarter is known within hours, by the customer; the others after
    /// one to ten days, by a chargeback. All follows from the payment's number, so that labels change no
    /// other event.
    fn label(&mut self, number: u64, id: &str, payment: &Payment<'_>) {
        let fraud = payment.prefix != ORDINARY;
        let asked = fraud || number.is_multiple_of(200);
        if !asked || !self.shop.kinds().has(Kind::FraudLabels) {
            return;
        }
        let part = i64::try_from(number >> 16).unwrap_or(0);
        let minutes = if number >> 8 & 3 == 0 { 60 + part % 420 } else { 1440 + part % 12_960 };
        let time = self.now.plus_millis(minutes * 60_000);
        let value = Object::new()
            .text("paymentId", id)
            .text("customerId", &self.customer.id)
            .text("merchantId", MERCHANT)
            .truth("fraud", fraud)
            .money("amount", payment.cents)
            .text("currency", payment.currency)
            .text("paymentTime", &self.now.to_string())
            .at(time);
        let (kind, key) = (Kind::FraudLabels, self.customer.id.clone());
        self.events.push(Event { kind, id: number.rotate_left(32), key, value, time });
    }
}
