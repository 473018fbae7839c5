//! Why the program cannot start.

use crate::brand::BrandError;
use crate::config::KeysError;
use crate::files::FilesError;
use crate::mail::dkim_key::DkimKeyError;
use crate::outside::OutsideError;
use crate::store::OpenError;
use crate::store::schema::SchemaError;
use crate::templates::TemplateError;

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// What an earlier version stored, or what people ended.
    #[error(
        "what an earlier version stored, or what is kept outside the database, could not be taken in"
    )]
    Earlier(#[from] crate::flows::Error),
    /// Tables that are not this version's.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A secret.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Another installation wrote this database, or the address key was lost.
    #[error(
        "this database was written under another address key, and would recognise nobody: give this \
         program the address.key of the installation that made it (ASSENT_ADDRESS_KEY_FILE)"
    )]
    ForeignKey,
    /// Another key signed this database's ledger.
    #[error(
        "another key signed this database's ledger: give this program the ledger.key of the installation \
         that made it (ASSENT_LEDGER_KEY_FILE), or name its public key in ASSENT_LEDGER_OLD_KEYS: {0}"
    )]
    ForeignLedgerKey(String),
    /// Where the program lies, which it starts again to draw reports.
    #[error("the system does not say where this program lies")]
    Program(#[source] std::io::Error),
    /// The publisher's logo or icon.
    #[error(transparent)]
    Brand(#[from] BrandError),
    /// The file store.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// What is kept outside the database.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A template.
    #[error(transparent)]
    Templates(#[from] TemplateError),
    /// The mailbox directory.
    #[error("the mailbox directory cannot be made")]
    Mailbox(#[source] std::io::Error),
    /// A key that signs mail.
    #[error(transparent)]
    Dkim(#[from] DkimKeyError),
    /// The file of the domains at which mailboxes are thrown away.
    #[error("the file that disposable_domains names cannot be used: {0}")]
    DisposableDomains(String),
    /// The data directory.
    #[error("the data directory {0} cannot be made")]
    DataDir(String, #[source] std::io::Error),
}

impl From<sqlx::Error> for StartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
