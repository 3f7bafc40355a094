//! Reads roles, rights and the tenants' views; changes nothing.

use sqlx::{PgConnection, Row};

use crate::backends::postgres::inventory::render_view;
use crate::timescale::access::{TENANT_SCHEMA, Target, tenant_select};
use crate::timescale::inventory::{Definition, Inventory};
use crate::timescale::spec::Spec;

/// Reads what there is of the declared roles; without any only whether the tenants' schema is there.
pub(super) async fn read(
    connection: &mut PgConnection,
    spec: &Spec,
    inventory: &mut Inventory,
) -> Result<(), sqlx::Error> {
    let query = "SELECT to_regnamespace($1) IS NOT NULL, rolsuper OR rolcreaterole
                 FROM pg_roles WHERE rolname = current_user";
    let row = sqlx::query(query).bind(TENANT_SCHEMA).fetch_one(&mut *connection).await?;
    let found = &mut inventory.access;
    (found.schema, found.may_create) = (row.try_get(0)?, row.try_get(1)?);
    let names = spec.access.names();
    if names.is_empty() {
        return Ok(());
    }
    let query = "SELECT rolname::text, has_schema_privilege(oid, to_regnamespace('bss'), 'USAGE')
                 FROM pg_roles WHERE rolname = ANY ($1)";
    for row in sqlx::query(query).bind(&names).fetch_all(&mut *connection).await? {
        let role: String = row.try_get(0)?;
        if row.try_get::<Option<bool>, _>(1)? == Some(true)
            && spec.access.tenants.contains_key(&role)
        {
            found.reach.insert(role.clone());
        }
        found.roles.insert(role);
    }
    let query = "SELECT r.rolname::text, n.nspname::text, o.name, a.privilege_type
                 FROM pg_namespace n
                 CROSS JOIN LATERAL (
                     SELECT NULL::text AS name, n.nspacl AS acl
                     UNION ALL
                     SELECT c.relname::text, c.relacl FROM pg_class c WHERE c.relnamespace = n.oid
                 ) o
                 CROSS JOIN LATERAL aclexplode(o.acl) a
                 JOIN pg_roles r ON r.oid = a.grantee
                 WHERE n.nspname IN ('bss', $2) AND r.rolname = ANY ($1)";
    let rows = sqlx::query(query).bind(&names).bind(TENANT_SCHEMA).fetch_all(&mut *connection);
    for row in rows.await? {
        let target = Target { schema: row.try_get(1)?, relation: row.try_get(2)? };
        let privileges = found.rights.entry((row.try_get(0)?, target)).or_default();
        privileges.insert(row.try_get(3)?);
    }
    if spec.access.tenants.is_empty() || !found.schema {
        return Ok(());
    }
    views(connection, inventory).await
}

async fn views(
    connection: &mut PgConnection,
    inventory: &mut Inventory,
) -> Result<(), sqlx::Error> {
    let query = "SELECT prosrc FROM pg_proc
                 WHERE proname = 'mine' AND pronamespace = to_regnamespace($1)";
    inventory.access.function =
        sqlx::query_scalar(query).bind(TENANT_SCHEMA).fetch_optional(&mut *connection).await?;
    // A view that is no barrier shows rows to functions of its reader before it hides them.
    let query = "SELECT relname::text, CASE WHEN 'security_barrier=true' = ANY (reloptions)
                            THEN '' ELSE 'no barrier ' END || pg_get_viewdef(oid)
                 FROM pg_class WHERE relkind = 'v' AND relnamespace = to_regnamespace($1)";
    let rows = sqlx::query(query).bind(TENANT_SCHEMA).fetch_all(&mut *connection).await?;
    for row in rows {
        let (name, found): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let there = inventory.tables.contains(&name) || inventory.views.contains_key(&name);
        let declared = if there && inventory.access.function.is_some() {
            render_view(connection, &tenant_select(&name)).await.ok()
        } else {
            None
        };
        inventory.access.views.insert(name, Definition { found, declared });
    }
    Ok(())
}
