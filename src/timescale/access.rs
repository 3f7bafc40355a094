//! Who may do what: the roles reader, writer and admin of schema `bss`, and roles of tenants, who see
//! their own rows only, through views of schema `bss_tenant`.
//!
//! Row-level security is refused on compressed hypertables and below continuous aggregates, so
//! tenants get security-barrier views and nothing else; an aggregate itself would show every tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::timescale::inventory::{Definition, Inventory};
use crate::timescale::plan::{Action, Change, Step, changed, create, foreign};
use crate::timescale::spec::Spec;
use crate::timescale::sql::{Batch, ident, literal, qualified};

/// The schema of the tenants' views.
pub const TENANT_SCHEMA: &str = "bss_tenant";

/// Who is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The prefix of the three roles, if they are wished for.
    pub prefix: Option<String>,
    /// Roles that see the rows of some tenants only.
    pub tenants: BTreeMap<String, BTreeSet<String>>,
}

impl Access {
    /// Reads the tenants' roles, each as `ROLE=TENANT`.
    ///
    /// # Errors
    /// The text that is none.
    pub fn read(prefix: Option<String>, tenant_roles: &[String]) -> Result<Self, String> {
        let mut tenants: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for text in tenant_roles {
            let parts = text.split_once('=').map(|(role, tenant)| (role.trim(), tenant.trim()));
            let Some((role, tenant)) = parts.filter(|(r, t)| !r.is_empty() && !t.is_empty()) else {
                return Err(format!("`{text}` is not ROLE=TENANT"));
            };
            tenants.entry(role.to_owned()).or_default().insert(tenant.to_owned());
        }
        Ok(Self { prefix, tenants })
    }

    fn roles(&self) -> Vec<String> {
        let own = |prefix: &String| ["reader", "writer", "admin"].map(|r| format!("{prefix}_{r}"));
        self.prefix.iter().flat_map(own).collect()
    }

    /// Every role that is declared.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.roles().into_iter().chain(self.tenants.keys().cloned()).collect()
    }
}

/// On what there is a right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The schema.
    pub schema: String,
    /// The table or view; the schema itself without.
    pub relation: Option<String>,
}

impl Target {
    fn of(schema: &str, relation: Option<&str>) -> Self {
        Self { schema: schema.to_owned(), relation: relation.map(str::to_owned) }
    }

    fn sql(&self) -> String {
        match &self.relation {
            None => format!("SCHEMA {}", ident(&self.schema)),
            Some(name) => format!("{}.{}", ident(&self.schema), ident(name)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.relation {
            None => write!(f, "schema {}", self.schema),
            Some(name) if self.schema == "bss" => f.write_str(name),
            Some(name) => write!(f, "{}.{name}", self.schema),
        }
    }
}

/// Rights by role and target.
pub type Rights = BTreeMap<(String, Target), BTreeSet<String>>;

/// What the server has of all this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundAccess {
    /// Which of the declared roles there are.
    pub roles: BTreeSet<String>,
    /// Whether we may create roles.
    pub may_create: bool,
    /// The rights that were granted to the declared roles themselves.
    pub rights: Rights,
    /// Roles of tenants that may use schema `bss`, by whatever way.
    pub reach: BTreeSet<String>,
    /// Whether there is the tenants' schema.
    pub schema: bool,
    /// The body of the function that says whose rows a role sees.
    pub function: Option<String>,
    /// The tenants' views.
    pub views: BTreeMap<String, Definition>,
}

/// The tables that bookkeeping needs, and what a writer may do with them.
const BOOKS: [(&str, &[&str]); 7] = [
    ("import_ledger", &["SELECT", "INSERT", "UPDATE"]),
    ("ingest_offset", &["SELECT", "INSERT", "UPDATE"]),
    ("retention_floor", &["SELECT"]),
    ("policy_run", &["SELECT"]),
    ("rollup", &["SELECT"]),
    ("rollup_invalidation", &["SELECT"]),
    ("_sqlx_migrations", &["SELECT"]),
];

const READ: &[&str] = &["SELECT"];
const WRITE: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];
const ALL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];

/// The rights that are declared. A writer may also update and delete metrics: a higher revision takes
/// the place of a lower one.
#[must_use]
pub fn wished(spec: &Spec) -> Rights {
    let mut rights = Rights::new();
    let mut add = |role: &str, schema: &str, relation: Option<&str>, privileges: &[&str]| {
        let set = privileges.iter().map(|p| (*p).to_owned()).collect();
        rights.insert((role.to_owned(), Target::of(schema, relation)), set);
    };
    let tables = || spec.hypertables.iter().map(|t| t.name.as_str());
    let views = || spec.aggregates.iter().map(|a| a.name.as_str());
    if let [reader, writer, admin] = spec.access.roles().as_slice() {
        add(reader, "bss", None, &["USAGE"]);
        add(writer, "bss", None, &["USAGE"]);
        add(admin, "bss", None, &["USAGE", "CREATE"]);
        for table in tables() {
            add(reader, "bss", Some(table), READ);
            add(writer, "bss", Some(table), WRITE);
            add(admin, "bss", Some(table), ALL);
        }
        for (table, writes) in BOOKS {
            add(reader, "bss", Some(table), READ);
            add(writer, "bss", Some(table), writes);
            add(admin, "bss", Some(table), ALL);
        }
        for view in views() {
            for role in [reader, writer, admin] {
                add(role, "bss", Some(view), READ);
            }
        }
    }
    for role in spec.access.tenants.keys() {
        add(role, TENANT_SCHEMA, None, &["USAGE"]);
        for view in tables().chain(views()) {
            add(role, TENANT_SCHEMA, Some(view), READ);
        }
    }
    rights
}

/// The body of `bss_tenant.mine`: the tenants whose rows the current user sees.
#[must_use]
pub fn function_body(spec: &Spec) -> String {
    let pairs = spec.access.tenants.iter().flat_map(|(role, tenants)| {
        tenants.iter().map(move |t| format!("({}, {})", literal(role), literal(t)))
    });
    format!(
        "\nSELECT coalesce(array_agg(m.tenant), '{{}}') FROM (VALUES {}) m (role, tenant)\n\
         JOIN pg_catalog.pg_roles r ON r.rolname = m.role\n\
         WHERE pg_catalog.pg_has_role(r.oid, 'MEMBER')\n",
        pairs.collect::<Vec<_>>().join(", ")
    )
}

/// The `SELECT` of a tenant's view of a table or view of schema `bss`.
#[must_use]
pub fn tenant_select(name: &str) -> String {
    let (from, schema) = (qualified(name), ident(TENANT_SCHEMA));
    format!("SELECT * FROM {from} WHERE tenant = ANY ((SELECT {schema}.mine())::text[])")
}

fn tenant_view(name: &str) -> [String; 2] {
    let view = format!("{}.{}", ident(TENANT_SCHEMA), ident(name));
    let select = tenant_select(name);
    [
        format!("DROP VIEW IF EXISTS {view}"),
        format!("CREATE VIEW {view} WITH (security_barrier = true) AS {select}"),
    ]
}

/// Drops a public view with the tenants' view over it.
#[must_use]
pub(super) fn drop_view(name: &str) -> [String; 2] {
    [
        format!("DROP VIEW IF EXISTS {}.{}", ident(TENANT_SCHEMA), ident(name)),
        format!("DROP VIEW IF EXISTS {}", qualified(name)),
    ]
}

/// What belongs to a public view that was made anew: the tenants' view over it, and the rights on both.
#[must_use]
pub(super) fn after_view(spec: &Spec, name: &str) -> Vec<String> {
    let mut statements = Vec::new();
    if !spec.access.tenants.is_empty() {
        statements.extend(tenant_view(name));
    }
    statements.extend(rights_on(spec, name, None));
    statements
}

/// Grants the declared rights on the views of a name, in one schema or in both, to roles that are there.
fn rights_on(spec: &Spec, name: &str, schema: Option<&str>) -> Vec<String> {
    let on = |target: &Target| {
        target.relation.as_deref() == Some(name) && schema.is_none_or(|s| s == target.schema)
    };
    let guarded = |((role, target), privileges): ((String, Target), BTreeSet<String>)| {
        let grant = grant(&role, &target, &privileges).join("; ");
        format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN {grant}; END IF; \
             END $$",
            literal(&role)
        )
    };
    wished(spec).into_iter().filter(|((_, target), _)| on(target)).map(guarded).collect()
}

/// Sets the rights of a role on a target.
fn grant(role: &str, target: &Target, privileges: &BTreeSet<String>) -> Vec<String> {
    let (role, on) = (ident(role), target.sql());
    let mut statements = vec![format!("REVOKE ALL ON {on} FROM {role}")];
    if !privileges.is_empty() {
        let list: Vec<&str> = privileges.iter().map(String::as_str).collect();
        statements.push(format!("GRANT {} ON {on} TO {role}", list.join(", ")));
    }
    statements
}

/// What makes a role that cannot log in; safe to repeat.
fn create_role(role: &str) -> String {
    format!("CREATE ROLE {} NOLOGIN", ident(role))
}

/// What carries out a change of roles, rights or tenants' views.
pub(super) fn batches(spec: &Spec, change: &Change) -> Vec<Batch> {
    let schema = ident(TENANT_SCHEMA);
    let statements = match change {
        Change::Role(role) => vec![format!(
            "DO $$ BEGIN {}; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            create_role(role)
        )],
        Change::Rights(rights) => {
            rights.iter().flat_map(|(role, target, all)| grant(role, target, all)).collect()
        }
        Change::TenantSchema => vec![format!("CREATE SCHEMA IF NOT EXISTS {schema}")],
        Change::TenantFunction => vec![format!(
            "CREATE OR REPLACE FUNCTION {schema}.mine() RETURNS text[] LANGUAGE sql STABLE AS \
             $body${}$body$",
            function_body(spec)
        )],
        Change::TenantView(name) => {
            let make = tenant_view(name).into_iter();
            make.chain(rights_on(spec, name, Some(TENANT_SCHEMA))).collect()
        }
        _ => Vec::new(),
    };
    vec![Batch::Together(statements)]
}

fn blocked(object: String, found: &str, declared: String, reason: String) -> Step {
    let (found, declared) = (Some(found.to_owned()), Some(declared));
    Step { object, action: Action::Blocked, found, declared, reason, change: None }
}

/// Adds the steps that come before the objects: roles, and what the tenants' views are made with.
pub(super) fn plan_roles(spec: &Spec, inventory: &Inventory, steps: &mut Vec<Step>) {
    let found = &inventory.access;
    for role in spec.access.roles() {
        let object = format!("role {role}");
        if found.roles.contains(&role) {
            continue;
        }
        if found.may_create {
            let declared = Some("cannot log in".to_owned());
            steps.push(create(object, declared, "holds rights on schema bss", Change::Role(role)));
        } else {
            let reason = format!(
                "only an administrator may: {}; without it nobody gets its rights",
                create_role(&role)
            );
            steps.push(blocked(object, "no such role", "cannot log in".to_owned(), reason));
        }
    }
    for (role, tenants) in &spec.access.tenants {
        let tenants: Vec<&str> = tenants.iter().map(String::as_str).collect();
        let declared = format!("sees tenant {}", tenants.join(", "));
        if !found.roles.contains(role) {
            let reason = format!("an administrator makes it: CREATE ROLE {} LOGIN", ident(role));
            steps.push(blocked(format!("role {role}"), "no such role", declared, reason));
            continue;
        }
        let granted = found.rights.contains_key(&(role.clone(), Target::of("bss", None)));
        if found.reach.contains(role) && !granted {
            let reason = "take it from the other role or from PUBLIC".to_owned();
            let found = "may use schema bss through another role";
            steps.push(blocked(format!("role {role}"), found, declared, reason));
        }
    }
    let schema = format!("schema {TENANT_SCHEMA}");
    if spec.access.tenants.is_empty() {
        if found.schema {
            steps.push(foreign(schema, None));
        }
        return;
    }
    if !found.schema {
        let reason = "holds the tenants' views";
        steps.push(create(schema, None, reason, Change::TenantSchema));
    }
    let object = format!("function {TENANT_SCHEMA}.mine");
    let change = Change::TenantFunction;
    match &found.function {
        None => steps.push(create(object, None, "says whose rows a role sees", change)),
        Some(body) if body.trim() == function_body(spec).trim() => {}
        Some(_) => steps.push(changed(object, "other tenants", "its tenants", Some(change))),
    }
}

/// The public views that the steps make anew, with their rights.
fn made_anew(steps: &[Step]) -> BTreeSet<String> {
    let name = |step: &Step| match step.change.as_ref()? {
        Change::Aggregate(making) | Change::Rollup(making) => Some(making.aggregate.name.clone()),
        Change::View(aggregate, _) | Change::RollupView(aggregate, _) => {
            Some(aggregate.name.clone())
        }
        _ => None,
    };
    steps.iter().filter_map(name).collect()
}

/// Adds the steps that come after the objects: the tenants' views, and rights.
pub(super) fn plan_rights(spec: &Spec, inventory: &Inventory, steps: &mut Vec<Step>) {
    let found = &inventory.access;
    let anew = made_anew(steps);
    let public = |name: &str| inventory.views.contains_key(name) && !anew.contains(name);
    let table = |name: &str| !spec.aggregates.iter().any(|a| a.name == name);
    let mut views_anew = anew.clone();
    if !spec.access.tenants.is_empty() {
        let names = spec.hypertables.iter().map(|t| &t.name);
        for name in names.chain(spec.aggregates.iter().map(|a| &a.name)) {
            if !table(name) && !public(name) {
                continue;
            }
            let object = format!("view {TENANT_SCHEMA}.{name}");
            let change = Change::TenantView(name.clone());
            match found.views.get(name) {
                None => {
                    let declared = Some("rows of the own tenant".to_owned());
                    steps.push(create(object, declared, "keeps tenants apart", change));
                }
                Some(view) if view.declared.as_ref().is_some_and(|d| *d != view.found) => {
                    let declared = "rows of the own tenant";
                    steps.push(changed(object, "another body", declared, Some(change)));
                }
                Some(_) => continue,
            }
            views_anew.insert(name.clone());
        }
    }
    let mut pending = |name: &str, schema: &str| match schema {
        TENANT_SCHEMA => views_anew.contains(name) || !found.views.contains_key(name),
        _ => !table(name) && !public(name),
    };
    rights(spec, found, &mut pending, steps);
}

/// Adds the steps of rights; not on what is `pending`: it is made with its rights, or not at all.
fn rights(
    spec: &Spec,
    found: &FoundAccess,
    pending: &mut dyn FnMut(&str, &str) -> bool,
    steps: &mut Vec<Step>,
) {
    let wished = wished(spec);
    let roles = spec.access.roles();
    let text = |all: &BTreeSet<String>| {
        if all.is_empty() {
            return "none".to_owned();
        }
        all.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let keys: BTreeSet<&(String, Target)> = wished.keys().chain(found.rights.keys()).collect();
    let mut new: BTreeMap<&String, Vec<(String, Target, BTreeSet<String>)>> = BTreeMap::new();
    for key in keys {
        let (role, target) = key;
        let known = found.roles.contains(role) || (found.may_create && roles.contains(role));
        let waits = target.relation.as_deref().is_some_and(|name| pending(name, &target.schema));
        if !known || waits {
            continue;
        }
        let none = BTreeSet::new();
        let (there, declared) =
            (found.rights.get(key).unwrap_or(&none), wished.get(key).unwrap_or(&none));
        if there == declared {
            continue;
        }
        let one = (role.clone(), target.clone(), declared.clone());
        if !found.rights.keys().any(|(r, _)| r == role) {
            new.entry(role).or_default().push(one);
            continue;
        }
        let (object, change) = (format!("rights of {role} on {target}"), Change::Rights(vec![one]));
        steps.push(changed(object, text(there), text(declared), Some(change)));
    }
    for (role, all) in new {
        let declared = Some(format!("on {} objects", all.len()));
        let object = format!("rights of {role}");
        steps.push(create(object, declared, "it has none yet", Change::Rights(all)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timescale::spec::DECLARED;

    fn spec(tenant_roles: &[&str]) -> Spec {
        let mut spec = Spec::parse(DECLARED, "UTC").unwrap();
        let roles: Vec<String> = tenant_roles.iter().map(|r| (*r).to_owned()).collect();
        spec.access = Access::read(Some("bss".to_owned()), &roles).unwrap();
        spec
    }

    #[test]
    fn nobody_but_the_three_roles_may_use_the_schema() {
        let spec = spec(&["acme_ro=acme", "acme_ro=acme-test", "o'neil=it's"]);
        let wished = wished(&spec);
        for ((role, target), privileges) in &wished {
            let tenant = spec.access.tenants.contains_key(role);
            assert_eq!(tenant, target.schema == TENANT_SCHEMA, "{role} on {target}");
            if tenant || role == "bss_reader" {
                assert!(
                    privileges.iter().all(|p| p == "SELECT" || p == "USAGE"),
                    "{role} {target}"
                );
            }
        }
        let body = function_body(&spec);
        assert!(body.contains("('acme_ro', 'acme'), ('acme_ro', 'acme-test')"), "{body}");
        assert!(body.contains("('o''neil', 'it''s')"), "{body}");
    }

    #[test]
    fn what_is_no_role_and_tenant_is_refused() {
        for text in ["acme", "=acme", "role=", " = "] {
            assert!(Access::read(None, &[text.to_owned()]).unwrap_err().contains("ROLE=TENANT"));
        }
    }

    #[test]
    fn a_role_that_may_not_be_made_is_told_with_its_statement() {
        let spec = spec(&["acme_ro=acme"]);
        let mut steps = Vec::new();
        plan_roles(&spec, &Inventory::default(), &mut steps);
        let lines: Vec<String> = steps.iter().map(ToString::to_string).collect();
        assert!(lines[0].contains("CREATE ROLE \"bss_reader\" NOLOGIN"), "{lines:?}");
        assert!(lines[3].contains("CREATE ROLE \"acme_ro\" LOGIN"), "{lines:?}");
        let mut inventory = Inventory::default();
        inventory.access.roles.insert("acme_ro".to_owned());
        inventory.access.reach.insert("acme_ro".to_owned());
        let mut steps = Vec::new();
        plan_roles(&spec, &inventory, &mut steps);
        assert!(steps[3].to_string().contains("through another role"), "{}", steps[3]);
    }
}
