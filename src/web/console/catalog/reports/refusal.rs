//! Why a report is not taken as it was sent, field by field.

use crate::flows::catalog::purpose_error::PurposeError;
use crate::flows::catalog::report_error::ReportError;
use crate::web::Error;
use crate::web::console::form::fault;
use crate::web::http::fields::FieldError;

/// A refusal as the page says it, by field; what is no refusal is an error.
pub(super) fn refusal(error: ReportError) -> Result<FieldError, Error> {
    let (field, message) = match error {
        ReportError::Taken(slug) => {
            ("slug", format!("There is a report “{slug}” already: choose another short name"))
        }
        ReportError::Reserved(slug) => {
            ("slug", format!("“{slug}” is taken by this console: choose another short name"))
        }
        ReportError::OfNewsletters(slug) => (
            "slug",
            format!(
                "“{slug}” is the name of the newsletters’ form on other pages: choose another short name"
            ),
        ),
        ReportError::UnknownNewsletter(slug) => {
            ("newsletter", format!("There is no newsletter “{slug}”: load the page again"))
        }
        ReportError::UnknownPurpose(code) | ReportError::Purpose(PurposeError::Unknown(code)) => {
            ("purpose", format!("There is no purpose “{code}”: load the page again"))
        }
        ReportError::NoController => {
            ("form", "Set the controller’s name, address and contact first".to_owned())
        }
        ReportError::NoPolicy => ("form", "Publish a privacy policy first".to_owned()),
        ReportError::NeverPublished(_) => {
            ("form", "This report was never published: there is nothing to take back".to_owned())
        }
        ReportError::NotADraft(_) => {
            ("form", "This report is no draft any more, so it can’t be deleted".to_owned())
        }
        ReportError::Purpose(error) => ("purpose", error.to_string()),
        ReportError::Unknown(_) => return Err(Error::NotFound),
        ReportError::Flow(error) => return Err(error.into()),
    };
    Ok(fault(field, message))
}
