//! `bss generate`: for developers; `tests/cli` fails while the files are stale.

use std::path::{Path, PathBuf};

use crate::cli::{ExitStatus, Failure, generate};
use crate::ui::Ui;

/// Write completions/ and man/ of the checkout anew
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// The checkout
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if a file cannot be written.
pub fn run(args: &GenerateArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let files = generate::files_of_the_checkout()?;
    write(&args.dir, &files).map_err(|e| {
        Failure::failed(format!("could not write to {}", args.dir.display())).because(&e)
    })?;
    ui.status(format!("Wrote {} files.", files.len()));
    Ok(ExitStatus::Done)
}

fn write(checkout: &Path, files: &[(PathBuf, Vec<u8>)]) -> std::io::Result<()> {
    for folder in ["completions", "man"] {
        let folder = checkout.join(folder);
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)? {
            std::fs::remove_file(entry?.path())?;
        }
    }
    files.iter().try_for_each(|(path, text)| std::fs::write(checkout.join(path), text))
}
