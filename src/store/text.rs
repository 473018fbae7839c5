//! How values that are read from texts lie in both databases: as those texts. A column that holds any other text is an
//! error of the database, as one that holds no number is; nothing is read from it a second time.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};

use crate::domain::catalog::media_type::MediaType;
use crate::domain::catalog::report::ReportStatus;
use crate::domain::catalog::return_address::ReturnAddress;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::export_format::{Format, Preset};
use crate::domain::contacts::export_run::RunState;
use crate::domain::contacts::privacy_request::{
    LetterTemplate, LetterWay, RequestChannel, RequestKind, RequestOutcome,
};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::bounce::BounceKind;
use crate::domain::mail::outbox::{DeliveryOutcome, MailKind, OutboxState};
use crate::domain::policy::version::ChangeClass;
use crate::domain::signup::submitted_form::{DrawnBy, Method, SignupStatus};
use crate::domain::slug::{Label, Slug};
use crate::domain::staff::member::{Role, StaffLinkKind};
use crate::domain::staff::webhook::OffReason;
use crate::store::signup::link_requests::WantedLink;

/// What lies in a column is not the text of such a value.
#[derive(Debug, thiserror::Error)]
#[error("the stored text is no {of}")]
struct AnotherText {
    of: &'static str,
    #[source]
    why: BoxDynError,
}

/// Why a text that could be read is still not what this program wrote.
const OTHERWISE: &str = "it is not as this program writes it";

macro_rules! stored_as_text {
    ($($of:ident),+ $(,)?) => {$(
        impl<DB: Database> Type<DB> for $of
        where
            str: Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <str as Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <str as Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: Database> Encode<'q, DB> for $of
        where
            for<'t> &'t str: Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buf: &mut <DB as Database>::ArgumentBuffer,
            ) -> Result<IsNull, BoxDynError> {
                let text: &str = self.as_ref();
                Encode::<DB>::encode_by_ref(&text, buf)
            }
        }

        impl<'r, DB: Database> Decode<'r, DB> for $of
        where
            &'r str: Decode<'r, DB>,
        {
            fn decode(value: <DB as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
                let another = |why| AnotherText { of: stringify!($of), why };
                let text = <&'r str as Decode<'r, DB>>::decode(value)?;
                let read: Self = text.parse().map_err(|why| another(BoxDynError::from(why)))?;
                let written: &str = read.as_ref();
                if written == text { Ok(read) } else { Err(another(OTHERWISE.into()).into()) }
            }
        }
    )+};
}

stored_as_text!(
    BounceKind,
    ChangeClass,
    DeliveryOutcome,
    WantedLink,
    EmailAddress,
    Format,
    Label,
    LetterTemplate,
    LetterWay,
    MailKind,
    MediaType,
    DrawnBy,
    Method,
    OffReason,
    OutboxState,
    Preset,
    ReportStatus,
    RequestChannel,
    RequestKind,
    RequestOutcome,
    RequestReference,
    ReturnAddress,
    Role,
    RunState,
    SignupStatus,
    Slug,
    StaffLinkKind,
    SuppressionReason,
);

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    #[tokio::test]
    async fn another_text_is_an_error_with_its_cause() {
        let memory = SqlitePoolOptions::new().connect("sqlite::memory:").await.unwrap();
        let found: (EmailAddress, MailKind, Option<Format>) = sqlx::query_as("SELECT $1, $2, NULL")
            .bind(EmailAddress::parse("Ada@b.example").unwrap())
            .bind(MailKind::DownloadLink)
            .fetch_one(&memory)
            .await
            .unwrap();
        assert_eq!((found.0.as_str(), found.1), ("Ada@b.example", MailKind::DownloadLink));
        for other in ["", "no address", " ada@b.example", "ada@B.example"] {
            let read = sqlx::query_scalar::<_, EmailAddress>("SELECT $1").bind(other);
            let error = read.fetch_one(&memory).await.unwrap_err();
            assert!(
                matches!(&error, sqlx::Error::ColumnDecode { source, .. } if source.source().is_some()),
                "{error:?}"
            );
        }
        let read = sqlx::query_scalar::<_, SuppressionReason>("SELECT 'NotMe'");
        assert!(read.fetch_one(&memory).await.is_err());
    }
}
