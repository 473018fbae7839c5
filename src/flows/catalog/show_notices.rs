//! Writes down the words that forms are about to show, so that each event can point at them.

use crate::domain::catalog::notice::{newsletter_words, privacy_policy_words};
use crate::domain::catalog::purpose::Purpose;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::catalog::newsletters::Newsletter;
use crate::store::catalog::notices::{self, Notice};
use crate::store::catalog::purposes::OwnPurpose;

/// The words beside the box of each purpose: the privacy policy first, then the newsletters, all in the
/// controller's name, then the operator's own in the operator's words.
#[must_use]
pub fn wording(
    controller: &str,
    newsletters: &[Newsletter],
    own: &[OwnPurpose],
) -> Vec<(Purpose, String)> {
    let newsletters = newsletters.iter().map(|newsletter| {
        let words = newsletter_words(controller, &newsletter.name, &newsletter.description);
        (Purpose::newsletter(&newsletter.slug), words)
    });
    std::iter::once((Purpose::privacy_policy(), privacy_policy_words(controller)))
        .chain(newsletters)
        .chain(own.iter().map(|own| (own.code.clone(), own.words.clone())))
        .collect()
}

/// The notices with these words, made where they were never shown before.
pub async fn show_notices(
    tx: &mut Tx,
    at: &Moment,
    wording: &[(Purpose, String)],
) -> Result<Vec<Notice>, Error> {
    let mut shown = Vec::with_capacity(wording.len());
    for (purpose, words) in wording {
        let notice = notices::insert_or_find(tx, at, purpose, words).await?;
        notices::mark_shown(tx, notice.notice_id).await?;
        shown.push(notice);
    }
    Ok(shown)
}
