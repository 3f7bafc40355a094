//! `bss man`

use std::path::PathBuf;

use crate::cli::{ExitStatus, Failure, generate};
use crate::ui::Ui;

/// Print a man page, or write all of them to a folder
///
/// bss man streams run | man -l -
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The command whose page is printed; none for bss itself
    #[arg(conflicts_with = "dir")]
    command: Vec<String>,
    /// Write every page into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for an unknown command; exit 1 if a page cannot be written.
pub fn run(args: &ManArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let Some(dir) = &args.dir else {
        let Some(page) = generate::man_page(&args.command)? else {
            let name = args.command.join(" ");
            return Err(Failure::usage(format!("no command `bss {name}`"))
                .code("not-found")
                .hint("`bss --help` lists the commands."));
        };
        ui.write(&page)?;
        return Ok(ExitStatus::Done);
    };
    let pages = generate::man_pages()?;
    let written = std::fs::create_dir_all(dir).and_then(|()| {
        pages.iter().try_for_each(|(name, text)| std::fs::write(dir.join(name), text))
    });
    written.map_err(|e| {
        Failure::failed(format!("could not write the man pages to {}", dir.display())).because(&e)
    })?;
    ui.status(format!("Wrote {} pages to {}.", pages.len(), dir.display()));
    Ok(ExitStatus::Done)
}
