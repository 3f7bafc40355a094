//! What is sold: each product's category and price follow from the seed and its number alone.

use crate::generate::random::{Random, power_of_e, whole};

/// What the sequence of a product is drawn for.
const PRODUCT: u64 = 2;

/// The categories of products.
pub const CATEGORIES: [&str; 8] =
    ["electronics", "books", "fashion", "home", "garden", "sports", "toys", "beauty"];

/// A product.
#[derive(Clone, Debug)]
pub struct Product {
    /// `productId`.
    pub id: String,
    /// Its category, as an index into [`CATEGORIES`].
    pub category: usize,
    /// The price it starts with, in cents of a euro.
    pub base: i64,
}

impl Product {
    /// The product of a number.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = Random::of(seed, PRODUCT, number);
        let category = usize::try_from(random.below(CATEGORIES.len() as u64)).unwrap_or(0);
        let base = whole(100.0 * power_of_e(3.2 + 0.9 * random.normal())).max(99);
        Self { id: format!("P{:05}", number + 1), category, base }
    }

    /// The name of its category.
    #[must_use]
    pub const fn category(&self) -> &'static str {
        CATEGORIES[self.category]
    }
}
