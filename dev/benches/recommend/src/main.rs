//! How good recommendations are, what they cost and what they take: the room `recommend` on the
//! sessions of `data/README.md`, by its protocol, beside the V-SKNN of its tables.
//!
//!     cargo run --release --manifest-path dev/benches/recommend/Cargo.toml -- --data DIR
//!
//! `--split valid` keeps the test files closed and takes the end of each training file instead:
//! what settings are chosen on. `--confidence` compares confidence with what came true.

mod data;
mod measure;

use std::process::{Command, ExitCode};

use data::{DataSet, SETS, Split};

struct Options {
    data: String,
    set: Option<String>,
    split: Split,
    confidence: bool,
    rules: Vec<(String, f64)>,
}

fn options() -> Result<Options, String> {
    let mut found = Options {
        data: String::new(),
        set: None,
        split: Split::Test,
        confidence: false,
        rules: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--data" => found.data = value()?,
            "--set" => found.set = Some(value()?),
            "--split" => {
                found.split = match value()?.as_str() {
                    "test" => Split::Test,
                    "valid" => Split::Valid,
                    other => return Err(format!("no split {other}: test or valid")),
                };
            }
            "--confidence" => found.confidence = true,
            "--rule" => {
                let text = value()?;
                let (name, number) = text.split_once('=').ok_or("--rule NAME=NUMBER")?;
                let number = number.parse().map_err(|e| format!("{text}: {e}"))?;
                found.rules.push((name.to_owned(), number));
            }
            other => return Err(format!("unknown option {other}")),
        }
    }
    if found.data.is_empty() {
        return Err("--data DIR is missing (the folder with recommend_bol and others)".to_owned());
    }
    Ok(found)
}

/// Each data set in a process of its own: its peak memory is its own then.
fn each_set() -> Result<(), String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    for set in SETS {
        let own = Command::new(&program)
            .args(std::env::args().skip(1))
            .args(["--set", set.name])
            .status()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        if !own.success() {
            return Err(format!("{} failed", set.name));
        }
    }
    Ok(())
}

fn run() -> Result<(), String> {
    let options = options()?;
    let Some(name) = &options.set else { return each_set() };
    let known = SETS.iter().find(|s| s.name == name).ok_or_else(|| format!("no set {name}"))?;
    let data = DataSet::read(&options.data, known, options.split)?;
    let rules = measure::rules(&options.rules)?;
    measure::report(&data, &rules, options.confidence)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("recommend: {fault}");
            ExitCode::FAILURE
        }
    }
}
