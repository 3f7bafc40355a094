//! `bss completions`

use clap_complete::Shell;

use crate::cli::{ExitStatus, Failure, generate};
use crate::ui::Ui;

/// Print the completion script of a shell
///
/// bash: bss completions bash > /etc/bash_completion.d/bss
///
/// zsh:  bss completions zsh > "${fpath[1]}/_bss"
///
/// fish: bss completions fish > ~/.config/fish/completions/bss.fish
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Known,
}

/// The shells whose scripts are committed and tested.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

/// Runs the command.
///
/// # Errors
/// If standard output cannot be written.
pub fn run(args: &CompletionsArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let shell = match args.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    ui.write(&generate::completions(shell))?;
    Ok(ExitStatus::Done)
}
