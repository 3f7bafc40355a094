//! `bss setup timescale --adopt`

use super::usable;
use crate::backends::postgres::{PgConnection, inventory};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::settings::Timescale;
use crate::timescale::adopt::{adopt, to_toml};
use crate::timescale::check;
use crate::timescale::plan::plan;
use crate::timescale::server::Edition;
use crate::timescale::spec::Spec;

/// Prints the declaration of what is there, and says what none can hold.
///
/// # Errors
/// The server cannot be used or refuses a query.
pub async fn print(
    context: &Context,
    mut connection: PgConnection,
    settings: &Timescale,
    declared: Spec,
) -> Result<ExitStatus, Failure> {
    let (server, edition) = usable(&mut connection, settings).await?;
    let schema = server.schema.as_deref().unwrap_or("public");
    let found = inventory::inventory(&mut connection, &declared, &server).await?;
    let adopted = adopt(&found, &declared, edition);
    // What it leaves out shows as a difference: look again with it.
    let again = inventory::inventory(&mut connection, &adopted, &server).await?;
    let left = plan(&adopted, &again, edition, schema).steps;
    let mut text = format!(
        "# What bss found on {}; as the file of timescale.declared it is\n# what `bss setup \
         timescale` keeps up.\n",
        crate::backends::postgres::place(settings)
    );
    if edition == Edition::Apache {
        text.push_str(
            "# This edition keeps compression, retention and the times of policies nowhere: they \
             are\n# those declared before.\n",
        );
    }
    text.push('\n');
    text.push_str(&to_toml(&adopted));
    context.ui.write(text.as_bytes())?;
    let findings = check::lint(&adopted);
    for finding in &findings {
        let (object, text) = (&finding.object, &finding.text);
        context.ui.warning(format!("as it is it would be refused: {object}: {text}"));
    }
    for step in &left {
        context.ui.warning(format!("a declaration cannot hold: {step}"));
    }
    let whole = findings.is_empty() && left.is_empty();
    Ok(if whole { ExitStatus::Done } else { ExitStatus::Partly })
}
