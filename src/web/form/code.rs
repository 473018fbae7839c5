//! The six digits of mail 1, whoever asks for them: a code confirms the form that its mail was about, as the button behind
//! the link does, unless its choices must be seen first.

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::signup::code::Code;
use crate::domain::signup::link::Link;
use crate::domain::signup::submitted_form::SignupStatus;
use crate::flows::signup::confirm::{Confirmation, Press, confirm};
use crate::flows::signup::try_code::{CodeOutcome, TypedCode, link, try_code};
use crate::random::Moment;
use crate::store::signup::signups::{self, Signup};
use crate::web::{App, Error};

/// What came of a press.
pub(in crate::web) enum Pressed {
    /// This signup is confirmed, by this press or a moment ago.
    Confirmed(Uuid),
    /// The signup was settled otherwise meanwhile.
    Settled,
    /// Its choices must be seen first: they are another form's, or some were left since, or their words were not shown by
    /// us.
    OldPage,
}

/// What came of a code.
pub(in crate::web) enum CodePress {
    /// This signup is confirmed.
    Confirmed(Uuid),
    /// It is right, and the choices of this link's form must be seen first.
    OldPage(Link),
    /// It is none of a form of this address that waits.
    Wrong,
    /// Too many were tried for this address today.
    NoTryLeft,
}

/// A code that was typed.
pub(in crate::web) struct CodeTry<'a> {
    /// Whose mailbox it is said to come from.
    pub address_key: &'a AddressKey,
    /// The six digits.
    pub code: Code,
    /// The form that was sent where it was typed.
    pub own: Uuid,
}

/// Looks at a code, and confirms what it is of. One after the other for each address, so that of two presses at once the
/// second finds the first one's confirmation, and its try taken back. `was_seen` says whether the choices of that form
/// stood where the code was typed.
///
/// # Errors
/// When the database does not take it.
pub(in crate::web) async fn press_code(
    app: &App,
    at: &Moment,
    typed: CodeTry<'_>,
    was_seen: impl Fn(&Signup) -> bool,
) -> Result<CodePress, Error> {
    let CodeTry { address_key, code, own } = typed;
    let _turn = app.code_limit.turn(address_key).await;
    let tried = TypedCode { secrets: &app.links.secrets, address_key, code, own };
    // Only what the database lets through is counted here, so that this is never the stricter of the two.
    let may_look = || app.code_limit.allows(address_key);
    let signup = match try_code(&app.db, at, &tried, may_look).await? {
        CodeOutcome::NoTryLeft => return Ok(CodePress::NoTryLeft),
        CodeOutcome::Wrong => return Ok(CodePress::Wrong),
        CodeOutcome::Right(signup) => signup,
    };
    app.code_limit.forgive(address_key);
    let pressed = if signup.status == SignupStatus::Pending && !was_seen(&signup) {
        Pressed::OldPage
    } else {
        press_button(app, at, &signup, Press::Code).await?
    };
    Ok(match pressed {
        Pressed::Confirmed(signup_id) => CodePress::Confirmed(signup_id),
        Pressed::Settled => CodePress::Wrong,
        Pressed::OldPage => CodePress::OldPage(link(&signup)),
    })
}

/// Confirms as the button behind the link does.
///
/// # Errors
/// When the database does not take it.
pub(in crate::web) async fn press_button(
    app: &App,
    at: &Moment,
    signup: &Signup,
    press: Press<'_>,
) -> Result<Pressed, Error> {
    if signup.status == SignupStatus::Pending {
        let confirmed = app.db.run(|tx| Box::pin(confirm(tx, app.settings.at(at), signup, press)));
        match confirmed.await? {
            Confirmation::Confirmed { .. } => return Ok(Pressed::Confirmed(signup.signup_id)),
            Confirmation::OldPage => return Ok(Pressed::OldPage),
            Confirmation::Overtaken => {}
        }
    }
    let found = signups::find(&mut app.db.read().await?, signup.signup_id).await?;
    Ok(match found {
        Some(signup) if signup.status == SignupStatus::Confirmed => {
            Pressed::Confirmed(signup.signup_id)
        }
        _ => Pressed::Settled,
    })
}
