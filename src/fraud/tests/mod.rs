//! The rules as given / when / then, and their properties.

mod customer_risk;
mod feedback;
mod given;
mod naive;
mod properties;
mod rules;
mod texts;
