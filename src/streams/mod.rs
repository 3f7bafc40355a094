//! The stream engine: what a topology does with a record, without Kafka.
//!
//! A [`topology::Topology`] makes one [`topology::Task`] a partition; a [`driver::Driver`] steps it
//! one record at a time, takes the time of day as a parameter, and hands back outputs and store
//! changes. The same driver runs in production, in `streams test` and in the tests. Start with
//! [`driver`].

pub mod acls;
pub mod aggregate;
mod aside;
pub mod changelog;
pub mod checkpoint;
pub mod compare;
pub mod drift;
pub mod driver;
pub mod late;
pub mod letters;
pub mod mark;
pub mod meta;
pub mod output;
pub mod partition;
pub mod pipeline;
pub mod rebuild;
pub mod record;
mod stage;
pub mod store;
pub mod time;
pub mod topologies;
pub mod topology;
pub mod undo;
pub mod watch;
pub mod watermark;
pub mod window;
