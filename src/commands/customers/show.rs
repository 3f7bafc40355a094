//! `bss customers show`

use super::carry::{aggregate, missing};
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::loading::{AsOf, Model};
use crate::commands::events::open;
use crate::commands::events::sealing::{Sealing, left_closed};
use crate::customers::Customer;
use crate::events::seal::Sealed;
use crate::events::tree::Tree;
use crate::ui::{Cell, Report};

/// Show a customer
///
/// The customer as its events say, with the personal fields whose key is in events.keys_dir. An
/// earlier state and what changed: bss events state, diff.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The customer's id
    #[arg(value_name = "ID")]
    id: String,
}

/// The fields that have a column, in their order.
const SHOWN: [(&str, &str); 6] = [
    ("tier", "TIER"),
    ("region", "REGION"),
    ("name", "NAME"),
    ("email", "EMAIL"),
    ("phone", "PHONE"),
    ("address", "ADDRESS"),
];

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such customer.
pub async fn run(args: ShowArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let aggregate = aggregate(&args.id)?;
    let model = Model::new(context, false)?;
    let mut store = open(context, Access::Read).await?;
    let found = model.state(&mut store, &aggregate, AsOf::Newest).await?;
    found.warn(&aggregate, context);
    let Some(mut state) = found.state else { return Err(missing(&args.id)) };
    let sealing = Sealing::new(context)?;
    left_closed(sealing.open(&aggregate, &mut state.data)?, &sealing, context);
    let Some(customer) = Customer::from_state(&aggregate, &state.data) else {
        return Err(missing(&args.id));
    };
    let mut report = Report::new(format!("Customer {} in {}", args.id, store.place()))
        .column("customerId", "ID")
        .column("status", "STATUS");
    for (name, heading) in SHOWN {
        report = report.column(name, heading);
    }
    let mut report = report
        .column("createdAt", "CREATED AT")
        .column("updatedAt", "UPDATED AT")
        .number("revision", "REVISION");
    let mut row: Vec<Cell> = vec![customer.id.as_str().into(), customer.status.as_str().into()];
    row.extend(SHOWN.map(|(name, _)| customer.fields.get(name).map_or(Cell::Null, cell)));
    row.extend([customer.created_at.into(), customer.updated_at.into(), state.revision.into()]);
    report.push(row);
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

fn cell(value: &Tree) -> Cell {
    if Sealed::read(value).is_some() {
        return Cell::Null;
    }
    value.as_text().map_or_else(|| Cell::Raw(value.to_json()), Cell::Text)
}
