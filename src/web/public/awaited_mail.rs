//! The mail that somebody waits for, as pages tell of it: nothing of it depends on whether the address is known.

use std::time::Duration;

use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::flows::mail::record_mail_domains::KEPT;
use crate::mail::compose::confirmation_subject;
use crate::store::mail::{bounces, mail_domains};
use crate::web::form::instead::offered;
use crate::web::state::catalog::Catalog;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// What pages tell of a mail that is waited for.
#[derive(Clone, Serialize)]
pub(super) struct AwaitedMail<'a> {
    /// What was typed; none where no form was sent from here, or long ago.
    pub address: Option<&'a str>,
    /// By when the mail comes, if there is one.
    comes_by: Option<Timestamp>,
    sender: String,
    subject: Option<String>,
    /// The title of the report asked for.
    report: Option<&'a str>,
    /// What was ticked besides the privacy policy, by name; none where that was too much to keep.
    chosen: Option<Vec<String>>,
    /// Whether it is confirmed behind the mailed link alone, and there is no code.
    by_link: bool,
    /// The address that may have been meant.
    pub meant: Option<String>,
    /// What the report's rules have against the address, which was taken all the same.
    asked_for: Option<String>,
    /// Whether the form rests.
    rests: bool,
    /// From when it can be sent again, if not now.
    resend_from: Option<Timestamp>,
    /// Whether that is today.
    resend_today: bool,
    /// The report whose form was sent, while it is known.
    #[serde(skip)]
    slug: Option<&'a Slug>,
}

impl<'a> AwaitedMail<'a> {
    /// What is told of this form's; of none, how mails look in general.
    pub(super) fn new(
        app: &App,
        catalog: &'a Catalog,
        waiting: Option<&'a Waiting>,
    ) -> Result<Self, Error> {
        let slug = waiting.and_then(Waiting::report_slug);
        let report = slug.as_ref().and_then(|slug| catalog.report(slug)).map(|of| &of.report);
        let title = report.map(|report| report.title.as_str());
        let subject = confirmation_subject(&app.templates, &app.site, title).map_err(|error| {
            tracing::error!(error = ?error, "the subject of mail 1 could not be rendered");
            Error::Internal
        })?;
        let limit = &app.settings.mail_limit;
        let (now, zone) = (app.clock.now(), &app.site.timezone);
        let again_from = waiting.and_then(|waiting| waiting.asks_again_from(limit, now));
        Ok(Self {
            address: waiting.map(|waiting| waiting.email.as_str()),
            comes_by: waiting.and_then(|waiting| waiting.comes_by(limit)),
            sender: app.sender.from.to_string(),
            subject: waiting.map(|_| subject),
            report: title,
            chosen: waiting.and_then(|waiting| chosen(catalog, waiting)),
            by_link: waiting.is_some_and(|waiting| waiting.by_link),
            meant: waiting
                .and_then(|waiting| offered(app, catalog, waiting))
                .map(|email| email.as_str().to_owned()),
            asked_for: waiting.zip(report).and_then(|(waiting, report)| {
                let email = EmailAddress::parse(&waiting.email).ok()?;
                let rules = &report.address_rules;
                let (_, against) = rules.against(&email, &catalog.disposable)?;
                Some(rules.warning(against, &email))
            }),
            rests: waiting.is_some() && catalog.rests(slug.as_ref()),
            resend_from: again_from,
            resend_today: again_from.is_some_and(|from| zone.day_of(from) == zone.day_of(now)),
            slug: report.map(|report| &report.slug),
        })
    }

    /// The page of ours with the form that was sent.
    pub(super) fn form_path(&self) -> String {
        match (self.slug, self.address) {
            (Some(slug), _) => format!("/reports/{slug}"),
            (None, Some(_)) => "/newsletters".to_owned(),
            (None, None) => "/".to_owned(),
        }
    }
}

/// The names of the boxes that were ticked on the form, besides the privacy policy's.
fn chosen(catalog: &Catalog, waiting: &Waiting) -> Option<Vec<String>> {
    let offer = |code: &Purpose| {
        catalog.all_offers().chain(&catalog.archived).find(|offer| offer.purpose == *code)
    };
    let name = |code: &Purpose| code.named(offer(code).map(|offer| offer.name.as_str()));
    Some(waiting.chosen.as_ref()?.iter().map(name).collect())
}

/// How long the page waits for that, when the database hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became known meanwhile of where this reader's mail goes.
#[derive(Clone, Copy, Default)]
pub(super) struct Heard<'a> {
    /// The mail about their own form came back, as from an address that does not exist: what became of other mail would
    /// tell whether the address is known.
    pub came_back: bool,
    /// The domain whose mail nothing takes, as name servers said, whoever has an address there.
    pub no_server: Option<&'a str>,
}

/// What is heard of it. While the database is away the page is shown without.
pub(super) async fn heard<'a>(app: &App, waiting: &'a Waiting) -> Heard<'a> {
    let asked = async {
        let mut tx = app.db.read().await?;
        let came_back = bounces::came_back(&mut tx, waiting.signup_id).await?;
        let since = app.clock.now().minus(KEPT);
        let no_server = match waiting.domain() {
            Some(domain) if !came_back => {
                mail_domains::takes_none(&mut tx, domain, since).await?.then_some(domain)
            }
            _ => None,
        };
        Ok(Heard { came_back, no_server })
    };
    let told = tokio::time::timeout(PATIENCE, asked).await;
    told.unwrap_or(Err(sqlx::Error::PoolTimedOut)).unwrap_or_else(|error: sqlx::Error| {
        tracing::error!(error = ?error, "what became of a mail could not be read");
        Heard::default()
    })
}

impl AwaitedMail<'static> {
    /// Right after a form for a report was sent, while it rests, later, of a form for newsletters alone, of one of too many,
    /// of one that is confirmed behind the link alone, and of who sent none.
    pub(super) fn samples() -> [Self; 7] {
        let sent = Self {
            address: Some("reader@council.example"),
            comes_by: Some(Timestamp::SAMPLE),
            sender: "Example Press <reports@example.org>".to_owned(),
            subject: Some("Your link to Digital councils".to_owned()),
            report: Some("Digital councils"),
            chosen: Some(vec!["The weekly".to_owned()]),
            by_link: false,
            meant: None,
            asked_for: None,
            rests: false,
            resend_from: Some(Timestamp::SAMPLE),
            resend_today: true,
            slug: None,
        };
        let later = Self { resend_from: None, ..sent.clone() };
        let later = Self { asked_for: Some("We ask for a work address.".to_owned()), ..later };
        let meant = Some("reader@council.example.org".to_owned());
        let newsletter =
            Self { asked_for: None, meant, report: None, chosen: Some(vec![]), ..later.clone() };
        let many = Self { comes_by: None, chosen: None, resend_today: false, ..sent.clone() };
        let by_link = Self { by_link: true, ..sent.clone() };
        let stranger =
            Self { address: None, subject: None, report: None, resend_from: None, ..many.clone() };
        [sent, Self { rests: true, ..later.clone() }, later, newsletter, many, by_link, stranger]
    }
}
