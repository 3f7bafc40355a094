//! The shop: who comes, what is looked at, and the rows of the two tables.

use std::collections::HashMap;

use crate::domain::EventTime;
use crate::generate::catalog::Product;
use crate::generate::people::{Customer, TIERS};
use crate::generate::random::{Random, whole};
use crate::generate::skew::Skew;
use crate::generate::value::Object;
use crate::generate::{Event, Kind, Kinds, Shape};

/// A currency's order is in another one this often.
pub const ABROAD: f64 = 0.03;

/// Demand that comes with a view, in hundredths of a unit: 0.05 for the view itself (the default of
/// `pricing.view_weight`) and 0.15 units ordered: 18 % of the views end in the cart, 65 % of the
/// carts in an order, of 1.3 units each.
const DEMAND_A_VIEW: f64 = 20.0;

/// The shop and what its tables hold by now.
#[derive(Debug)]
pub struct Shop {
    seed: u64,
    kinds: Kinds,
    customers: Skew,
    products: Skew,
    catalog: Vec<Product>,
    /// Views of all products in a quarter of an hour.
    views: f64,
    known_customers: Vec<bool>,
    known_products: Vec<bool>,
    tiers: HashMap<u64, usize>,
    prices: HashMap<u64, i64>,
}

impl Shop {
    /// The shop of a seed and a shape.
    #[must_use]
    pub fn new(seed: u64, shape: &Shape) -> Self {
        let size = |count: u64| usize::try_from(count.max(1)).unwrap_or(1);
        Self {
            seed,
            kinds: shape.kinds,
            // The heaviest of 1000 customers has 3 %, the heaviest of 200 products 8 % of all.
            customers: Skew::new(shape.customers, 5),
            products: Skew::new(shape.products, 2),
            catalog: (0..shape.products.max(1)).map(|n| Product::new(seed, n)).collect(),
            views: shape.extent.rate() * 900.0 / 3.0,
            known_customers: vec![false; size(shape.customers)],
            known_products: vec![false; size(shape.products)],
            tiers: HashMap::new(),
            prices: HashMap::new(),
        }
    }

    /// The kinds that are wanted.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// A customer comes: its number and habits.
    pub fn customer(&self, random: &mut Random) -> (u64, Customer) {
        let number = self.customers.draw(random);
        (number, Customer::new(self.seed, number))
    }

    /// A product that a customer with this favourite category looks at.
    pub fn product(&self, random: &mut Random, favourite: usize) -> (u64, Product) {
        let loyal = random.happens(0.6);
        let mut drawn = self.products.draw(random);
        for _ in 0..6 {
            if !loyal || self.nth(drawn).category == favourite {
                break;
            }
            drawn = self.products.draw(random);
        }
        (drawn, self.nth(drawn).clone())
    }

    fn nth(&self, number: u64) -> &Product {
        &self.catalog[usize::try_from(number).unwrap_or(0)]
    }

    /// The whole tables, as a first state.
    pub fn tables(&mut self, random: &mut Random, time: EventTime) -> Vec<Event> {
        let (customers, products) = (self.known_customers.len(), self.known_products.len());
        let mut rows = Vec::new();
        for number in 0..customers as u64 {
            let customer = Customer::new(self.seed, number);
            rows.extend(self.meet(random, number, &customer, time));
        }
        for number in 0..products as u64 {
            let product = self.nth(number).clone();
            rows.extend(self.list(random, number, &product, time));
        }
        rows
    }

    /// The row of a customer that was not there before.
    pub fn meet(
        &mut self,
        random: &mut Random,
        number: u64,
        customer: &Customer,
        time: EventTime,
    ) -> Option<Event> {
        let id = random.next();
        let known = self.known_customers.get_mut(usize::try_from(number).ok()?)?;
        if std::mem::replace(known, true) || !self.kinds.has(Kind::CustomerInfo) {
            return None;
        }
        Some(self.customer_row(id, number, customer, time))
    }

    /// The row of a product that was not there before.
    pub fn list(
        &mut self,
        random: &mut Random,
        number: u64,
        product: &Product,
        time: EventTime,
    ) -> Option<Event> {
        let id = random.next();
        let known = self.known_products.get_mut(usize::try_from(number).ok()?)?;
        if std::mem::replace(known, true) || !self.kinds.has(Kind::ProductCatalog) {
            return None;
        }
        Some(self.product_row(id, number, product, time))
    }

    /// A customer's tier rises or falls.
    pub fn move_tier(
        &mut self,
        random: &mut Random,
        number: u64,
        customer: &Customer,
        time: EventTime,
    ) -> Option<Event> {
        let (id, up) = (random.next(), random.happens(0.7));
        let now = self.tiers.get(&number).copied().unwrap_or(customer.tier);
        let next = match now {
            0 => 1,
            n if n + 1 == TIERS.len() || !up => n - 1,
            n => n + 1,
        };
        self.tiers.insert(number, next);
        self.kinds.has(Kind::CustomerInfo).then(|| self.customer_row(id, number, customer, time))
    }

    /// A product's price changes by up to a twentieth.
    pub fn move_price(
        &mut self,
        random: &mut Random,
        number: u64,
        product: &Product,
        time: EventTime,
    ) -> Option<Event> {
        let (id, thousandths) = (random.next(), random.between(950, 1050));
        let now = self.prices.get(&number).copied().unwrap_or(product.base);
        // Never far from where it began, however long it runs.
        let next = (now * thousandths / 1000).clamp(product.base / 2 + 1, product.base * 2);
        self.prices.insert(number, next);
        self.kinds.has(Kind::ProductCatalog).then(|| self.product_row(id, number, product, time))
    }

    fn customer_row(&self, id: u64, number: u64, customer: &Customer, time: EventTime) -> Event {
        let tier = self.tiers.get(&number).copied().unwrap_or(customer.tier);
        let mut updated = Vec::with_capacity(32);
        time.write_rfc3339(&mut updated);
        let value = Object::new()
            .text("customerId", &customer.id)
            .text("tier", TIERS[tier.min(TIERS.len() - 1)])
            .text("region", customer.region)
            .text("updatedAt", &String::from_utf8_lossy(&updated))
            .at(time);
        Event { kind: Kind::CustomerInfo, id, key: customer.id.clone(), value, time }
    }

    fn product_row(&self, id: u64, number: u64, product: &Product, time: EventTime) -> Event {
        let base = self.prices.get(&number).copied().unwrap_or(product.base);
        let expected = whole(self.views * self.products.share(number) * DEMAND_A_VIEW).max(1);
        let value = Object::new()
            .text("productId", &product.id)
            .text("category", product.category())
            .money("basePrice", base)
            .money("floor", base * 8 / 10)
            .money("ceiling", base * 13 / 10)
            .text("currency", "EUR")
            .decimal("expectedDemand", expected)
            .at(time);
        Event { kind: Kind::ProductCatalog, id, key: product.id.clone(), value, time }
    }
}
