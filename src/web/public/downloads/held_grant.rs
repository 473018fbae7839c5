//! The grant behind a link of a download, and what is said where it opens nothing.

use crate::domain::signup::link::{Link, LinkKind};
use crate::store::Tx;
use crate::store::signup::download_grants::{self, DownloadGrant};
use crate::web::error::{Fresh, Gone};
use crate::web::{App, Error};

/// The grant that this link was of.
pub(super) async fn find(
    app: &App,
    tx: &mut Tx,
    token: &str,
) -> Result<(Link, DownloadGrant), Error> {
    let link = app.links.secrets.open(LinkKind::Download, token).ok_or(Error::NotFound)?;
    let grant = download_grants::find(tx, link.id).await?.ok_or_else(forgotten)?;
    Ok((link, grant))
}

/// Why its link opens nothing, and what to do.
pub(super) fn gone(app: &App, token: &str, link: Link, grant: &DownloadGrant) -> Error {
    if grant.revoked_at.is_some() {
        return revoked();
    }
    let (title, message) = if grant.generation != link.generation {
        (
            "A newer link was sent",
            "Open the newest message from us and use the link in it.".to_owned(),
        )
    } else if grant.used >= grant.download_limit {
        (
            "This link is used up",
            match grant.download_limit {
                1 => "It was good for one download. We can send you a fresh one.".to_owned(),
                limit => format!("It was good for {limit} downloads. We can send you a fresh one."),
            },
        )
    } else {
        (
            "This link has expired",
            format!(
                "It worked until {}. We can send you a fresh one.",
                app.site.timezone.until(grant.expires_at)
            ),
        )
    };
    let fresh = Fresh {
        action: format!("/downloads/{token}/fresh"),
        button: "Email me a fresh link".to_owned(),
    };
    Gone { title: title.to_owned(), message, fresh: Some(fresh), start_again: None }.into()
}

/// It was taken back.
pub(super) fn revoked() -> Error {
    Gone {
        title: "This link was taken back".to_owned(),
        message: "It no longer opens the report.".to_owned(),
        fresh: None,
        start_again: Some("/".to_owned()),
    }
    .into()
}

/// What it opened was deleted.
pub(super) fn forgotten() -> Error {
    Gone {
        title: "This link is no longer here".to_owned(),
        message: "What it opened was deleted. You can ask for the report again.".to_owned(),
        fresh: None,
        start_again: Some("/".to_owned()),
    }
    .into()
}
