//! What trends: the most viewed products of a window, overall and by category.
//!
//! In two steps, each bounded. Views are counted by product and window ([`ViewCount`], keyed by
//! product, so that one task sees all views of a product). When a window closes there, each task
//! gives its best products for each category and for all; these join to the window's ranking
//! ([`TopProducts`]). As a product is counted in one place, the first n of the first n are exact.

use std::cmp::Ordering;

use crate::domain::{EventTime, heap};
use crate::recommend::bytes::{BytesFault, Reader, maybe, signed, text, varint};

/// The ranking a product counts for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrendKey {
    /// All products.
    All,
    /// Those of a category.
    Category(Box<str>),
}

impl TrendKey {
    /// Appends the key's bytes: nothing but `*`, or `=` and the category.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::All => out.push(b'*'),
            Self::Category(name) => {
                out.push(b'=');
                out.extend_from_slice(name.as_bytes());
            }
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, BytesFault> {
        let fault = BytesFault::Corrupt("a key of trends");
        match bytes.split_first() {
            Some((b'*', [])) => Ok(Self::All),
            Some((b'=', name)) => {
                let name = std::str::from_utf8(name).map_err(|_| fault)?;
                Ok(Self::Category(name.into()))
            }
            _ => Err(fault),
        }
    }

    /// The category's name, or `ALL`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::Category(name) => name,
        }
    }
}

/// The views of a product in a window. Joining two is associative and commutative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewCount {
    views: u64,
    /// As the latest view that told one has it; of two at a time the larger text.
    category: Option<(EventTime, Box<str>)>,
}

/// Version 1: the version byte, the views, the category (empty if none) and, if there is one, the
/// time of the view that told it.
const VERSION: u8 = 1;

impl ViewCount {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.category.as_ref().map_or(0, |(_, name)| heap::text(name))
    }

    /// One view.
    #[must_use]
    pub fn one(category: Option<&str>, time: EventTime) -> Self {
        Self { views: 1, category: category.map(|name| (time, name.into())) }
    }

    /// Takes `more` in.
    pub fn join(&mut self, more: &Self) {
        self.views = self.views.saturating_add(more.views);
        if more.category > self.category {
            self.category.clone_from(&more.category);
        }
    }

    /// How many views.
    #[must_use]
    pub const fn views(&self) -> u64 {
        self.views
    }

    /// The product's category, if one was told.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.category.as_ref().map(|(_, name)| &**name)
    }

    /// Appends the bytes that the changelog and the way to the task keep.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        varint(self.views, out);
        maybe(self.category(), out);
        if let Some((time, _)) = &self.category {
            signed(time.micros(), out);
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, BytesFault> {
        let mut from = Reader::new(bytes, "a count of views", VERSION)?;
        let views = from.varint()?;
        let category = match from.maybe()? {
            Some(name) => Some((from.time()?, name.into())),
            None => None,
        };
        from.end()?;
        Ok(Self { views, category })
    }
}

/// A product in a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// `productId`.
    pub product: Box<str>,
    /// Its views.
    pub views: u64,
}

fn by_views(a: &Ranked, b: &Ranked) -> Ordering {
    b.views.cmp(&a.views).then_with(|| a.product.cmp(&b.product))
}

/// The first so many products by views, ties in the order of their ids. Joining is associative
/// and commutative while a product comes from one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopProducts {
    most: usize,
    products: Vec<Ranked>,
}

impl TopProducts {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        let texts = self.products.iter().map(|ranked| heap::text(&ranked.product));
        heap::list(&self.products) + texts.sum::<usize>()
    }

    /// None yet; at most `most` are kept.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, products: Vec::new() }
    }

    /// Takes a product with all its views in.
    pub fn add(&mut self, product: &str, views: u64) {
        let own = Ranked { product: product.into(), views };
        let at = self.products.partition_point(|p| by_views(p, &own) == Ordering::Less);
        if at < self.most {
            self.products.insert(at, own);
            self.products.truncate(self.most);
        }
    }

    /// Takes `more` in; the larger of the two limits holds.
    pub fn join(&mut self, more: &Self) {
        self.most = self.most.max(more.most);
        for ranked in &more.products {
            self.add(&ranked.product, ranked.views);
        }
    }

    /// The products, the most viewed first.
    #[must_use]
    pub fn products(&self) -> &[Ranked] {
        &self.products
    }

    /// Appends the bytes that the changelog and the way to the task keep.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        varint(self.most as u64, out);
        varint(self.products.len() as u64, out);
        for ranked in &self.products {
            text(&ranked.product, out);
            varint(ranked.views, out);
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, BytesFault> {
        let mut from = Reader::new(bytes, "a ranking", VERSION)?;
        let most = usize::try_from(from.varint()?).map_err(|_| from.corrupt())?;
        let count = from.count()?;
        let mut products = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            let product = from.text()?.into();
            products.push(Ranked { product, views: from.varint()? });
        }
        from.end()?;
        if count > most || !products.is_sorted_by(|a, b| by_views(a, b) == Ordering::Less) {
            return Err(from.corrupt());
        }
        Ok(Self { most, products })
    }
}
