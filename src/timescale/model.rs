//! Plans carried out on a model of a server: the second one is empty, and one alteration by hand
//! is one line.

use proptest::prelude::*;

use crate::timescale::editions::{Before, Kept, Making};
use crate::timescale::interval::Interval;
use crate::timescale::inventory::{
    Definition, FoundAggregate, FoundCompression, FoundHypertable, FoundRollup, Inventory, Job,
    JobKind,
};
use crate::timescale::plan::{Action, Change, Plan, plan};
use crate::timescale::server::Edition;
use crate::timescale::spec::{DECLARED, Spec};
use crate::timescale::{access, rollups, sql};

fn spec() -> Spec {
    let mut spec = Spec::parse(DECLARED, "UTC").unwrap();
    let tenants = ["acme_ro=acme".to_owned()];
    spec.access = access::Access::read(Some("bss".to_owned()), &tenants).unwrap();
    spec
}

fn empty(spec: &Spec) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.access.may_create = true;
    inventory.access.roles.insert("acme_ro".to_owned());
    inventory.migrations.pending = vec![(1, "create".to_owned())];
    assert!(!plan(spec, &inventory, Edition::Community, "public").is_empty());
    inventory
}

fn same(text: &str) -> Definition {
    Definition { found: text.to_owned(), declared: Some(text.to_owned()) }
}

/// What the server is after a change.
fn carry_out(spec: &Spec, inventory: &mut Inventory, change: &Change) {
    match change {
        Change::Extension => inventory.extension = true,
        Change::Migration(version) => {
            inventory.migrations.pending.retain(|(v, _)| v != version);
            for table in &spec.hypertables {
                inventory.tables.insert(table.name.clone());
                let key = (table.name.clone(), table.key_name());
                inventory.indexes.insert(key, same("key"));
            }
        }
        Change::Hypertable { name, chunk_interval } => {
            let found = FoundHypertable { chunk_interval: *chunk_interval, compression: None };
            inventory.hypertables.insert(name.clone(), found);
        }
        Change::ChunkInterval { name, chunk_interval } => {
            inventory.hypertables.get_mut(name).unwrap().chunk_interval = *chunk_interval;
        }
        Change::Index { table, index, .. } => {
            let key = (table.clone(), index.name.clone());
            inventory.indexes.insert(key, same(&index.on.join(",")));
        }
        Change::Compression { name, compression } => {
            inventory.hypertables.get_mut(name).unwrap().compression = Some(FoundCompression {
                segment_by: compression.segment_by.clone(),
                order_by: compression.order_by.clone(),
            });
        }
        Change::Retain => inventory.retain = Some(sql::retain_body("public")),
        Change::Aggregate(making) => {
            make_room(inventory, making);
            let (aggregate, inner) = (&making.aggregate, making.aggregate.inner());
            let (on, definition) = (aggregate.on.clone(), same(&sql::select(spec, aggregate)));
            let found = FoundAggregate { on, definition, ..FoundAggregate::default() };
            inventory.aggregates.insert(inner, found);
            let kept = making.kept_until().map(str::to_owned);
            carry_out(spec, inventory, &Change::View(aggregate.clone(), kept));
            let policy = Change::RefreshPolicy { aggregate: aggregate.clone(), replaces: None };
            carry_out(spec, inventory, &policy);
        }
        Change::Fill { aggregate, .. } => {
            inventory.aggregates.get_mut(&aggregate.inner()).unwrap().fill_pending = false;
        }
        Change::MaterializedOnly(aggregate) => {
            let found = inventory.aggregates.get_mut(&aggregate.inner()).unwrap();
            found.materialized_only = aggregate.materialized_only;
        }
        Change::View(aggregate, kept) => {
            let view = same(&sql::view_select(aggregate, kept.as_deref()));
            inventory.views.insert(aggregate.name.clone(), view);
            after_view(spec, inventory, &aggregate.name);
        }
        Change::Role(_)
        | Change::Rights(_)
        | Change::TenantSchema
        | Change::TenantFunction
        | Change::TenantView(_) => give(spec, inventory, change),
        Change::DeleteJob(_)
        | Change::ForgetJob(_)
        | Change::NoInvalidationLog(_)
        | Change::NoRoutine(_)
        | Change::ForgetRollup(_) => take_away(inventory, change),
        Change::Routine(_)
        | Change::InvalidationLog(_)
        | Change::Rollup(_)
        | Change::FillRollup(_)
        | Change::RollupView(..) => roll_up(spec, inventory, change),
        policy => set_policy(inventory, policy),
    }
}

/// What nobody needs any more is gone.
fn take_away(inventory: &mut Inventory, change: &Change) {
    match change {
        Change::DeleteJob(id) | Change::ForgetJob(id) => inventory.jobs.retain(|j| j.id != *id),
        Change::NoInvalidationLog(on) => {
            inventory.routines.remove(&rollups::note_name(on));
            inventory.triggers.retain(|(table, _)| table != on);
        }
        Change::NoRoutine(name) => drop(inventory.routines.remove(*name)),
        Change::ForgetRollup(name) => drop(inventory.rollups.remove(name)),
        other => unreachable!("{other:?} takes nothing away"),
    }
}

/// What stood under the inner name gives way.
fn make_room(inventory: &mut Inventory, making: &Making) {
    let inner = making.aggregate.inner();
    let continuous = inventory.aggregates.remove(&inner);
    let rollup = inventory.rollups.remove(&inner);
    inventory.jobs.retain(|j| j.on != inner);
    match (making.before, continuous, rollup) {
        (Before::Nothing, None, None) => {}
        (Before::Other(Kept::Continuous), Some(old), None) => {
            inventory.aggregates.insert(format!("{inner}_until_20260101000000"), old);
        }
        (Before::Other(Kept::Rollup), None, Some(old)) => {
            inventory.rollups.insert(format!("{inner}_until_20260101000000"), old);
        }
        (Before::Same(Kept::Continuous), Some(_), None)
        | (Before::Same(Kept::Rollup), None, Some(_)) => {
            let kept = making.kept_until().map(str::to_owned);
            inventory.histories.extend(kept.map(|until| (inner, until)));
        }
        (before, ..) => unreachable!("{before:?} is not what is there"),
    }
}

/// A public view that is made anew comes with the tenants' view over it, and with the rights on both.
fn after_view(spec: &Spec, inventory: &mut Inventory, name: &str) {
    inventory.access.rights.retain(|(_, target), _| target.relation.as_deref() != Some(name));
    give(spec, inventory, &Change::TenantView(name.to_owned()));
    for (key, privileges) in access::wished(spec) {
        if key.1.relation.as_deref() == Some(name) {
            inventory.access.rights.insert(key, privileges);
        }
    }
}

/// Roles, rights and tenants' views after a change of one.
fn give(spec: &Spec, inventory: &mut Inventory, change: &Change) {
    let found = &mut inventory.access;
    match change {
        Change::Role(role) => drop(found.roles.insert(role.clone())),
        Change::Rights(all) => {
            for (role, target, privileges) in all {
                let key = (role.clone(), target.clone());
                found.rights.remove(&key);
                if !privileges.is_empty() {
                    found.rights.insert(key, privileges.clone());
                }
            }
        }
        Change::TenantSchema => found.schema = true,
        Change::TenantFunction => found.function = Some(access::function_body(spec)),
        Change::TenantView(name) => {
            assert!(found.schema && found.function.is_some(), "the view calls the function");
            found.views.insert(name.clone(), same(&access::tenant_select(name)));
            for (key, privileges) in access::wished(spec) {
                let own = key.1.schema == access::TENANT_SCHEMA;
                if own && key.1.relation.as_deref() == Some(name) {
                    found.rights.insert(key, privileges);
                }
            }
        }
        other => unreachable!("{other:?} is of no role"),
    }
}

/// What the server's rollups are after a change of one.
fn roll_up(spec: &Spec, inventory: &mut Inventory, change: &Change) {
    match change {
        Change::Routine(name) => {
            let routines = rollups::routines("public");
            let body = routines.iter().find(|r| r.name == *name).unwrap().body.clone();
            inventory.routines.insert((*name).to_owned(), body);
        }
        Change::InvalidationLog(on) => {
            let body = rollups::note_body(spec, on);
            inventory.routines.insert(rollups::note_name(on), body);
            for (name, _, _) in rollups::TRIGGERS {
                inventory.triggers.insert((on.clone(), name.to_owned()));
            }
        }
        Change::Rollup(making) => {
            make_room(inventory, making);
            let (aggregate, inner) = (&making.aggregate, making.aggregate.inner());
            let (on, definition) = (aggregate.on.clone(), rollups::definition(spec, aggregate));
            let found = FoundRollup { on, definition, fill_pending: false };
            inventory.rollups.insert(inner, found);
            let kept = making.kept_until().map(str::to_owned);
            carry_out(spec, inventory, &Change::RollupView(aggregate.clone(), kept));
        }
        Change::FillRollup(aggregate) => {
            inventory.rollups.get_mut(&aggregate.inner()).unwrap().fill_pending = false;
        }
        Change::RollupView(aggregate, kept) => {
            let view = same(&rollups::view_select(spec, aggregate, kept.as_deref()));
            inventory.views.insert(aggregate.name.clone(), view);
            after_view(spec, inventory, &aggregate.name);
        }
        other => unreachable!("{other:?} is of no rollup"),
    }
}

/// What the server's jobs are after a change of a policy.
fn set_policy(inventory: &mut Inventory, change: &Change) {
    let job = |kind, on: &str| Job {
        id: 0,
        kind,
        on: on.to_owned(),
        start_offset: None,
        end_offset: None,
        after: None,
        every: Interval::hours(1),
        scheduled: true,
    };
    let jobs = |inventory: &mut Inventory, replaces: Option<i32>, mut job: Job| {
        inventory.jobs.retain(|j| Some(j.id) != replaces);
        job.id = inventory.jobs.iter().map(|j| j.id).max().unwrap_or(999) + 1;
        inventory.jobs.push(job);
    };
    match change {
        Change::RefreshPolicy { aggregate, replaces } => {
            let refresh = &aggregate.refresh;
            let (start_offset, end_offset) = (Some(refresh.start_offset), Some(refresh.end_offset));
            let job = job(JobKind::Refresh, &aggregate.inner());
            let every = refresh.every;
            jobs(inventory, *replaces, Job { start_offset, end_offset, every, ..job });
        }
        Change::CompressionPolicy { name, compression, replaces } => {
            let job = job(JobKind::Compression, name);
            let (after, every) = (Some(compression.after), compression.every);
            jobs(inventory, *replaces, Job { after, every, ..job });
        }
        Change::RetainJob { name, retention, replaces } => {
            let job = job(JobKind::Retain, name);
            let (after, every) = (Some(retention.after), retention.every);
            jobs(inventory, *replaces, Job { after, every, ..job });
        }
        other => unreachable!("{other:?} is no policy"),
    }
}

fn converge(spec: &Spec, inventory: &mut Inventory, edition: Edition) -> Plan {
    let first = plan(spec, inventory, edition, "public");
    for (_, change) in first.changes() {
        carry_out(spec, inventory, change);
    }
    first
}

#[test]
fn from_nothing_the_second_plan_is_empty_on_both_editions() {
    let spec = spec();
    for edition in [Edition::Community, Edition::Apache] {
        let mut inventory = empty(&spec);
        let first = converge(&spec, &mut inventory, edition);
        assert!(first.steps.iter().all(|s| s.action == Action::Create), "{:?}", first.steps);
        let second = plan(&spec, &inventory, edition, "public");
        assert_eq!(second.steps, [], "{edition}");
        assert_eq!(second.unavailable.is_empty(), edition == Edition::Community);
        assert_eq!(inventory.aggregates.is_empty(), edition == Edition::Apache);
        assert_eq!(inventory.rollups.is_empty(), edition == Edition::Community);
    }
}

/// The database of one edition on the other, again and again: each move converges, and what lies
/// below the floor is kept.
#[test]
fn a_move_to_the_other_edition_is_one_plan() {
    let spec = spec();
    let mut inventory = empty(&spec);
    converge(&spec, &mut inventory, Edition::Apache);
    let old = FoundRollup { on: "payment_metrics".to_owned(), ..FoundRollup::default() };
    inventory.rollups.insert("payment_status_daily_v1_until_20250101000000".to_owned(), old);
    assert_eq!(plan(&spec, &inventory, Edition::Apache, "public").steps, []);
    for (edition, floor, line) in [
        (
            Edition::Community,
            "2024-01-04T00:00:00Z",
            "~ change continuous aggregate payment_status_daily: a rollup -> a continuous aggregate  \
             (its buckets before 2024-01-04T00:00:00Z are kept in payment_status_daily_v1_history: \
             their rows are gone)",
        ),
        (
            Edition::Apache,
            "2024-02-08T00:00:00Z",
            "~ change rollup payment_status_daily: a continuous aggregate -> a rollup  (its buckets \
             before 2024-02-08T00:00:00Z are kept in payment_status_daily_v1_history: their rows are \
             gone)",
        ),
        (Edition::Community, "2024-03-07T00:00:00Z", "- remove function refresh_rollup"),
    ] {
        inventory.floors.insert("payment_metrics".to_owned(), floor.to_owned());
        let moved = converge(&spec, &mut inventory, edition);
        let lines: Vec<String> = moved.steps.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|l| l.starts_with(line)), "{lines:#?}");
        let all = lines.iter().filter(|l| l.contains(" -> a ")).count();
        let rollups = usize::from(edition == Edition::Community && floor < "2024-02");
        assert_eq!(all, spec.aggregates.len() + rollups, "{lines:#?}");
        let second = plan(&spec, &inventory, edition, "public");
        let told: Vec<String> = second.steps.iter().map(ToString::to_string).collect();
        assert!(second.is_empty(), "{edition}: {told:#?}");
        let compressed = |line: &String| line.starts_with("- foreign compression of ");
        assert!(told.iter().all(compressed), "{edition}: {told:#?}");
        assert_eq!(told.is_empty(), edition == Edition::Community, "{told:#?}");
        let kept = inventory.histories.get("payment_status_daily_v1");
        assert_eq!(kept.map(String::as_str), Some(floor));
        assert_eq!(inventory.histories.len(), 3, "no floor, nothing to keep");
        let view = &inventory.views["payment_status_daily"].found;
        assert!(view.contains(floor) && view.contains("_v1_history"), "{view}");
    }
    assert!(inventory.rollups.is_empty() && inventory.triggers.is_empty());
}

/// Rows that cannot be read make no sums.
#[test]
fn nothing_is_made_of_compressed_chunks_on_the_apache_edition() {
    let spec = spec();
    let mut inventory = empty(&spec);
    converge(&spec, &mut inventory, Edition::Community);
    inventory.compressed.insert("revenue_metrics".to_owned());
    assert_eq!(plan(&spec, &inventory, Edition::Community, "public").steps, []);
    let moved = converge(&spec, &mut inventory, Edition::Apache);
    let blocked = moved.steps.iter().filter(|s| s.action == Action::Blocked);
    let lines: Vec<String> = blocked.map(ToString::to_string).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let line = "! blocked rollup revenue_daily: a continuous aggregate -> a rollup  (revenue_metrics \
                has compressed chunks, whose rows this edition cannot read: decompress them on the \
                Community edition)";
    assert_eq!(lines[0], line);
    assert!(inventory.aggregates.contains_key("revenue_daily_v1"));
    assert!(!inventory.aggregates.contains_key("payment_status_daily_v1"));
}

/// Other sums of the other edition, below a floor: not made anew, not dropped.
#[test]
fn other_sums_of_the_other_edition_are_kept_below_a_floor() {
    let spec = spec();
    let mut inventory = empty(&spec);
    converge(&spec, &mut inventory, Edition::Apache);
    let found = inventory.rollups.get_mut("payment_status_daily_v1").unwrap();
    found.definition.push('x');
    let moved = plan(&spec, &inventory, Edition::Community, "public");
    let lines = |plan: &Plan| plan.steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let line = "~ change continuous aggregate payment_status_daily: a rollup -> a continuous \
                aggregate  (the old one is kept under another name)";
    assert!(lines(&moved).contains(&line.to_owned()), "{:#?}", lines(&moved));
    inventory.floors.insert("payment_metrics".to_owned(), "2024-01-04T00:00:00Z".to_owned());
    let moved = plan(&spec, &inventory, Edition::Community, "public");
    let line = "! blocked continuous aggregate payment_status_daily: another SELECT -> ";
    assert!(lines(&moved).iter().any(|l| l.starts_with(line)), "{:#?}", lines(&moved));
}

/// One alteration of a server that is as declared; `pick` chooses the object.
fn alter(inventory: &mut Inventory, kind: usize, pick: usize) {
    fn nth<K: Clone + Ord, V>(map: &std::collections::BTreeMap<K, V>, pick: usize) -> K {
        map.keys().nth(pick % map.len()).unwrap().clone()
    }
    if inventory.jobs.is_empty() || inventory.views.is_empty() || inventory.indexes.is_empty() {
        return;
    }
    let job = pick % inventory.jobs.len();
    match kind {
        0 => {
            let name = nth(&inventory.hypertables, pick);
            inventory.hypertables.get_mut(&name).unwrap().chunk_interval = Interval::hours(7);
        }
        1 => {
            let key = nth(&inventory.indexes, pick);
            inventory.indexes.remove(&key);
        }
        2 => {
            let key = nth(&inventory.indexes, pick);
            inventory.indexes.get_mut(&key).unwrap().found.push_str(" altered");
        }
        3 => inventory.jobs[job].every = Interval::hours(5),
        4 => inventory.jobs[job].scheduled = false,
        5 => drop(inventory.jobs.remove(job)),
        6 => {
            let name = nth(&inventory.views, pick);
            inventory.views.remove(&name);
        }
        7 => {
            let name = nth(&inventory.aggregates, pick);
            inventory.aggregates.get_mut(&name).unwrap().definition.found.push('x');
        }
        8 => {
            let name = nth(&inventory.aggregates, pick);
            inventory.aggregates.get_mut(&name).unwrap().fill_pending = true;
        }
        9 => inventory.retain = None,
        10 => {
            let on = nth(&inventory.hypertables, pick);
            let job =
                Job { kind: JobKind::NativeRetention, on, id: 5000, ..inventory.jobs[0].clone() };
            inventory.jobs.push(job);
        }
        11 => drop(inventory.access.rights.remove(&nth(&inventory.access.rights, pick))),
        12 => {
            let key = nth(&inventory.access.rights, pick);
            let privileges = inventory.access.rights.get_mut(&key).unwrap();
            privileges.insert("TRIGGER".to_owned());
        }
        13 => {
            let inner = access::Target {
                schema: "bss".to_owned(),
                relation: Some("payment_pattern_daily_v1".to_owned()),
            };
            let privileges = std::collections::BTreeSet::from(["SELECT".to_owned()]);
            inventory.access.rights.insert(("acme_ro".to_owned(), inner), privileges);
        }
        14 => {
            let name = nth(&inventory.access.views, pick);
            inventory.access.views.get_mut(&name).unwrap().found.insert_str(0, "no barrier ");
        }
        15 => inventory.access.function = Some("SELECT '{*}'".to_owned()),
        _ => {
            let name = nth(&inventory.aggregates, pick);
            let found = inventory.aggregates.get_mut(&name).unwrap();
            found.materialized_only = !found.materialized_only;
        }
    }
}

proptest! {
    #[test]
    fn one_alteration_is_one_line_and_is_mended(kind in 0_usize..17, pick in 0_usize..100) {
        let spec = spec();
        let mut inventory = empty(&spec);
        converge(&spec, &mut inventory, Edition::Community);
        alter(&mut inventory, kind, pick);
        let mended = converge(&spec, &mut inventory, Edition::Community);
        prop_assert_eq!(mended.steps.len(), 1, "{:?}", mended.steps);
        let second = plan(&spec, &inventory, Edition::Community, "public");
        prop_assert_eq!(second.steps, []);
    }

    #[test]
    fn any_number_of_alterations_converges(
        alterations in prop::collection::vec((0_usize..17, 0_usize..100), 0..12)
    ) {
        let spec = spec();
        let mut inventory = empty(&spec);
        converge(&spec, &mut inventory, Edition::Community);
        for (kind, pick) in alterations {
            alter(&mut inventory, kind, pick);
        }
        converge(&spec, &mut inventory, Edition::Community);
        let second = plan(&spec, &inventory, Edition::Community, "public");
        prop_assert!(second.is_empty(), "{:?}", second.steps);
    }
}

/// Case T12.
#[test]
fn an_aggregate_whose_rows_are_gone_is_never_made_anew() {
    let spec = spec();
    let mut inventory = empty(&spec);
    converge(&spec, &mut inventory, Edition::Community);
    inventory.floors.insert("payment_metrics".to_owned(), "2024-01-04T00:00:00Z".to_owned());
    let name = "payment_status_daily_v1";
    inventory.aggregates.get_mut(name).unwrap().definition.found.push('x');
    let blocked = plan(&spec, &inventory, Edition::Community, "public");
    assert!(blocked.is_empty());
    assert_eq!(
        blocked.steps[0].to_string(),
        "! blocked continuous aggregate payment_status_daily: another SELECT -> its SELECT  (rows \
         before 2024-01-04T00:00:00Z are gone, a new one could not be filled with them)"
    );
}

#[test]
fn without_a_probe_the_digest_in_the_comment_decides() {
    let spec = spec();
    let mut inventory = empty(&spec);
    converge(&spec, &mut inventory, Edition::Community);
    let digest = sql::digest(&spec, &spec.aggregates[0]);
    let found = inventory.aggregates.get_mut("revenue_daily_v1").unwrap();
    found.definition.declared = None;
    found.digest = Some(digest);
    assert!(plan(&spec, &inventory, Edition::Community, "public").is_empty());
    let found = inventory.aggregates.get_mut("revenue_daily_v1").unwrap();
    found.digest = Some("0000000000000000".to_owned());
    assert_eq!(plan(&spec, &inventory, Edition::Community, "public").steps.len(), 1);
}

#[test]
fn statements_quote_and_keep_to_the_floor() {
    assert_eq!(sql::ident("a\"b"), "\"a\"\"b\"");
    assert_eq!(sql::literal("a'b"), "'a''b'");
    let mut spec = spec();
    let daily = spec.aggregates[2].clone();
    assert!(sql::select(&spec, &daily).contains("time_bucket(INTERVAL '1 day', \"time\") AS"));
    spec.zone = "Europe/Berlin".to_owned();
    let select = sql::select(&spec, &daily);
    assert!(
        select.contains("time_bucket(INTERVAL '1 day', \"time\", 'Europe/Berlin')"),
        "{select}"
    );
    let offset = sql::bucket(Interval::days(1), "t", Some("+05:30"));
    assert_eq!(offset, "time_bucket(INTERVAL '1 day', t, '-05:30')", "east is minus in POSIX");
    let mut hourly = daily.clone();
    hourly.bucket = Interval::hours(1);
    assert!(sql::select(&spec, &hourly).contains("time_bucket(INTERVAL '1 hour', \"time\") AS"));
    let floor = Some("2024-01-04T00:00:00Z".to_owned());
    let fill = sql::batches(&spec, &Change::Fill { aggregate: daily, floor }, "public");
    let sql::Batch::Alone(refresh) = &fill[0] else { panic!("{fill:?}") };
    assert!(refresh.contains("TIMESTAMPTZ '2024-01-04T00:00:00Z', now()"), "{refresh}");
}
