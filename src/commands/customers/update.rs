//! `bss customers update`

use super::carry;
use super::given::{FieldArgs, WishArgs, texts};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::customers::Command;
use crate::events::tree::Tree;

/// A field that a customer need not have.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Removable {
    Region,
    Email,
    Phone,
    Address,
}

/// Change fields of a customer
///
/// Stores CustomerUpdated with the fields that differ; if none does, there is nothing to do. If
/// somebody else changes the customer meanwhile, the command looks again and decides again.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// The customer's id
    #[arg(value_name = "ID")]
    id: String,
    /// The customer's name
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// A field that is gone (can be repeated)
    #[arg(long, value_name = "FIELD")]
    remove: Vec<Removable>,
    #[command(flatten)]
    fields: FieldArgs,
    #[command(flatten)]
    wish: WishArgs,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such customer, exit 5 if it is closed, exit 2 for a field that cannot be.
pub async fn run(args: UpdateArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut fields = args.fields.fields();
    fields.extend(texts(&[("name", &args.name)]));
    for removed in &args.remove {
        let name = match removed {
            Removable::Region => "region",
            Removable::Email => "email",
            Removable::Phone => "phone",
            Removable::Address => "address",
        };
        if fields.insert(name.to_owned(), Tree::null()).is_some_and(|value| !value.is_null()) {
            return Err(Failure::usage(format!("cannot both give and remove {name}")));
        }
    }
    if fields.is_empty() {
        return Err(Failure::usage("there is no field to change")
            .hint("Give one, such as --region EU, or --remove phone."));
    }
    carry::out(&args.id, &Command::Update(fields), &args.wish, context).await
}
