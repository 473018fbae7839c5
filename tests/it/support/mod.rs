//! What stories are told with: the program on a database of its own, its mail, real servers, a browser.

pub mod api;
pub mod app;
pub mod browser;
pub mod copies;
pub mod desk;
pub mod exported;
pub mod foreign_witness;
pub mod http_client;
pub mod inbox;
pub mod kept_pages;
pub mod linked_data;
pub mod name_server;
pub mod operator;
pub mod page_form;
pub mod poll;
pub mod postgres;
pub mod program;
pub mod smtp;
pub mod snapshot;
pub mod stopped;
pub mod story_time;
pub mod test_server;
pub mod time_stamps;
pub mod verify;
pub mod witness;

/// Tells one story on each database: `NAME::sqlite` and `NAME::postgres`. Stands above its function as
/// `#[apply(both_databases!)]`.
macro_rules! both_databases {
    (async fn $name:ident($database:ident: $kind:ty $(,)?) $body:block) => {
        mod $name {
            use super::*;
            async fn story($database: $kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(crate::support::app::Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story(crate::support::app::Database::Postgres).await;
            }
        }
    };
}
pub(crate) use both_databases;
