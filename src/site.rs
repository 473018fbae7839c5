//! What every page and mail says of the publisher.

use serde::Serialize;

use crate::domain::time_zone::TimeZone;

/// The publisher's site, as templates see it.
#[derive(Clone, Debug, Serialize)]
pub struct Site {
    /// What stands at the top of each page: the controller's name, or a plain word while it is blank.
    pub name: String,
    /// The legal entity named in notices (GDPR Art. 13(1)(a)).
    pub controller: Controller,
    /// Whether this is a demo, which every page then says.
    pub demo: bool,
    /// The address of the stylesheet, which changes with its content.
    pub css: String,
    /// The icon of each page, as a URL that holds it.
    pub icon: String,
    /// The zone that days and times are written in.
    pub timezone: TimeZone,
    /// Where whoever uses the program gets its sources (AGPL-3.0 §13), if that is known.
    pub source_url: Option<String>,
}

/// The legal entity that decides on purposes and means (GDPR Art. 4(7)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Controller {
    /// Its name.
    pub name: String,
    /// Its postal address.
    pub address: String,
    /// How it is reached about personal data.
    pub contact: String,
    /// By which a register knows it, such as its number there or its LEI; empty where none is told.
    pub identifier: String,
}

impl Controller {
    /// Whether readers can be told who holds their details.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        [&self.name, &self.address, &self.contact].iter().all(|part| !part.trim().is_empty())
    }

    /// What stands at the top of each page of its site.
    #[must_use]
    pub fn site_name(&self) -> &str {
        match self.name.trim() {
            "" => "Reports",
            name => name,
        }
    }
}

impl Site {
    /// What templates are checked with.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            name: "Example Press".to_owned(),
            controller: Controller {
                name: "Example Press Ltd".to_owned(),
                address: "1 High Street, Exampleton EX1 1EX".to_owned(),
                contact: "privacy@example.org".to_owned(),
                identifier: "GB 01234567".to_owned(),
            },
            demo: false,
            css: "/assets/site.css".to_owned(),
            icon: "data:,".to_owned(),
            timezone: TimeZone::UTC,
            source_url: Some("https://code.example.org/assent".to_owned()),
        }
    }

    /// The same: a demo whose controller is reached by telephone, and a site whose controller is not set yet.
    #[must_use]
    pub fn other_samples() -> [Self; 2] {
        let sample = Self::sample();
        let contact = "01632 960123".to_owned();
        let controller = Controller { contact, ..sample.controller.clone() };
        let unset = Self {
            name: Controller::default().site_name().to_owned(),
            controller: Controller::default(),
            source_url: None,
            ..sample.clone()
        };
        [Self { controller, demo: true, ..sample }, unset]
    }
}
