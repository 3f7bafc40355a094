//! How an import goes: look at the file, load batch by batch, tell what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::begin::{Asked, Begun, asked, begin, form, rejects_path};
use super::prepare::{self, Plan, Prepared};
use super::rejects::Rejects;
use super::source::Source;
use super::workers::{Errand, Fate, Workers};
use super::{ImportArgs, Round, summary};
use crate::backends::postgres::load::Loader;
use crate::backends::postgres::samples::Outcome;
use crate::backends::postgres::{self, hypertable};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::setup::timescale::declared;
use crate::domain::payment::Currency;
use crate::domain::{EventTime, Reason, Reject};
use crate::metrics::chunks::{Estimate, Layout};
use crate::metrics::decode::{Decoder, Rules};
use crate::metrics::kind::Kind;
use crate::metrics::ledger::Link;
use crate::metrics::lines::Form;
use crate::metrics::reader::Batch;
use crate::metrics::tally::Tally;
use crate::runtime::Fault;
use crate::timescale::policies;
use crate::ui::Progress;

/// Everything an import needs to know.
struct Import<'a> {
    args: &'a ImportArgs,
    context: &'a Context,
    asked: Asked,
    source: Source,
    form: Form,
    plan: Plan,
    layout: Option<Layout>,
    workers: Workers,
    rejects: Rejects,
    tally: Tally,
    /// Where the refresh window of the table's aggregates begins, and their names.
    window: Option<(EventTime, Vec<String>)>,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: ImportArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let kind = args.kind.of();
    let asked = asked(&args, context)?;
    let source = Source::new(&args.file, args.strict)?;
    let mut opened = source.open(args.encoding.of())?;
    let begun = match form(&args, &source, &mut opened)? {
        Some(form) => Some((form, begin(&args, &asked, opened, form, &source)?)),
        None => None,
    };
    let mut connection = postgres::connect(&context.settings().timescale).await?;
    let floor = hypertable::floor(&mut connection, kind.hypertable()).await?;
    let layout = hypertable::layout(&mut connection, kind.hypertable()).await?;
    let Some((form, (begun, decoder))) = begun else {
        context.ui.warning(format!("{} is empty.", source.name()));
        let report = summary::report(&source.name(), kind.name(), None, &Tally::default());
        context.ui.report(&report)?;
        return Ok(ExitStatus::Done);
    };
    if let Some(mapping) = decoder.mapping().filter(|m| !m.ignored().is_empty()) {
        context.ui.status(format!("Columns not stored: {}.", mapping.ignored().join(", ")));
    }
    let spec = declared(&context.settings().timescale)?;
    let window = policies::window(&spec, kind.hypertable(), context.now());
    let start = window.as_ref().map(|(start, _)| *start);
    let plan = plan(&args, context, decoder, floor, start)?;
    let rejects = Rejects::new(rejects_path(&args));
    let workers = workers(&args, context, connection, &plan, &source.name()).await?;
    let tally = Tally::default();
    let mut import = Import {
        args: &args,
        context,
        asked,
        source,
        form,
        plan,
        layout,
        workers,
        rejects,
        tally,
        window,
    };
    import.look_ahead()?;
    import.load(begun).await
}

/// The connections that carry the batches; `first` is one of them.
async fn workers(
    args: &ImportArgs,
    context: &Context,
    first: postgres::transaction::Session,
    plan: &Plan,
    source: &str,
) -> Result<Workers, Failure> {
    let kind = plan.decoder.kind();
    let fault = || Fault::parse(context.environment.fault.as_deref());
    let mut loaders = vec![Loader::new(first, kind, fault())];
    for _ in 1..args.workers {
        let connection = postgres::connect(&context.settings().timescale).await?;
        loaders.push(Loader::new(connection, kind, fault()));
    }
    let errand = Errand { kind, source: source.into(), first: plan.first, reload: args.reload };
    Ok(Workers::new(errand, loaders))
}

/// How the batches are made, and what the ledger knows them by.
fn plan(
    args: &ImportArgs,
    context: &Context,
    decoder: Decoder,
    floor: Option<EventTime>,
    window: Option<EventTime>,
) -> Result<Plan, Failure> {
    let settings = context.settings();
    let currency = Currency::new(&settings.general.currency)
        .map_err(|e| Failure::config("cannot use general.currency").because(&e))?;
    let skew = i64::try_from(settings.general.max_skew.as_micros()).unwrap_or(i64::MAX);
    let size = args.batch.unwrap_or(settings.metrics.batch).max(1);
    let round = args.round == Some(Round::HalfEven);
    let (identity, size_text) = (decoder.identity(), size.to_string());
    let mut parts = vec![
        decoder.kind().name(),
        &identity,
        currency.code(),
        &settings.general.tenant,
        if round { "half-even" } else { "exact" },
        &size_text,
    ];
    if args.once_per_id {
        parts.push("once per id");
    }
    Ok(Plan {
        rules: Rules { currency, round, latest: context.now().plus_micros(skew), floor },
        window,
        tenant: settings.general.tenant.clone(),
        size: usize::try_from(size).unwrap_or(usize::MAX),
        once: args.once_per_id,
        first: Link::first(&parts),
        decoder: Arc::new(decoder),
    })
}

impl Import<'_> {
    fn kind(&self) -> Kind {
        self.plan.decoder.kind()
    }

    /// Reads the file once before anything is written: counts the chunks it would make, and with
    /// `--strict` checks every row. Standard input that is not spooled is looked at batch by
    /// batch instead.
    fn look_ahead(&mut self) -> Result<(), Failure> {
        if !self.source.again() {
            return Ok(());
        }
        let opened = self.source.open(self.args.encoding.of())?;
        let (mut begun, _) = begin(self.args, &self.asked, opened, self.form, &self.source)?;
        let mut estimate = self.layout.as_ref().map(Estimate::new);
        let mut batch = Batch::default();
        let mut faults = 0_u64;
        let mut read = 0_u64;
        loop {
            let next = begun.reader.batch(self.plan.first, self.plan.size, batch);
            let Some(found) = next.map_err(|e| self.source.unreadable(&e))? else { break };
            batch = found;
            for at in 0..batch.records.len() {
                read += 1;
                let time = match self.look_at(batch.record(at)) {
                    Ok(time) => time,
                    Err(reject) => {
                        faults += 1;
                        self.rejects.write(&self.plan.decoder, &batch, at, &reject, None)?;
                        None
                    }
                };
                if let (Some(estimate), Some(time)) = (&mut estimate, time) {
                    estimate.note(time);
                }
            }
        }
        self.rejects.flush()?;
        if faults > 0 {
            return Err(self.nothing_written(faults, read));
        }
        self.check_chunks(estimate.as_ref())
    }

    /// The time of a line that will be stored; only with `--strict` its fault.
    fn look_at(&self, line: &[u8]) -> Result<Option<EventTime>, Reject> {
        let (decoder, rules) = (&self.plan.decoder, &self.plan.rules);
        let leaves_out = decoder.leaves_out(line);
        if self.args.strict {
            return match leaves_out? {
                true => Ok(None),
                false => decoder.decode(line, rules).map(|a| Some(a.sample.time())),
            };
        }
        Ok(if leaves_out == Ok(false) { decoder.time(line, rules) } else { None })
    }

    fn nothing_written(&self, faults: u64, read: u64) -> Failure {
        let name = self.source.name();
        let failure = Failure::failed(format!(
            "could not import {name}: {faults} of {read} rows are at fault; nothing was written"
        ))
        .code("strict");
        let at = self.rejects.path().unwrap_or_default();
        failure.hint(format!("They are listed in {at}; without --strict the others are loaded."))
    }

    fn check_chunks(&self, estimate: Option<&Estimate>) -> Result<(), Failure> {
        let (Some(estimate), Some(layout)) = (estimate, &self.layout) else { return Ok(()) };
        let (fresh, limit) = (estimate.fresh(), self.args.allow_chunks);
        if fresh <= limit {
            return Ok(());
        }
        let days = layout.interval.as_secs_f64() / 86_400.0;
        let length = if days == 1.0 { "1 day".to_owned() } else { format!("{days} days") };
        Err(Failure::failed(format!(
            "could not import {}: it would make about {fresh} new chunks of {length} in \
             hypertable bss.{}; the limit is {limit}",
            self.source.name(),
            self.kind().hypertable()
        ))
        .code("too-many-chunks")
        .hint(format!(
            "Each chunk is a table with indexes: a query over all of them would take {} locks, and \
             the server has room for {} (max_locks_per_transaction).",
            layout.locks_of_all(fresh),
            layout.locks
        ))
        .hint(format!(
            "Give --allow-chunks {fresh} to go on, or declare a longer chunk interval and run \
             `bss setup timescale`."
        )))
    }

    /// Loads batch by batch and tells what came of it.
    async fn load(&mut self, begun: Begun) -> Result<ExitStatus, Failure> {
        let started = Instant::now();
        let name = self.source.name();
        let mut progress =
            Progress::start(&self.context.ui, format!("Importing {name}"), begun.total);
        let by_bytes = begun.total.is_some();
        let mut estimate = self.layout.as_ref().filter(|_| !self.source.again()).map(Estimate::new);
        let mut batches = prepare::start(begun.reader, begun.position, self.plan.clone());
        if let Some(loader) = self.workers.idle().filter(|_| self.args.strict) {
            loader.begin_whole().await?;
        }
        let (mut stopped, mut ended, mut position) = (false, false, 0);
        loop {
            tokio::select! {
                biased;
                carried = self.workers.next(), if self.workers.is_busy() => {
                    let (prepared, fate) = carried?;
                    self.settle(&prepared, fate)?;
                    position = prepared.position.max(position);
                    progress.set(if by_bytes { position } else { self.tally.read });
                    // The thread may have ended with the file; then nothing is reused.
                    let _unused = batches.back.send(prepared).is_err();
                }
                next = batches.ready.recv(), if !ended && self.workers.takes() => match next {
                    None => ended = true,
                    Some(next) => {
                        let prepared = next.map_err(|e| self.broke_off(&e))?;
                        if let Some(estimate) = &mut estimate {
                            self.note_chunks(estimate, &prepared);
                            self.check_chunks(Some(estimate))?;
                        }
                        self.take_up(&prepared)?;
                        self.workers.send(prepared);
                    }
                },
                else => break,
            }
            if self.context.shutdown.asked() {
                // What is under way is carried to its end.
                (stopped, ended) = (true, true);
            }
        }
        progress.finish();
        self.rejects.flush()?;
        self.end(stopped, started.elapsed()).await
    }

    fn note_chunks(&self, estimate: &mut Estimate, prepared: &Prepared) {
        for record in &prepared.records {
            let line = prepared.batch.record(*record);
            if let Some(time) = self.plan.decoder.time(line, &self.plan.rules) {
                estimate.note(time);
            }
        }
    }

    fn broke_off(&self, error: &std::io::Error) -> Failure {
        self.source.unreadable(error).hint(format!(
            "{} rows are stored; the same command goes on behind them once the file is whole.",
            self.tally.stored
        ))
    }

    /// Counts a batch that goes to a worker, and writes what is set aside of it.
    fn take_up(&mut self, prepared: &Prepared) -> Result<(), Failure> {
        self.tally.read += u64::try_from(prepared.batch.records.len()).unwrap_or(u64::MAX);
        self.tally.rounded += prepared.rounded;
        self.tally.left_out += prepared.left_out;
        for (record, reject) in &prepared.aside {
            self.tally.aside(reject.reason);
            self.rejects.write(&self.plan.decoder, &prepared.batch, *record, reject, None)?;
        }
        Ok(())
    }

    /// Counts what became of a batch's rows.
    fn settle(&mut self, prepared: &Prepared, fate: Fate) -> Result<(), Failure> {
        match fate {
            Fate::PassedOver => {
                self.tally.duplicate += prepared.valid();
                self.tally.passed_over += prepared.valid();
                Ok(())
            }
            Fate::Sent(outcome) => self.count(prepared, &outcome),
        }
    }

    fn count(&mut self, prepared: &Prepared, outcome: &Outcome) -> Result<(), Failure> {
        let batch = &prepared.batch;
        let decoder = Arc::clone(&self.plan.decoder);
        self.tally.stored += outcome.stored;
        self.tally.duplicate += outcome.duplicates + outcome.repeated + prepared.duplicates;
        self.tally.repeated += outcome.repeated;
        self.tally.corrected += outcome.corrected + prepared.corrected;
        if outcome.stored + outcome.corrected > 0 {
            self.tally.outside += prepared.outside;
        }
        let key = self.kind().key_in_words();
        for (row, said) in &outcome.refused {
            let reject = Reject::new(Reason::Refused, "", said.clone());
            self.tally.aside(reject.reason);
            self.rejects.write(&decoder, batch, prepared.records[*row], &reject, None)?;
        }
        for conflict in &outcome.conflicting {
            let detail = format!("{key} are stored with other content");
            let reject = Reject::new(Reason::Conflicting, "", detail);
            let stored = Some(conflict.stored.clone());
            self.tally.aside(reject.reason);
            let record = prepared.records[conflict.row];
            self.rejects.write(&decoder, batch, record, &reject, stored)?;
        }
        for (record, first) in &prepared.conflicting {
            let line = batch.records[*first].line;
            let detail = format!("{key} are those of line {line}, with other content");
            let reject = Reject::new(Reason::Conflicting, "", detail);
            let first = decoder.decode(batch.record(*first), &self.plan.rules);
            let stored = first.ok().map(|a| a.sample.to_json());
            self.tally.aside(reject.reason);
            self.rejects.write(&decoder, batch, *record, &reject, stored)?;
        }
        Ok(())
    }

    async fn end(&mut self, stopped: bool, took: Duration) -> Result<ExitStatus, Failure> {
        let ui = &self.context.ui;
        let name = self.source.name();
        if self.args.strict {
            let aside = self.tally.set_aside();
            if let Some(loader) = self.workers.idle() {
                if stopped || aside > 0 {
                    loader.roll_back().await?;
                } else {
                    loader.commit().await?;
                }
            }
            if stopped {
                ui.status(format!("Stopped; nothing of {name} was written (--strict)."));
                return Ok(self.context.shutdown.status());
            }
            if aside > 0 {
                return Err(self.nothing_written(aside, self.tally.read));
            }
        }
        if !self.tally.balances() {
            let what = format!("the sum of {name} does not come out");
            return Err(Failure::new(ExitStatus::Bug, what).hint(summary::sentence(&self.tally)));
        }
        let rejects = self.rejects.path();
        let kind = self.kind().name();
        ui.report(&summary::report(&name, kind, rejects.as_deref(), &self.tally))?;
        let rate = f64::from(u32::try_from(self.tally.read).unwrap_or(u32::MAX))
            / took.as_secs_f64().max(0.001);
        ui.status(format!(
            "{} {:.1} s, {rate:.0} rows/s.",
            summary::sentence(&self.tally),
            took.as_secs_f64()
        ));
        if let Some(path) = rejects {
            ui.warning(format!("{} rows were set aside: {path}.", self.tally.set_aside()));
            let bad_times = self.tally.reasons.contains_key(Reason::BadTime.code());
            if bad_times && self.context.global.tz.is_none() {
                ui.hint("Times without an offset are read with --tz ZONE.");
            }
        }
        if let (1.., Some((start, names))) = (self.tally.outside, &self.window) {
            let (rows, names) = (self.tally.outside, names.join(", "));
            ui.warning(format!(
                "{rows} rows are older than {start}, outside the refresh window of {names}."
            ));
            ui.hint("`bss metrics refresh --stale` takes them into the aggregates.");
        }
        if stopped {
            ui.hint("Stopped after a whole batch. Give the same command again to go on.");
            return Ok(self.context.shutdown.status());
        }
        Ok(if self.tally.set_aside() > 0 { ExitStatus::Partly } else { ExitStatus::Done })
    }
}
