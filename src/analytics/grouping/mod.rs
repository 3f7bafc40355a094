//! Metrics by bucket and field: what is asked, its SQL over the rows or over a continuous aggregate
//! that gives the same, and the buckets without rows.

pub mod condition;
pub mod field;
pub mod fill;
pub mod measure;
pub mod question;
pub mod served;
pub mod width;

pub use condition::Condition;
pub use field::Field;
pub use fill::{Fill, fill};
pub use measure::{Function, Measure, Number, Shape};
pub use question::{Line, Question};
pub use width::Width;
