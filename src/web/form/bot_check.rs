//! The bot check of a form that is handed in: work that its browser did, or, for pages that a browser without script may
//! show, a lower limit for its network.

use std::net::IpAddr;

use super::form_context::FormContext;
use crate::domain::signup::bot_check::{SolvedCheck, WrongCheck};
use crate::domain::signup::submitted_form::form_name;
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

/// The field in which the work is sent.
pub(in crate::web) const FIELD: &str = "altcha";

/// Who sends a form without having worked for it.
#[derive(Clone, Copy)]
pub(in crate::web) enum Without {
    /// A browser that may have no script: it may send fewer forms, counted by its network.
    Script(IpAddr),
    /// A program, which can always do the work.
    Reason,
}

/// Lets a form pass that asks for no check, or comes with work that was done for it: what that is, is used up once the form
/// is stored. It is looked at last, of forms that can be taken, for to look costs time.
///
/// # Errors
/// When its network has to wait.
pub(in crate::web) fn look(
    app: &App,
    context: &FormContext<'_>,
    (work, without): (&str, Without),
) -> Result<Result<Option<SolvedCheck>, InvalidField>, Error> {
    if !context.asks_check() {
        return Ok(Ok(None));
    }
    if work.is_empty() {
        return match without {
            Without::Script(ip) => {
                app.network_limits.unchecked_signups.check(ip).map(|()| Ok(None))
            }
            Without::Reason => Ok(Err(fault(
                "required",
                "Work on a challenge of this form first, and send the result",
            ))),
        };
    }
    let form = form_name(context.report.map(|report| &report.slug));
    Ok(match app.links.secrets.check_keys().look(&form, app.clock.now(), work) {
        Ok(solved) => Ok(Some(solved)),
        Err(WrongCheck::Wrong) => Err(fault(
            "wrong",
            "Your browser did not do the small task that keeps programs away: send the form again",
        )),
        Err(WrongCheck::Expired) => {
            Err(fault("expired", "This took too long: send the form again"))
        }
    })
}

/// The refusal of a form whose work another one had used up.
pub(super) fn spent() -> InvalidField {
    fault("spent", "The small task of this form was used up: send the form again")
}

fn fault(code: &'static str, words: &'static str) -> InvalidField {
    InvalidField::new(FIELD, code, words)
}
