//! What a run answers on its own port: `/metrics`, `/healthz`, `/readyz`.

use std::sync::Arc;

use serde_json::json;

use crate::backends::kafka::runner::{RunHandle, RunOptions, files};
use crate::cli::Failure;
use crate::commands::Context;
use crate::http::{Answer, Server};
use crate::streams::topology::Description;
use crate::streams::watch::figures::{Exposed, RunFigures};
use crate::streams::watch::prometheus;

/// The path of the figures as JSON, for `bss streams metrics`.
pub const FIGURES: &str = "/figures";

/// One run and what it is of.
#[derive(Clone)]
pub struct Shown {
    /// The topology.
    pub description: Description,
    /// The run.
    pub handle: RunHandle,
}

/// Listens on `streams.http`, if it is set. Returns where, as others can reach it.
///
/// # Errors
/// The address cannot be taken: exit 1, or 5 if somebody has it.
pub async fn listen(context: &Context) -> Result<Option<(Server, String)>, Failure> {
    let wanted = &context.settings().streams.http;
    if wanted.is_empty() {
        return Ok(None);
    }
    let server = Server::bind(wanted).await.map_err(|error| {
        let what = format!("could not listen on streams.http = \"{wanted}\"");
        let failure = if error.kind() == std::io::ErrorKind::AddrInUse {
            Failure::new(crate::cli::ExitStatus::Conflict, what).hint(
                "Another process listens there; give this one another port, or 0 for a free one.",
            )
        } else {
            Failure::failed(what)
        };
        failure.because(&error)
    })?;
    let address = server.address();
    // Every address of this machine: others reach it by its name.
    let reached = if address.ip().is_unspecified() {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        format!("{name}:{}", address.port())
    } else {
        address.to_string()
    };
    context.ui.status(format!("http://{reached}/metrics tells how it goes."));
    Ok(Some((server, reached)))
}

/// Answers for `runs` until the process ends.
pub fn serve(server: Server, runs: Vec<Shown>, options: &RunOptions) {
    let (instance, memory) = (options.instance.clone(), Arc::clone(&options.memory));
    let limit = i64::try_from(options.streams.stalled_after.as_micros()).unwrap_or(i64::MAX);
    let figures = move || -> Vec<RunFigures> {
        runs.iter().map(|r| r.handle.figures(&r.description, &instance, limit)).collect()
    };
    let route = move |path: &str| match path {
        "/metrics" | FIGURES => {
            let exposed = Exposed { process: files::process_figures(&memory), runs: figures() };
            Some(if path == FIGURES {
                match serde_json::to_string(&exposed) {
                    Ok(text) => Answer::json(200, text),
                    Err(error) => Answer::text(500, &error.to_string()),
                }
            } else {
                let body = prometheus::render(&exposed);
                Answer { status: 200, content_type: prometheus::CONTENT_TYPE, body }
            })
        }
        "/healthz" => Some(judged(&figures(), |run| run.state.healthy())),
        "/readyz" => Some(judged(&figures(), |run| run.state.ready())),
        _ => None,
    };
    drop(server.serve(Arc::new(route)));
}

/// 200 if all runs are fine, else 503; the body names each with its state and cause.
fn judged(runs: &[RunFigures], fine: impl Fn(&RunFigures) -> bool) -> Answer {
    let all = runs.iter().all(&fine);
    let shown: Vec<serde_json::Value> = runs
        .iter()
        .map(|run| json!({ "topology": run.topology, "ok": fine(run), "state": run.state, "cause": run.cause }))
        .collect();
    let body = json!({ "ok": all, "topologies": shown });
    Answer::json(if all { 200 } else { 503 }, format!("{body}\n"))
}
