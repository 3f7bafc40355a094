//! The ids of events that count already, for those that come again with a new time.

use sqlx::postgres::PgConnection;

use crate::backends::postgres::instant::Instant;
use crate::domain::EventTime;
use crate::metrics::kind::Kind;

/// The ids of the rows of a batch, in their order.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    tenant: String,
    ids: Vec<String>,
    times: Vec<Instant>,
}

type Answer<T> = std::result::Result<T, sqlx::Error>;

impl Ids {
    /// Adds the id of the next row.
    pub fn push(&mut self, tenant: &str, id: String, time: EventTime) {
        if self.ids.is_empty() {
            tenant.clone_into(&mut self.tenant);
        }
        self.ids.push(id);
        self.times.push(Instant(time));
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.times.clear();
    }

    /// Notes the ids inside the open transaction, and gives the rows whose id is noted with another
    /// time, by this batch or an earlier one; of one batch the earliest time stays.
    ///
    /// The ids are noted in their order, and before any row is written, so that two loads cannot wait
    /// for each other in a circle.
    ///
    /// # Errors
    /// What the server says; a deadlock is worth a repetition.
    pub async fn note(&self, connection: &mut PgConnection, kind: Kind) -> Answer<Vec<usize>> {
        sqlx::query(
            "INSERT INTO bss.seen_event (hypertable, tenant, event_id, \"time\") \
             SELECT $1, $2, e.id, min(e.at) FROM unnest($3::text[], $4::timestamptz[]) AS e (id, at) \
             GROUP BY e.id ORDER BY e.id ON CONFLICT DO NOTHING",
        )
        .bind(kind.hypertable())
        .bind(&self.tenant)
        .bind(&self.ids)
        .bind(&self.times)
        .execute(&mut *connection)
        .await?;
        let places: Vec<i64> = sqlx::query_scalar(
            "SELECT e.place FROM unnest($3::text[], $4::timestamptz[]) WITH ORDINALITY \
             AS e (id, at, place) JOIN bss.seen_event s ON s.hypertable = $1 AND s.tenant = $2 AND \
             s.event_id = e.id WHERE s.\"time\" <> e.at ORDER BY e.place",
        )
        .bind(kind.hypertable())
        .bind(&self.tenant)
        .bind(&self.ids)
        .bind(&self.times)
        .fetch_all(&mut *connection)
        .await?;
        Ok(places.into_iter().filter_map(|place| usize::try_from(place - 1).ok()).collect())
    }

    /// Forgets the ids of rows that the server refused: they do not count.
    ///
    /// # Errors
    /// What the server says.
    pub async fn withdraw(
        &self,
        connection: &mut PgConnection,
        kind: Kind,
        rows: impl Iterator<Item = usize>,
    ) -> Answer<()> {
        for row in rows {
            sqlx::query(
                "DELETE FROM bss.seen_event WHERE hypertable = $1 AND tenant = $2 AND \
                 event_id = $3 AND \"time\" = $4",
            )
            .bind(kind.hypertable())
            .bind(&self.tenant)
            .bind(&self.ids[row])
            .bind(self.times[row])
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}
