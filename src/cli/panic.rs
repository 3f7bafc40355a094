//! A panic is a bug: it ends with exit code 70, says where it happened, and shows no data.

use std::panic::PanicHookInfo;

use crate::cli::exit::ExitStatus;
use crate::cli::failure::Failure;
use crate::ui::OutputForm;

/// Prints panics as internal errors in the asked form.
pub fn install(form: OutputForm) {
    std::panic::set_hook(Box::new(move |info| {
        failure(info).print_as(form, &mut std::io::stderr().lock());
    }));
}

/// The panic as a failure. A formatted text may hold data or a secret, so only text that is fixed
/// in the program is shown.
fn failure(info: &PanicHookInfo<'_>) -> Failure {
    let place = info.location().map_or_else(
        || "an unknown place".to_owned(),
        |l| format!("{}:{}:{}", l.file(), l.line(), l.column()),
    );
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let mut failure = Failure::new(ExitStatus::Bug, format!("internal error at {place}"));
    if let Some(text) = info.payload().downcast_ref::<&'static str>() {
        failure.causes.push((*text).to_owned());
    }
    failure
        .hint(format!("This is a bug in bss {}.", env!("CARGO_PKG_VERSION")))
        .hint(format!("Report it with the place above, the command, and the thread: {thread}."))
}
