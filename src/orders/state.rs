//! The bytes of a customer's orders, as the changelog keeps them.
//!
//! Version 1: the version byte; unmatched orders, waiting orders, ids, each with its count. An
//! order is its texts, numbers and time; see `domain::compact` for their forms.

use std::borrow::Cow;

use crate::domain::compact::{self, Reader};
use crate::domain::order::MAX_CATEGORIES;
use crate::domain::payment::Currency;
use crate::domain::{Money, OrderEvent};
use crate::orders::customers::CustomerVersion;
use crate::orders::held::{Held, Told, Unmatched, Waiting};
use crate::orders::lifecycle::CustomerOrders;
use crate::orders::recent::Recent;

const VERSION: u8 = 1;

/// A waiting order was not told; told; told, and there is a better row.
const SILENT: u8 = 0;
const TOLD: u8 = 1;
const BETTER: u8 = 2;

impl CustomerOrders {
    /// Appends the state's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let none = Held::default();
        let held = self.held.as_deref().unwrap_or(&none);
        out.push(VERSION);
        compact::count(held.unmatched().len(), out);
        for unmatched in held.unmatched() {
            compact::time(unmatched.until, out);
            encode_order(&unmatched.order, out);
        }
        compact::count(held.waiting().len(), out);
        for waiting in held.waiting() {
            compact::time(waiting.until, out);
            encode_order(&waiting.order, out);
            match &waiting.told {
                None => out.push(SILENT),
                Some(Told { with, better }) => {
                    out.push(if better.is_some() { BETTER } else { TOLD });
                    with.encode(out);
                    better.iter().for_each(|row| row.encode(out));
                }
            }
        }
        self.recent.encode(out);
    }

    /// Reads a state back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader::of_version(bytes, VERSION, "customer orders")?;
        let unmatched = from.list(|from| {
            let until = from.time()?;
            Ok(Unmatched { order: decode_order(from)?, until })
        })?;
        let waiting = from.list(|from| {
            let until = from.time()?;
            let order = decode_order(from)?;
            Ok(Waiting { order, until, told: decode_told(from)? })
        })?;
        let recent = Recent::decode(&mut from)?;
        from.end()?;
        let held = Held::from_parts(unmatched, waiting);
        let held = held.ok_or_else(|| from.damaged("what is held"))?;
        Ok(Self { held: (!held.is_empty()).then(|| Box::new(held)), recent })
    }
}

fn encode_order(order: &OrderEvent<'_>, out: &mut Vec<u8>) {
    compact::text(&order.order_id, out);
    compact::text(&order.customer_id, out);
    compact::optional_text(order.product_id.as_deref(), out);
    // Zero or more, and below 10^15, so below 2^64 in units.
    compact::number(u64::try_from(order.total_amount.units()).unwrap_or_default(), out);
    out.extend_from_slice(&order.currency.bytes());
    compact::number(order.items_count, out);
    compact::text(&order.status, out);
    compact::optional_text(order.region.as_deref(), out);
    compact::count(order.item_categories.len(), out);
    order.item_categories.iter().for_each(|name| compact::text(name, out));
    compact::time(order.time, out);
}

fn decode_order(from: &mut Reader<'_>) -> Result<OrderEvent<'static>, String> {
    let own = |text: &str| Cow::Owned(text.to_owned());
    let order = OrderEvent {
        order_id: own(from.text()?),
        customer_id: own(from.text()?),
        product_id: from.optional_text()?.map(own),
        total_amount: Money::from_units(from.number()?.into()).map_err(|e| e.to_string())?,
        currency: decode_currency(from)?,
        items_count: from.number()?,
        status: own(from.text()?),
        region: from.optional_text()?.map(own),
        item_categories: from.list(|from| Ok(own(from.text()?)))?,
        time: from.time()?,
    };
    if order.item_categories.len() > MAX_CATEGORIES {
        return Err(from.damaged("an order's categories"));
    }
    Ok(order)
}

/// Reads the three letters of a currency.
pub(super) fn decode_currency(from: &mut Reader<'_>) -> Result<Currency, String> {
    let letters = from.array::<3>()?;
    let code = std::str::from_utf8(&letters).ok();
    code.and_then(|code| Currency::new(code).ok()).ok_or_else(|| from.damaged("a currency"))
}

fn decode_told(from: &mut Reader<'_>) -> Result<Option<Told>, String> {
    let kind = from.byte()?;
    Ok(match kind {
        SILENT => None,
        TOLD => Some(Told { with: CustomerVersion::decode(from)?, better: None }),
        BETTER => {
            let with = CustomerVersion::decode(from)?;
            Some(Told { with, better: Some(CustomerVersion::decode(from)?) })
        }
        _ => return Err(from.damaged("what was told")),
    })
}
