//! Questions about stored metrics: what they are answered from, and what is made of the answers.
//!
//! Pure: a question becomes SQL ([`facts`]), rows become figures ([`revenue`], [`health`],
//! [`scores`]), and sums by day are carried on ([`forecast`]). Sums and counts are asked for, never
//! means: a mean is a sum over a count, made last, and nothing is summed across currencies but at rates
//! that the operator gives ([`exchange`]).
//! [`grouping`] asks anything of any kind by bucket and field, and [`outgoing`] for the rows themselves.

pub mod exchange;
pub mod facts;
pub mod forecast;
pub mod grouping;
pub mod health;
pub mod outgoing;
pub mod revenue;
pub mod scores;
pub mod unusual;
