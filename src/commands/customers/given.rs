//! Options that several commands on customers share.

use crate::events::tree::{Fields, Tree};

/// A customer's own fields.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FieldArgs {
    /// Where the customer is
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The telephone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Where the customer lives
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
}

impl FieldArgs {
    /// The fields that were given.
    #[must_use]
    pub fn fields(&self) -> Fields {
        texts(&[
            ("region", &self.region),
            ("email", &self.email),
            ("phone", &self.phone),
            ("address", &self.address),
        ])
    }
}

/// The fields of those texts that there are.
#[must_use]
pub fn texts(given: &[(&str, &Option<String>)]) -> Fields {
    let there = given.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?)));
    there.map(|(name, text)| (name.to_owned(), Tree::text(text))).collect()
}

/// Whose wish a command is.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct WishArgs {
    /// The command's id: given again, it is done once; made up if not given
    #[arg(long, value_name = "ID")]
    pub command_id: Option<String>,
    /// Who wishes it
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// The conversation it belongs to
    #[arg(long, value_name = "ID")]
    pub correlation: Option<String>,
    /// What caused it
    #[arg(long, value_name = "ID")]
    pub causation: Option<String>,
}
