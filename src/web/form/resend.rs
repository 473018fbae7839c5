//! The mail about a form once more, for who waits for it.

use crate::flows::signup::send_fresh_link::send_again;
use crate::random::Moment;
use crate::store::signup::signups;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// Mails once more what this form led to, unless it is settled or gone; what is told of it depends on neither.
///
/// # Errors
/// When the database does not take it; then nothing is mailed.
pub(in crate::web) async fn resend(
    app: &App,
    at: &Moment,
    waiting: &mut Waiting,
) -> Result<(), Error> {
    let signup_id = waiting.signup_id;
    let sent = app.db.run(|tx| {
        Box::pin(async {
            match signups::find(tx, signup_id).await? {
                Some(signup) => send_again(tx, at, &app.settings, &signup).await,
                None => Ok(false),
            }
        })
    });
    sent.await?;
    waiting.ask(&app.settings.mail_limit, at.now);
    Ok(())
}
