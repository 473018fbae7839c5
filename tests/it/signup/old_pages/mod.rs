//! Pages that stayed open while something happened elsewhere: a box that the page had ticked brings nothing back,
//! and leaving is never lost (GDPR Rec. 32, Art. 7(3)).

mod choices;
mod codes;
mod confirming;

use crate::support::app::{Answer, TestApp};
use crate::support::page_form::PageForm;

const ADA: &str = "ada@b.example";
const BOTH: &str = "&name=Ada&newsletter=weekly";
const PRIVACY: &str = "privacy-policy";
const WEEKLY: &str = "newsletter:weekly";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const TICK: &str =
    "Tick the box to agree to our privacy policy, so that we can send you the report";

/// Somebody with a page of their choices, and the link of their receipt that ends the newsletter.
struct Tab {
    page: String,
    leave: String,
}

impl Tab {
    async fn start(app: &TestApp, more: &str) -> Self {
        app.subscribe(ADA, more).await;
        Self::from_mail(app, more)
    }

    fn from_mail(app: &TestApp, more: &str) -> Self {
        let receipt = &app.mail_to(ADA)[1];
        let leave =
            if more.contains("newsletter") { receipt.link("/unsubscribe/") } else { String::new() };
        Self { page: receipt.link("/preferences/").replace(&app.base, ""), leave }
    }

    /// Opens the page: its form as it stands there.
    async fn open(&self, app: &TestApp) -> PageForm {
        PageForm::find(&app.get(&self.page).await.text(), &self.page)
    }

    /// Sends the form of a page that was opened before.
    async fn save(&self, app: &TestApp, form: &PageForm) -> Answer {
        app.post(&self.page, &form.body()).await
    }

    /// One click in a mail program, meanwhile.
    async fn leaves(&self, app: &TestApp) {
        assert_eq!(app.post(&self.leave, ONE_CLICK).await.status, 200);
    }

    /// Comes back in another tab.
    async fn comes_back(&self, app: &TestApp, purpose: &str) {
        let form = self.open(app).await.tick(purpose);
        assert_eq!(self.save(app, &form).await.status, 303);
    }

    async fn withdraws_all(&self, app: &TestApp) {
        assert_eq!(app.post(&format!("{}/withdraw-all", self.page), "").await.status, 303);
    }
}

/// Who may be written to: under the privacy policy, and the newsletter.
async fn agreed(app: &TestApp) -> (bool, bool) {
    let of = async |purpose| app.exported(purpose).await.contains(&ADA.to_owned());
    (of(PRIVACY).await, of(WEEKLY).await)
}

async fn events(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM consent_event").await
}
