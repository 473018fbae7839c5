//! Statements over many rows, whose values are bound as they are: what a row holds is never put into a text and read out
//! of it again, which took longer than storing it.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::query_builder::Separated;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection, Database, FromRow, Postgres, QueryBuilder, Sqlite};

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;
use crate::store::{Sql, Tx, on};

/// What a statement takes of each of its rows: see [`bound_columns`].
pub(crate) trait Row: Sized + Sync {
    /// The names of its columns.
    const COLUMNS: &'static [&'static str];

    /// Binds one row after the other.
    fn bind_to_sqlite(&self, values: &mut Separated<'_, Sqlite, &'static str>);

    /// Binds each column of all rows as one array.
    fn bind_to_postgres(rows: &[Self], arrays: &mut Separated<'_, Postgres, &'static str>);
}

/// What a statement takes of each row: the names of its columns, their types in PostgreSQL, and what is bound for them.
macro_rules! bound_columns {
    ($row:ty, |$one:ident| { $($column:ident: $type:literal = $value:expr),+ $(,)? }) => {
        impl $crate::store::rows::Row for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];

            fn bind_to_sqlite(
                &self,
                values: &mut sqlx::query_builder::Separated<'_, sqlx::Sqlite, &'static str>,
            ) {
                let $one = self;
                $(values.push_bind($value);)+
            }

            fn bind_to_postgres(
                rows: &[Self],
                arrays: &mut sqlx::query_builder::Separated<'_, sqlx::Postgres, &'static str>,
            ) {
                $(
                    arrays.push_bind(rows.iter().map(|$one| $value).collect::<Vec<_>>());
                    arrays.push_unseparated(concat!("::", $type, "[]"));
                )+
            }
        }
    };
}
pub(crate) use bound_columns;

/// The moment at which all rows of a statement are written: a table of one row, `now`.
pub(crate) struct Now(pub Timestamp);

bound_columns!(Now, |given| { now: "timestamptz" = given.0 });

bound_columns!(&AddressKey, |key| { address_key: "bytea" = key.as_bytes() });

/// Rows that a statement knows as a table of this name.
pub(crate) struct Table<'a, R>(pub &'static str, pub &'a [R]);

/// A table of a statement, of whatever rows.
pub(crate) trait AnyTable: Sync {
    /// Puts it into a statement on SQLite, as a common table expression.
    fn push_to_sqlite(&self, statement: &mut QueryBuilder<Sqlite>);

    /// Puts it into a statement on PostgreSQL.
    fn push_to_postgres(&self, statement: &mut QueryBuilder<Postgres>);
}

impl<R: Row> AnyTable for Table<'_, R> {
    fn push_to_sqlite(&self, statement: &mut QueryBuilder<Sqlite>) {
        push::<SqliteConnection, R>(statement, self);
    }

    fn push_to_postgres(&self, statement: &mut QueryBuilder<Postgres>) {
        push::<PgConnection, R>(statement, self);
    }
}

/// Runs a statement that knows these rows as a table, and beside them what holds for all. Its text goes on behind the
/// `WITH` that names the tables. Returns how many rows it changed. Where SQLite takes fewer rows at once, it runs
/// several times, and whatever it decides by may have been written by itself.
pub(crate) async fn execute(
    tx: &mut Tx,
    sql: Sql,
    given: &[&dyn AnyTable],
    asked: Table<'_, impl Row>,
) -> sqlx::Result<u64> {
    let mut changed = 0;
    on!(tx, sql, |conn, sql| {
        for rows in batches(&*conn, asked.1) {
            let mut statement = statement(&*conn, given, &Table(asked.0, rows));
            let done = statement.push(sql).build().execute(&mut *conn).await?;
            changed += done.rows_affected();
        }
    });
    Ok(changed)
}

/// As [`execute`], for a statement that returns rows of its own.
pub(crate) async fn fetch_all<O>(
    tx: &mut Tx,
    sql: Sql,
    given: &[&dyn AnyTable],
    asked: Table<'_, impl Row>,
) -> sqlx::Result<Vec<O>>
where
    O: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut found = Vec::new();
    on!(tx, sql, |conn, sql| {
        for rows in batches(&*conn, asked.1) {
            let mut statement = statement(&*conn, given, &Table(asked.0, rows));
            found.extend(statement.push(sql).build_query_as::<O>().fetch_all(&mut *conn).await?);
        }
    });
    Ok(found)
}

/// How many values one statement takes on SQLite, which allows 32,766 and is no faster with so many.
const MOST_VARIABLES: usize = 2048;

/// A connection of either database, and how rows stand in its statements.
trait Source: Connection {
    /// How many of these rows the next statement takes.
    fn count_next<R: Row>(rows: &[R]) -> usize;

    /// The rows as a query.
    fn push_rows<R: Row>(statement: &mut QueryBuilder<Self::Database>, rows: &[R]);

    /// A table of whatever rows.
    fn push_table(statement: &mut QueryBuilder<Self::Database>, table: &dyn AnyTable);
}

impl Source for SqliteConnection {
    fn count_next<R: Row>(rows: &[R]) -> usize {
        rows.len().min(MOST_VARIABLES / R::COLUMNS.len())
    }

    fn push_rows<R: Row>(statement: &mut QueryBuilder<Sqlite>, rows: &[R]) {
        if rows.is_empty() {
            let nothing = vec!["NULL"; R::COLUMNS.len()].join(", ");
            statement.push(format_args!("SELECT {nothing} LIMIT 0"));
        } else {
            statement.push_values(rows, |mut values, row| row.bind_to_sqlite(&mut values));
        }
    }

    fn push_table(statement: &mut QueryBuilder<Sqlite>, table: &dyn AnyTable) {
        table.push_to_sqlite(statement);
    }
}

impl Source for PgConnection {
    fn count_next<R: Row>(rows: &[R]) -> usize {
        rows.len()
    }

    fn push_rows<R: Row>(statement: &mut QueryBuilder<Postgres>, rows: &[R]) {
        statement.push("SELECT * FROM unnest(");
        R::bind_to_postgres(rows, &mut statement.separated(", "));
        statement.push(")");
    }

    fn push_table(statement: &mut QueryBuilder<Postgres>, table: &dyn AnyTable) {
        table.push_to_postgres(statement);
    }
}

/// The rows of one statement after the other.
fn batches<'r, C: Source, R: Row>(
    _: &C,
    mut rows: &'r [R],
) -> impl Iterator<Item = &'r [R]> + use<'r, C, R> {
    std::iter::from_fn(move || {
        let (next, later) = (!rows.is_empty()).then(|| rows.split_at(C::count_next(rows)))?;
        rows = later;
        Some(next)
    })
}

/// A statement as far as it names its tables.
fn statement<C: Source>(
    _: &C,
    given: &[&dyn AnyTable],
    asked: &dyn AnyTable,
) -> QueryBuilder<C::Database>
where
    <C::Database as Database>::Arguments: Default,
{
    let mut statement = QueryBuilder::new("WITH ");
    for table in given {
        C::push_table(&mut statement, *table);
        statement.push(", ");
    }
    C::push_table(&mut statement, asked);
    statement
}

fn push<C: Source, R: Row>(statement: &mut QueryBuilder<C::Database>, table: &Table<'_, R>) {
    let Table(name, rows) = table;
    statement.push(format_args!("{name} ({}) AS (", R::COLUMNS.join(", ")));
    C::push_rows(statement, rows);
    statement.push(") ");
}
