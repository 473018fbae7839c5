//! The address that somebody who waits may have meant, and what they asked for sent there in place of the one they typed.

use crate::domain::catalog::address_rules::Answer;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::mail_domain::meant;
use crate::flows::signup::replace_address::{Replacement, replace_address};
use crate::random::Moment;
use crate::web::http::fields::Fields;
use crate::web::state::catalog::Catalog;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// The address that is offered in place of a misspelt one, if there is one that this form would take. It depends on nothing
/// that is known of either address.
pub(in crate::web) fn offered(
    app: &App,
    catalog: &Catalog,
    waiting: &Waiting,
) -> Option<EmailAddress> {
    let typed = EmailAddress::parse(&waiting.email).ok()?;
    let meant = meant(&typed, &app.shared_domains.get())?;
    let report = waiting.report_slug();
    let rules = report.as_ref().and_then(|slug| catalog.report(slug)).map(|of| &of.report);
    let against = rules.and_then(|of| of.address_rules.against(&meant, &catalog.disposable));
    (!matches!(against, Some((Answer::Refuse, _)))).then_some(meant)
}

/// Whether a form asks for this address: for nothing else than a page offered is done.
pub(in crate::web) fn asks_for(fields: &Fields, email: &EmailAddress) -> bool {
    let is_clear = !fields.is_repeated("email") && !fields.is_faulty("email");
    is_clear && fields.one("email") == email.as_str()
}

/// Gives up what was asked for, and asks for it again to this address; what is told of it depends on nothing that is known
/// of either.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub(in crate::web) async fn send_instead(
    app: &App,
    at: &Moment,
    waiting: &Waiting,
    email: EmailAddress,
) -> Result<Waiting, Error> {
    let new = Replacement { replaced: waiting.signup_id, signup_id: at.new_id(), email };
    let stored = app.db.run(|tx| Box::pin(replace_address(tx, app.settings.at(at), &new)));
    let signup_id = stored.await?;
    Ok(waiting.instead(signup_id, &new.email, (&app.settings.mail_limit, at.now)))
}
