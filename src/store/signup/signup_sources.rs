//! Where readers came from to the forms that they sent. A row goes with its form.

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::signup::signup_source::{NAMES, SignupSource};
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// A form, and where its reader came from.
#[derive(Clone, Copy)]
pub struct NewSignupSource<'a> {
    /// The form.
    pub signup_id: Uuid,
    /// What is known.
    pub source: &'a SignupSource,
}

bound_columns!(NewSignupSource<'_>, |new| {
    signup_id: "uuid" = new.signup_id,
    utm_source: "text" = new.source.get("utm_source"),
    utm_medium: "text" = new.source.get("utm_medium"),
    utm_campaign: "text" = new.source.get("utm_campaign"),
    utm_term: "text" = new.source.get("utm_term"),
    utm_content: "text" = new.source.get("utm_content"),
    ref: "text" = new.source.get("ref"),
    page_origin: "text" = new.source.get("page_origin"),
});

impl<'r, R: Row> FromRow<'r, R> for SignupSource
where
    &'static str: ColumnIndex<R>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let mut known: [Option<String>; 7] = Default::default();
        for (place, name) in known.iter_mut().zip(NAMES) {
            *place = row.try_get(name)?;
        }
        Ok(Self::from_row(known))
    }
}

/// Stores those of one batch of forms, which are stored already.
///
/// # Errors
/// When the database does not take them; then none is stored.
pub async fn insert_all(tx: &mut Tx, rows: &[NewSignupSource<'_>]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO signup_source (signup_id, utm_source, utm_medium, utm_campaign, utm_term, utm_content, ref,
             page_origin)
         SELECT signup_id, utm_source, utm_medium, utm_campaign, utm_term, utm_content, ref, page_origin FROM came",
    );
    if rows.is_empty() {
        return Ok(());
    }
    rows::execute(tx, INSERT, &[], Table("came", rows)).await.map(drop)
}

/// Where the reader of a form came from, if it is known.
pub async fn find(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<Option<SignupSource>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT utm_source, utm_medium, utm_campaign, utm_term, utm_content, ref, page_origin
         FROM signup_source WHERE signup_id = $1"
    )
    .bind(signup_id)
    .fetch_optional(conn)
    .await)
}

/// Whether it is known of any form.
pub async fn any(tx: &mut Tx) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM signup_source)")
        .fetch_one(conn)
        .await)
}

/// A form that was confirmed, and where its reader came from.
#[derive(Clone, Debug, FromRow)]
pub struct ConfirmedSource {
    /// The report asked for.
    pub report: Option<Slug>,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// What is known.
    #[sqlx(flatten)]
    pub source: SignupSource,
}

/// Where somebody came from to each form that they confirmed, newest first, as far as it is known.
pub async fn list_confirmed(tx: &mut Tx, key: &AddressKey) -> sqlx::Result<Vec<ConfirmedSource>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT r.slug AS report, s.confirmed_at, a.utm_source, a.utm_medium, a.utm_campaign, a.utm_term,
                a.utm_content, a.ref, a.page_origin
             FROM signup s
             JOIN signup_source a ON a.signup_id = s.signup_id
             LEFT JOIN report r ON r.report_id = s.report_id
             WHERE s.address_key = $1 AND s.status = 'confirmed'
             ORDER BY s.confirmed_at DESC, s.signup_id DESC",
        )
        .bind(key)
        .fetch_all(conn)
        .await
    })
}
