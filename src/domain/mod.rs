//! The vocabulary every room speaks: instants, money, the events, and the reasons a
//! record is set aside.
//!
//! Pure values only; nothing here knows a server, a clock or the terminal. Start with
//! [`payment::PaymentEvent`].

pub mod activity;
pub mod cloud_event;
mod fields;
pub(crate) mod json;
pub mod money;
pub mod payment;
pub mod reject;
pub mod time;
pub mod view;

pub use activity::ActivityEvent;
pub use cloud_event::CloudEvent;
pub use fields::event_time;
pub use money::Money;
pub use payment::PaymentEvent;
pub use reject::{Reason, Reject};
pub use time::EventTime;
pub use view::ProductView;
