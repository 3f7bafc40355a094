//! Prices that follow demand: base price and demand in, a recommended price with its reasons out.
//!
//! Pure. Each product's demand is counted by window ([`Demand`]), compared with what that hour of
//! the week brings as a rule ([`Expectation`], from the catalogue until enough was seen), and the
//! two are smoothed over the last windows; their ratio, less one, moves the price by a small part
//! of the base price, within bounds ([`Pricing`] has the formulas). A recommendation is given out
//! only where the price that stands is off by more than the hysteresis ([`Recommendation`]).
//!
//! What the original got wrong and is put right here: prices are those of the catalogue and never
//! part of an order's total; the cap holds in both directions; windows are priced once, when they
//! close; a lone busy or quiet window moves little.

mod bytes;
mod demand;
mod expectation;
mod placed;
mod readable;
mod recommendation;
mod rules;
mod standing;
mod written;

pub use demand::Demand;
pub use expectation::Expectation;
pub use placed::Placed;
pub use readable::readable_row;
pub use recommendation::{Limits, PriceWindow, Recommendation, Rule};
pub use rules::{PricingFault, PricingRules};
pub use standing::{Closed, Pricing, Standing};
pub use written::{Written, write_recommendation, write_withdrawal};

#[cfg(test)]
mod tests;
