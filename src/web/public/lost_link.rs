//! `/preferences` and `/fresh-link`: for who lost the link to their choices, or one to what a form of theirs led to.
//! Either asks for an address alone, and the answer is the same for every address.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::flows::signup::lost_links::ask_for_link;
use crate::store::signup::link_requests::WantedLink;
use crate::templates::page::Page;
use crate::web::http::fields::Fields;
use crate::web::state::limits::{NetworkLimit, NetworkLimits};
use crate::web::visitor::Visitor;
use crate::web::{App, Error, origin};

/// One of the two pages.
struct LostLink {
    path: &'static str,
    /// Where a form that was sent leads.
    sent: &'static str,
    show: fn(&App, Asked<'_>) -> Result<Html<String>, Error>,
    /// What is said there.
    word: &'static str,
    /// Where the link leads that is mailed.
    wanted: WantedLink,
    /// What its forms are counted by.
    limit: fn(&NetworkLimits) -> &NetworkLimit,
}

static CHOICES: LostLink = LostLink {
    path: "/preferences",
    sent: "/preferences?word=sent",
    show: |app, asked| app.page(&PreferencesAskPage(asked)),
    word: "If we hold anything for that address, a message with the link is on its way to it.",
    wanted: WantedLink::Preferences,
    limit: |limits| &limits.choices,
};

static FORMS: LostLink = LostLink {
    path: "/fresh-link",
    sent: "/fresh-link?word=sent",
    show: |app, asked| app.page(&FreshLinkPage(asked)),
    word: "If that address has a form to confirm or a report to download, and we can write to it, a message with a \
           fresh link is on its way to it.",
    wanted: WantedLink::Form,
    limit: |limits| &limits.fresh_links,
};

pub(super) fn router() -> Router<Arc<App>> {
    route(&CHOICES).merge(route(&FORMS))
}

fn route(page: &'static LostLink) -> Router<Arc<App>> {
    let shown = move |State(app): State<Arc<App>>, RawQuery(query): RawQuery| async move {
        page.show(&app, query.as_deref())
    };
    let sent = move |visitor: Visitor, fields: Fields| async move {
        page.receive(&visitor, &fields).await
    };
    Router::new().route(page.path, get(shown).post(sent))
}

impl LostLink {
    fn show(&self, app: &App, query: Option<&str>) -> Result<Html<String>, Error> {
        let sent = query == self.sent.split_once('?').map(|(_, query)| query);
        let word = sent.then_some(self.word);
        (self.show)(app, Asked { word, email: "", error: None })
    }

    async fn receive(&self, visitor: &Visitor, fields: &Fields) -> Result<Response, Error> {
        let Visitor { app, ip, headers, request_id, .. } = visitor;
        origin::check(app, headers)?;
        (self.limit)(&app.network_limits).check(*ip)?;
        let typed = fields.one("email");
        let email = match address(fields) {
            Ok(email) => email,
            Err(message) => {
                let asked = Asked { word: None, email: typed, error: Some(&message) };
                let page = (self.show)(app, asked)?;
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
        };
        let at = app.moment_of(request_id.clone());
        app.db
            .run(|tx| Box::pin(ask_for_link(tx, app.settings.at(&at), self.wanted, &email)))
            .await?;
        // The worker is not rung: mail that leaves at once would slow whoever asks next, and tell them.
        Ok((StatusCode::SEE_OTHER, [(header::LOCATION, self.sent)]).into_response())
    }
}

/// What either page shows.
#[derive(Clone, Copy, Serialize)]
struct Asked<'a> {
    /// What is said of a form that was sent.
    word: Option<&'a str>,
    /// The address as typed.
    email: &'a str,
    /// What is wrong with it.
    error: Option<&'a str>,
}

impl Asked<'_> {
    fn samples() -> [Self; 3] {
        let blank = Self { word: None, email: "", error: None };
        let sent = Self { word: Some("The message is on its way."), ..blank };
        [blank, sent, Self { email: "reader", error: Some("Enter an email address"), ..blank }]
    }
}

/// `public/preferences_ask.html`.
#[derive(Serialize)]
pub(super) struct PreferencesAskPage<'a>(Asked<'a>);

impl Page for PreferencesAskPage<'_> {
    const TEMPLATE: &'static str = "public/preferences_ask.html";

    fn samples() -> Vec<Self> {
        Asked::samples().map(Self).into()
    }
}

/// `public/fresh_link.html`.
#[derive(Serialize)]
pub(super) struct FreshLinkPage<'a>(Asked<'a>);

impl Page for FreshLinkPage<'_> {
    const TEMPLATE: &'static str = "public/fresh_link.html";

    fn samples() -> Vec<Self> {
        Asked::samples().map(Self).into()
    }
}

/// The address that was typed, or what to do about it.
fn address(fields: &Fields) -> Result<EmailAddress, String> {
    if fields.is_repeated("email") {
        Err("Fill in this field once".to_owned())
    } else if fields.is_faulty("email") {
        Err("Use letters, numbers and punctuation only, on one line".to_owned())
    } else {
        EmailAddress::parse(fields.one("email")).map_err(|error| error.to_string())
    }
}
