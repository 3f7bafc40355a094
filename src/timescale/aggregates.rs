//! The part of the plan that is about continuous aggregates: inner aggregate, public view, policy.

use crate::timescale::editions::{self, Before, Kept, Making};
use crate::timescale::interval::Interval;
use crate::timescale::inventory::{FoundAggregate, Inventory, Job, JobKind};
use crate::timescale::plan::{Change, Step, changed, create, foreign};
use crate::timescale::server::Edition;
use crate::timescale::spec::{ContinuousAggregate, Spec};
use crate::timescale::sql;

/// Adds the steps of all continuous aggregates.
pub(super) fn plan(spec: &Spec, inventory: &Inventory, steps: &mut Vec<Step>) {
    for aggregate in &spec.aggregates {
        one(spec, aggregate, inventory, steps);
    }
    for (name, found) in &inventory.aggregates {
        if !spec.aggregates.iter().any(|a| a.inner() == *name || set_aside(a, name)) {
            let on = Some(format!("on {}", found.on));
            steps.push(foreign(format!("continuous aggregate {name}"), on));
        }
    }
}

/// Whether `name` is what remains of an earlier definition of `aggregate`.
pub(super) fn set_aside(aggregate: &ContinuousAggregate, name: &str) -> bool {
    let rest = name.strip_prefix(&format!("{}_v", aggregate.name));
    let parts = rest.and_then(|r| r.split_once("_until_"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    parts.is_some_and(|(version, date)| digits(version) && digits(date))
}

fn one(spec: &Spec, aggregate: &ContinuousAggregate, inventory: &Inventory, steps: &mut Vec<Step>) {
    let Some(found) = inventory.aggregates.get(&aggregate.inner()) else {
        steps.push(editions::make(spec, aggregate, inventory, Edition::Community));
        return;
    };
    let object = format!("continuous aggregate {}", aggregate.name);
    let floor = inventory.floors.get(&aggregate.on).cloned();
    let history = inventory.histories.get(&aggregate.inner()).cloned();
    if differs(spec, aggregate, found) {
        let declared = "its SELECT";
        if let Some(floor) = &floor {
            steps.push(editions::blocked(object, "another SELECT", declared, floor));
        } else {
            let (aggregate, before) = (aggregate.clone(), Before::Other(Kept::Continuous));
            let change = Change::Aggregate(Making { aggregate, before, floor, history });
            let mut step = changed(object, "another SELECT", declared, Some(change));
            step.reason = "the old one is kept under another name".to_owned();
            steps.push(step);
        }
        return;
    }
    if found.fill_pending {
        let change = Change::Fill { aggregate: aggregate.clone(), floor };
        steps.push(changed(object.clone(), "half filled", "filled", Some(change)));
    }
    if found.materialized_only != aggregate.materialized_only {
        let show = |only: bool| if only { "materialized only" } else { "real-time" };
        steps.push(changed(
            object,
            show(found.materialized_only),
            show(aggregate.materialized_only),
            Some(Change::MaterializedOnly(aggregate.clone())),
        ));
    }
    view(aggregate, Change::View(aggregate.clone(), history), inventory, steps);
    policy(aggregate, inventory, steps);
}

pub(super) fn set_aside_or_version(aggregate: &ContinuousAggregate, name: &str) -> bool {
    let version = name.strip_prefix(&format!("{}_v", aggregate.name));
    let older = version.is_some_and(|v| v.parse::<u32>().is_ok());
    older || set_aside(aggregate, name)
}

pub(super) fn zone_note(zone: Option<&str>) -> String {
    zone.map_or_else(String::new, |z| format!(" ({z})"))
}

/// By what the server renders; where it did not let us try, by the digest in the comment.
pub(super) fn differs(
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    found: &FoundAggregate,
) -> bool {
    match (&found.definition.declared, &found.digest) {
        (Some(declared), _) => *declared != found.definition.found,
        (None, Some(digest)) => *digest != sql::digest(spec, aggregate),
        (None, None) => false,
    }
}

/// Adds the step of the public view, which `change` makes.
pub(super) fn view(
    aggregate: &ContinuousAggregate,
    change: Change,
    inventory: &Inventory,
    steps: &mut Vec<Step>,
) {
    let object = format!("view {}", aggregate.name);
    match inventory.views.get(&aggregate.name) {
        None => {
            let declared = Some(format!("over {}", aggregate.inner()));
            steps.push(create(object, declared, "the public name", change));
        }
        Some(found) if found.declared.as_ref().is_some_and(|d| *d != found.found) => {
            let declared = format!("the columns of {}", aggregate.inner());
            steps.push(changed(object, "another body", declared, Some(change)));
        }
        Some(_) => {}
    }
}

fn show(start: Option<Interval>, end: Option<Interval>, every: Interval, runs: bool) -> String {
    let text = |i: Option<Interval>| i.map_or_else(|| "no limit".to_owned(), |i| i.to_string());
    let paused = if runs { "" } else { ", paused" };
    format!("from {} to {} ago, every {every}{paused}", text(start), text(end))
}

fn policy(aggregate: &ContinuousAggregate, inventory: &Inventory, steps: &mut Vec<Step>) {
    let object = format!("refresh policy on {}", aggregate.name);
    let refresh = &aggregate.refresh;
    let wished = show(Some(refresh.start_offset), Some(refresh.end_offset), refresh.every, true);
    let inner = aggregate.inner();
    let mut jobs: Vec<&Job> =
        inventory.jobs.iter().filter(|j| j.kind == JobKind::Refresh && j.on == inner).collect();
    jobs.sort_by_key(|j| j.id);
    let aggregate = aggregate.clone();
    let Some((job, others)) = jobs.split_first() else {
        let change = Change::RefreshPolicy { aggregate, replaces: None };
        steps.push(create(object, Some(wished), "keeps it current", change));
        return;
    };
    let found = show(job.start_offset, job.end_offset, job.every, job.scheduled);
    if found != wished {
        let change = Change::RefreshPolicy { aggregate, replaces: Some(job.id) };
        steps.push(changed(object.clone(), found, wished, Some(change)));
    }
    for job in others {
        let found = show(job.start_offset, job.end_offset, job.every, job.scheduled);
        steps.push(foreign(object.clone(), Some(format!("job {}, {found}", job.id))));
    }
}
