//! Options that every command takes.

use std::path::PathBuf;

use crate::ui::OutputForm;

/// The heading of the options below in every help text.
const HEADING: &str = "Global options";

/// Options that every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Global {
    /// Read this configuration file instead of the usual ones
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING)]
    pub config: Option<PathBuf>,
    /// Use the settings of [context.NAME]
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    pub context: Option<String>,
    /// Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_and_value,
          help_heading = HEADING)]
    pub set: Vec<String>,
    /// Form of the result
    #[arg(short, long, global = true, value_enum, value_name = "FORM", help_heading = HEADING)]
    pub output: Option<OutputForm>,
    /// Draw this number column (the first, if none is named) as bars, or over time as sparklines
    #[arg(long, global = true, value_name = "COLUMN", num_args = 0..=1, require_equals = true,
          default_missing_value = "", help_heading = HEADING)]
    pub plot: Option<String>,
    /// Start of the time range: RFC 3339, a date, or a span before now such as 24h
    #[arg(long, global = true, value_name = "TIME", help_heading = HEADING)]
    pub since: Option<String>,
    /// End of the time range, not included
    #[arg(long, global = true, value_name = "TIME", help_heading = HEADING)]
    pub until: Option<String>,
    /// Take this instant as now
    #[arg(long, global = true, value_name = "TIME", help_heading = HEADING)]
    pub as_of: Option<String>,
    /// Zone of dates without an offset, and of the display
    #[arg(long, global = true, value_name = "ZONE", help_heading = HEADING)]
    pub tz: Option<String>,
    /// Say only the result and errors
    #[arg(short, long, global = true, help_heading = HEADING)]
    pub quiet: bool,
    /// Log more (-v, -vv, -vvv)
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = HEADING)]
    pub verbose: u8,
    /// Never use colour or draw bars
    #[arg(long, global = true, help_heading = HEADING)]
    pub no_color: bool,
    /// Answer questions with yes; on a production context the context's name is needed
    #[arg(long, global = true, value_name = "NAME", num_args = 0..=1, require_equals = true,
          default_missing_value = "", help_heading = HEADING)]
    pub yes: Option<String>,
}

/// Accepts `section.key=value`; the refusal does not repeat the value, it may be a secret.
fn key_and_value(text: &str) -> Result<String, &'static str> {
    match text.split_once('=') {
        Some((key, _)) if key.contains('.') => Ok(text.to_owned()),
        _ => Err("expected SECTION.KEY=VALUE"),
    }
}
