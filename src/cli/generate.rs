//! Completions and man pages, generated from the command line itself.

use std::io::Write;
use std::path::PathBuf;

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::exit;

/// The completion script of a shell.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "bss", &mut out);
    out
}

/// The man page of a command: `[]` for the program, `["streams", "run"]` for a leaf. None if
/// there is no such command.
///
/// # Errors
/// Only what writing to memory can give.
pub fn man_page(path: &[String]) -> std::io::Result<Option<Vec<u8>>> {
    let pages = man_pages()?;
    let name = page_name(path);
    Ok(pages.into_iter().find(|(n, _)| *n == name).map(|(_, text)| text))
}

/// The man page of every command, by file name.
///
/// # Errors
/// Only what writing to memory can give.
pub fn man_pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = super::command().disable_help_flag(false);
    root.build();
    let mut pages = Vec::new();
    collect(&root, &[], &mut pages)?;
    Ok(pages)
}

fn page_name(path: &[String]) -> String {
    let mut name = "bss".to_owned();
    for part in path {
        name.push('-');
        name.push_str(part);
    }
    name + ".1"
}

fn collect(
    command: &clap::Command,
    path: &[String],
    pages: &mut Vec<(String, Vec<u8>)>,
) -> std::io::Result<()> {
    pages.push((page_name(path), page(command, path)?));
    for child in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        let mut path = path.to_vec();
        path.push(child.get_name().to_owned());
        collect(child, &path, pages)?;
    }
    Ok(())
}

fn page(command: &clap::Command, path: &[String]) -> std::io::Result<Vec<u8>> {
    let title = page_name(path).trim_end_matches(".1").to_owned();
    let man = Man::new(command.clone().after_long_help("").after_help(""))
        .title(title.clone())
        .source(format!("bss {}", env!("CARGO_PKG_VERSION")))
        .manual("bss manual");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.get_subcommands().any(|c| !c.is_hide_set()) {
        man.render_subcommands_section(&mut out)?;
    }
    if path.is_empty() {
        files(&mut out)?;
        environment(&mut out)?;
    }
    exit_status(&mut out)?;
    if !path.is_empty() {
        section(&mut out, "SEE ALSO", &[("bss(1)", "files, environment")])?;
    }
    out.flush()?;
    Ok(out)
}

fn section(out: &mut Vec<u8>, title: &str, entries: &[(&str, &str)]) -> std::io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (term, text) in entries {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
    roff.to_writer(out)
}

fn exit_status(out: &mut Vec<u8>) -> std::io::Result<()> {
    let codes = exit::MEANINGS.map(|(status, text)| (status.code().to_string(), text));
    let entries: Vec<(&str, &str)> = codes.iter().map(|(c, t)| (c.as_str(), *t)).collect();
    section(out, "EXIT STATUS", &entries)
}

fn files(out: &mut Vec<u8>) -> std::io::Result<()> {
    section(
        out,
        "FILES",
        &[
            ("/etc/bss/bss.toml", "Settings of the machine."),
            ("$XDG_CONFIG_HOME/bss/bss.toml, ~/.config/bss/bss.toml", "Settings of the user."),
            (
                "./bss.toml",
                "Settings of the working directory; read only if it belongs to the caller and \
                 nobody else may write it. It may not hold a password_command.",
            ),
            (
                "$XDG_STATE_HOME/bss, ~/.local/state/bss",
                "State of running topologies, unless streams.state_dir says otherwise.",
            ),
            (
                "$XDG_DATA_HOME/bss/keys/CONTEXT, ~/.local/share/bss/keys/CONTEXT",
                "Keys of personal fields (default without a context), unless events.keys_dir says otherwise.",
            ),
        ],
    )
}

fn environment(out: &mut Vec<u8>) -> std::io::Result<()> {
    section(
        out,
        "ENVIRONMENT",
        &[
            ("BSS_SECTION_KEY", "Sets a configuration key, such as BSS_KAFKA_BOOTSTRAP."),
            ("BSS_CONFIG", "As --config: this file instead of the usual ones."),
            ("BSS_CONTEXT", "As --context."),
            ("BSS_LOG", "Which logs to write, such as bss=debug,info."),
            ("NO_COLOR", "If set and not empty: no colour, no bars. TERM=dumb does the same."),
        ],
    )
}

/// Every generated file of the checkout: path and content.
///
/// # Errors
/// Only what writing to memory can give.
pub fn files_of_the_checkout() -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = vec![
        (PathBuf::from("completions/bss.bash"), completions(Shell::Bash)),
        (PathBuf::from("completions/_bss"), completions(Shell::Zsh)),
        (PathBuf::from("completions/bss.fish"), completions(Shell::Fish)),
    ];
    for (name, text) in man_pages()? {
        files.push((PathBuf::from("man").join(name), text));
    }
    Ok(files)
}
