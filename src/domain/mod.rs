//! The vocabulary every room speaks: instants, money, the events, and the reasons a
//! record is set aside.
//!
//! Pure values only; nothing here knows a server, a clock or the terminal. Start with
//! [`payment::PaymentEvent`].

pub mod activity;
pub mod cloud_event;
pub mod compact;
pub mod customer;
pub(crate) mod fields;
pub(crate) mod heap;
pub(crate) mod json;
pub mod label;
mod minor_units;
pub mod money;
pub mod order;
pub mod payment;
pub mod product;
pub mod progress;
pub mod reject;
pub mod time;
pub mod view;

pub use activity::ActivityEvent;
pub use cloud_event::CloudEvent;
pub use customer::{CustomerChange, CustomerInfo};
pub use fields::event_time;
pub use label::FraudLabel;
pub use money::Money;
pub use order::OrderEvent;
pub use payment::PaymentEvent;
pub use product::Product;
pub use reject::{Reason, Reject};
pub use time::EventTime;
pub use view::ProductView;
