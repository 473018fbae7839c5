//! Somebody who asked and has not confirmed is no subscriber; whoever looks for their whole address is told
//! what became of it.

use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::outbox::OutboxState;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::contacts::{subject_access, subscribers};
use crate::store::mail::bounces;
use crate::web::console::contacts::suppressions;
use crate::web::{App, Error};

/// What became of the newest form of an address.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct Unconfirmed {
    address: String,
    asked_at: Timestamp,
    status: String,
    report: Option<Slug>,
    /// Where its confirmation mail stands, and since when there is one.
    mail: Option<&'static str>,
    mailed_at: Option<Timestamp>,
    bounced: bool,
    /// Where the address is looked up.
    suppressions: String,
}

impl Unconfirmed {
    /// One whose mail came back, and one who was not mailed.
    pub(super) fn samples() -> [Self; 2] {
        let address = EmailAddress::sample();
        let mailed = Self {
            suppressions: suppressions::look_up(&address),
            address: address.to_string(),
            asked_at: Timestamp::SAMPLE,
            status: "pending".to_owned(),
            report: Slug::proposed("Digital councils"),
            mail: Some(OutboxState::Sent.as_str()),
            mailed_at: Some(Timestamp::SAMPLE),
            bounced: true,
        };
        let never =
            Self { report: None, mail: None, mailed_at: None, bounced: false, ..mailed.clone() };
        [mailed, never]
    }
}

/// The newest form of an address of which none was confirmed. Of a subscriber's address there is nothing to
/// tell: they confirmed, and other filters left them out.
pub(super) async fn find(app: &App, tx: &mut Tx, q: &str) -> Result<Option<Unconfirmed>, Error> {
    let Ok(email) = EmailAddress::parse(q) else { return Ok(None) };
    let key = app.settings.address_secret.key(&email);
    if subscribers::find_id(tx, &key).await?.is_some() {
        return Ok(None);
    }
    let Some(signup) = subject_access::list_signups(tx, &key).await?.into_iter().next() else {
        return Ok(None);
    };
    let mail = subject_access::find_confirmation_mail(tx, signup.signup_id).await?;
    let bounced = bounces::came_back(tx, signup.signup_id).await?;
    let (state, mailed_at) =
        mail.map_or((None, None), |(state, at)| (Some(state.as_str()), Some(at)));
    Ok(Some(Unconfirmed {
        suppressions: suppressions::look_up(&email),
        address: signup.email,
        asked_at: signup.created_at,
        status: signup.status,
        report: signup.report,
        mail: state,
        mailed_at,
        bounced,
    }))
}
