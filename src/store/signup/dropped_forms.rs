//! How many forms were dropped for their hidden field, which people do not see.

use crate::domain::day::Day;
use crate::store::{Tx, on};

/// How many were dropped of one form.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DroppedForms {
    /// The form, as [`crate::domain::signup::submitted_form::form_name`] writes it.
    pub form: String,
    /// How many.
    pub dropped: i64,
}

/// Adds to those of one form and day.
pub async fn add(tx: &mut Tx, form: &str, day: Day, dropped: i64) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO dropped_form (form, day, dropped) VALUES ($1, $2, $3)
         ON CONFLICT (form, day) DO UPDATE SET dropped = dropped_form.dropped + excluded.dropped"
    )
    .bind(form)
    .bind(day.number())
    .bind(dropped)
    .execute(conn)
    .await
    .map(drop))
}

/// Those of each form since a day, or of all days; forms of which none was are left out.
pub async fn list(tx: &mut Tx, since: Option<Day>) -> sqlx::Result<Vec<DroppedForms>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT form, CAST(sum(dropped) AS bigint) AS dropped FROM dropped_form
         WHERE day >= $1 GROUP BY form ORDER BY form"
    )
    .bind(since.map_or(i64::MIN, Day::number))
    .fetch_all(conn)
    .await)
}
