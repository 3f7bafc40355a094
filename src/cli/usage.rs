//! The parser's refusals in the shape of every other failure.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::cli::exit::ExitStatus;
use crate::cli::failure::Failure;
use crate::ui::OutputForm;

/// The output form the arguments ask for, found before they are parsed: a refusal of the other
/// arguments must have it too.
#[must_use]
pub fn form_of(arguments: &[OsString]) -> OutputForm {
    let mut form = OutputForm::Table;
    let mut arguments = arguments.iter().filter_map(|a| a.to_str()).skip(1);
    while let Some(argument) = arguments.next() {
        let value = match argument {
            "--" => break,
            "-o" | "--output" => arguments.next(),
            other => other
                .strip_prefix("--output=")
                .or_else(|| other.strip_prefix("-o").map(|v| v.strip_prefix('=').unwrap_or(v))),
        };
        if let Some(found) = value.and_then(|v| clap::ValueEnum::from_str(v, false).ok()) {
            form = found;
        }
    }
    form
}

/// What the parser gave instead of a command.
pub enum Refused {
    /// Help or version was asked for: text for standard output.
    Text(String),
    /// No command was given: help for standard error.
    Help(String),
    /// The arguments are wrong.
    Failure(Failure),
}

/// Sorts the parser's error.
#[must_use]
pub fn refused(error: &clap::Error) -> Refused {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Refused::Text(text),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Refused::Help(text),
        _ => Refused::Failure(failure(&text)),
    }
}

/// Takes the parser's text apart: the first paragraph is the message, tips and values are hints,
/// the usage line is the last one.
fn failure(text: &str) -> Failure {
    let mut paragraphs = text.trim().split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let mut lines = first.lines().map(str::trim);
    let message = lines.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let mut hints = Vec::new();
    let mut objects = Vec::new();
    for line in lines.filter(|l| !l.is_empty()) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(values) => hints.push(sentence(values)),
            None => objects.push(line.to_owned()),
        }
    }
    for paragraph in paragraphs {
        for line in paragraph.lines().map(str::trim).filter(|l| !l.is_empty()) {
            if let Some(tip) = line.strip_prefix("tip: ") {
                hints.push(sentence(tip));
            } else if let Some(usage) = line.strip_prefix("Usage: ") {
                hints.push(format!("Usage: {usage}"));
            }
        }
    }
    let message = if objects.is_empty() {
        message.to_owned()
    } else {
        format!("{} {}", message, objects.join(" "))
    };
    let mut failure = Failure::new(ExitStatus::Usage, message);
    failure.hints = hints;
    if !failure.hints.iter().any(|h| h.starts_with("Usage: ")) {
        failure = failure.hint("`--help` after any command explains it.");
    }
    failure
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let rest = chars.as_str().trim_end_matches('.');
    format!("{first}{rest}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_found_in_any_spelling() {
        for (arguments, form) in [
            (&["bss", "-o", "json", "x"][..], OutputForm::Json),
            (&["bss", "x", "-ojson"][..], OutputForm::Json),
            (&["bss", "x", "-o=ndjson"][..], OutputForm::Ndjson),
            (&["bss", "x", "--output=csv"][..], OutputForm::Csv),
            (&["bss", "x", "--output", "json"][..], OutputForm::Json),
            (&["bss", "x", "--", "-o", "json"][..], OutputForm::Table),
            (&["bss", "-o", "yaml"][..], OutputForm::Table),
            (&["bss", "--other", "json"][..], OutputForm::Table),
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(form_of(&arguments), form, "{arguments:?}");
        }
    }
}
