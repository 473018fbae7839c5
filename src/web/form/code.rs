//! The six digits of mail 1, whoever asks for them: a code confirms the form that its mail was about, as the button behind
//! the link does, unless its choices must be seen first.

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::signup::code::Code;
use crate::domain::signup::link::Link;
use crate::domain::signup::submitted_form::SignupStatus;
use crate::flows::signup::confirm::{Confirmation, Press, confirm, must_see_words};
use crate::flows::signup::try_code::{CodeOutcome, TypedCode, link, try_code};
use crate::random::Moment;
use crate::store::signup::signups::{self, Signup};
use crate::web::{App, Error};

/// Nothing that can be a code was typed.
pub(in crate::web) const NO_CODE: &str = "Enter the six-digit code from our message";
/// It is none of this address.
pub(in crate::web) const WRONG_CODE: &str =
    "That code isn’t right: enter the one in our latest message, or follow its link";
/// Too many were tried.
pub(in crate::web) const NO_TRY_LEFT: &str =
    "Too many codes have been tried for this address today. The link in our message still works";
/// What it would confirm must be seen on the page behind the link.
pub(in crate::web) const SEE_CHOICES: &str =
    "Follow the link in our message: what you agree to is confirmed on the page behind it";
/// It is of another form that was sent with this address, whose choices can't be shown where it was typed.
pub(in crate::web) const OTHER_FORM: &str = "That code belongs to another form that was sent with this address: follow the link in its message";
/// What somebody waits with is older than two hours, or not ours.
pub(in crate::web) const TOO_LATE: &str =
    "This took too long: follow the link in our message, or fill in the form again";

/// What came of a press.
pub(in crate::web) enum Pressed {
    /// This signup is confirmed, by this press or a moment ago.
    Confirmed(Uuid),
    /// The signup was settled otherwise meanwhile.
    Settled,
    /// Its choices must be seen first: they are another form's, or some were left since.
    OldPage,
}

/// What came of a code.
pub(in crate::web) enum CodePress {
    /// This signup is confirmed.
    Confirmed(Uuid),
    /// It is right, and the choices of this link's form must be seen first.
    OldPage(Link),
    /// It is right, and of a form whose words must be seen on the page behind the mailed link.
    BehindLink,
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
    let is_open = signup.status == SignupStatus::Pending;
    if is_open && must_see_words(&signup) {
        return Ok(CodePress::BehindLink);
    }
    let pressed = if is_open && !was_seen(&signup) {
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
