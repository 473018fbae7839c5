//! The page of one newsletter, and the one on which it is added.

use serde::Serialize;

use crate::domain::catalog::notice::newsletter_words;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::newsletters::{self, Newsletter};
use crate::templates::page::Page;
use crate::web::console::catalog::newsletters::offering::{Count, Offers, ReportBox, count};
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

/// Where a newsletter's pages are.
pub(super) fn path(slug: &Slug) -> String {
    format!("/console/newsletters/{slug}")
}

/// `console/newsletter.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct NewsletterPage {
    /// None while it is not added yet.
    newsletter: Option<Known>,
    values: Values,
    seen: Option<Seen>,
    counts: Option<Count>,
    counted_at: Option<Timestamp>,
    /// The words beside its box, once readers can be told who asks.
    words: Option<String>,
    reports: Vec<ReportBox>,
    errors: Faults,
    pub(super) word: Option<&'static str>,
}

/// A newsletter as it is.
#[derive(Serialize)]
struct Known {
    slug: String,
    name: String,
    path: String,
    offered: bool,
}

/// What the fields hold.
#[derive(Default, Serialize)]
pub(super) struct Values {
    slug: String,
    name: String,
    description: String,
    offer: bool,
}

/// What its words were when the form was shown.
#[derive(Serialize)]
struct Seen {
    name: String,
    description: String,
}

impl NewsletterPage {
    /// The page while there is no such newsletter yet.
    pub(super) fn blank(values: Values, errors: Faults) -> Self {
        Self {
            newsletter: None,
            values,
            seen: None,
            counts: None,
            counted_at: None,
            words: None,
            reports: vec![],
            errors,
            word: None,
        }
    }

    /// The page of a newsletter.
    pub(super) async fn find(app: &App, slug: &Slug) -> Result<Self, Error> {
        let mut tx = app.db.read().await?;
        let all = newsletters::list(&mut tx).await?;
        let newsletter =
            all.into_iter().find(|known| known.slug == *slug).ok_or(Error::NotFound)?;
        let offered = newsletter.is_offered();
        let Newsletter { name, description, .. } = newsletter;
        let purpose = Purpose::newsletter(slug);
        let offers = Offers::find(&mut tx).await?;
        drop(tx);
        let counted = app.figures.purposes.get(()).await;
        let controller = &app.site.controller;
        let words = controller
            .is_complete()
            .then(|| newsletter_words(&controller.name, &name, &description));
        let (path, slug) = (path(slug), slug.to_string());
        Ok(Self {
            values: Values {
                slug: slug.clone(),
                name: name.clone(),
                description: description.clone(),
                offer: offered,
            },
            newsletter: Some(Known { slug, name: name.clone(), path, offered }),
            seen: Some(Seen { name, description }),
            counts: Some(count(counted.as_deref(), &purpose)),
            counted_at: counted.map(|counted| counted.at),
            words,
            reports: offers.boxes(&purpose),
            errors: vec![],
            word: None,
        })
    }

    /// The page again, with what was typed and what is wrong with it.
    pub(super) fn again(self, typed: &Fields, errors: Faults) -> Self {
        let values = Values::typed(self.values.slug, typed, self.values.offer);
        Self { values, errors, ..self }
    }
}

impl Values {
    pub(super) fn typed(slug: String, typed: &Fields, offer: bool) -> Self {
        let (name, description) = (typed.one("name"), typed.one("description"));
        Self { slug, name: name.to_owned(), description: description.to_owned(), offer }
    }
}

impl Page for NewsletterPage {
    const TEMPLATE: &'static str = "console/newsletter.html";

    fn samples() -> Vec<Self> {
        let (name, about) = ("The weekly".to_owned(), "News every Thursday".to_owned());
        let weekly = |offered| Self {
            newsletter: Some(Known {
                slug: "weekly".to_owned(),
                name: name.clone(),
                path: "/console/newsletters/weekly".to_owned(),
                offered,
            }),
            values: Values {
                slug: "weekly".to_owned(),
                name: name.clone(),
                description: about.clone(),
                offer: offered,
            },
            seen: Some(Seen { name: name.clone(), description: about.clone() }),
            counts: Some(Count::sample(4118)),
            counted_at: Some(Timestamp::SAMPLE),
            words: Some("Subscribe me to The weekly.".to_owned()),
            reports: ReportBox::samples(),
            errors: vec![],
            word: Some("The changes are saved."),
        };
        let typed = Values { name: "The Thursday".to_owned(), ..Values::default() };
        let overtaken = Self {
            values: typed,
            counts: Some(Count::sample(1)),
            words: None,
            reports: vec![],
            errors: vec![fault("name", "Somebody else changed this")],
            ..weekly(true)
        };
        let uncounted = Self {
            counts: Some(Count::default()),
            counted_at: None,
            reports: vec![],
            ..weekly(false)
        };
        let blank = Self::blank(Values::default(), vec![]);
        vec![blank, weekly(true), overtaken, weekly(false), uncounted]
    }
}
