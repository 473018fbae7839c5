//! Somebody who asked and has not confirmed is no subscriber; whoever looks for their whole address is told
//! what became of it.

use serde_json::{Value, json};

use crate::domain::contacts::email_address::EmailAddress;
use crate::store::Tx;
use crate::store::contacts::{held, subscribers};
use crate::store::mail::bounces;
use crate::web::console::contacts::suppressions;
use crate::web::{App, Error};

/// The newest form of an address of which none was confirmed. Of a subscriber's address there is nothing to
/// tell: they confirmed, and other filters left them out.
pub(super) async fn find(app: &App, tx: &mut Tx, q: &str) -> Result<Option<Value>, Error> {
    let Ok(email) = EmailAddress::parse(q) else { return Ok(None) };
    let key = app.terms.address_secret.key(&email);
    if subscribers::find_id(tx, &key).await?.is_some() {
        return Ok(None);
    }
    let Some(signup) = held::list_signups(tx, &key).await?.into_iter().next() else {
        return Ok(None);
    };
    let mail = held::find_confirmation_mail(tx, signup.signup_id).await?;
    let bounced = bounces::came_back(tx, signup.signup_id).await?;
    let (state, mailed_at) =
        mail.map_or((None, None), |(state, at)| (Some(state.as_str()), Some(at)));
    Ok(Some(json!({
        "address": signup.email, "asked_at": signup.created_at, "status": signup.status,
        "report": signup.report, "mail": state, "mailed_at": mailed_at, "bounced": bounced,
        "suppressions": suppressions::look_up(&signup.email),
    })))
}
