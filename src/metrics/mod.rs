//! Samples in, questions out: how a file or a message becomes rows, and what a report asks.
//!
//! Pure: bytes and values in, values out. [`kind`] lists what there is, [`reader`] cuts a file into
//! batches, [`decode`] reads one line into a [`draft`] and a [`sample`], by the names of its [`csv`]
//! columns or by a [`mapping`] of what an operator [`wishes`]; [`identity`] names rows that bring no
//! id, [`batch`] orders a batch's rows and tells duplicates apart, [`ledger`] names batches so that a
//! rerun goes on where the last run ended, [`tally`] keeps the sum that must come out. [`alert`] reads
//! a fraud alert; [`query`] and [`explain`] shape what is asked about both.

pub mod alert;
pub mod batch;
pub mod chunks;
pub mod condition;
pub mod csv;
pub mod decode;
pub mod draft;
pub mod encoding;
pub mod explain;
pub mod identity;
pub mod kind;
pub mod ledger;
pub mod lines;
pub mod mapping;
pub mod query;
pub mod reader;
pub mod sample;
pub mod tally;
pub mod wishes;

#[cfg(test)]
mod tests;
