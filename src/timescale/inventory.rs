//! What the server has, as plain data.

/// The state of the plain SQL migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Not yet applied: version and description.
    pub pending: Vec<(i64, String)>,
}
