//! What readers do at pages: fill in, confirm, type a code, agree again.

use super::answer::Answer;
use super::{PATH, POLICY, TestApp};
use crate::support::inbox::Mail;
use crate::support::page_form::PageForm;

impl TestApp {
    /// What a page of choices, opened now, says that it was filled from: fields to send with a form.
    pub async fn seen(&self, page: &str) -> String {
        let path = page.replace(&self.base, "");
        let form = PageForm::find(&self.get(page).await.text(), &path);
        let shown: String = form.values("shown").flat_map(|code| ["&shown=", code]).collect();
        format!("&seen={}{shown}", form.value("seen"))
    }

    /// Fills the sample report's form in with an address and the one required box.
    pub async fn ask(&self, email: &str) -> Answer {
        self.post(PATH, &form(email, "")).await
    }

    /// The field by which a page that is opened now names the blank form that it shows, to send with a form.
    pub async fn blank(&self, path: &str) -> String {
        let page = self.get(path).await.text();
        let named = page.split_once("name=\"blank\" value=\"");
        let named = named.and_then(|(_, rest)| rest.split_once('"'));
        named.map_or_else(String::new, |(sha256, _)| format!("&blank={sha256}"))
    }

    /// Opens the sample report's page, asks, and opens the mail that follows.
    pub async fn ask_and_read(&self, email: &str, more: &str) -> Mail {
        let before = self.mail_to(email).len();
        let blank = self.blank(PATH).await;
        let answer = self.post(PATH, &form(email, &format!("{more}{blank}"))).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.next_mail(email, before).await
    }

    /// What a browser sends of the page that asks again, with these boxes ticked.
    pub async fn renewal(&self, link: &str, purposes: &[&str]) -> String {
        let page = self.get(link).await.text();
        let hidden = page.split("type=\"hidden\" name=\"").skip(1).map(|field| {
            let (name, rest) = field.split_once("\" value=\"").expect("a value");
            format!("{name}={}", rest.split_once('"').expect("its end").0)
        });
        let ticked =
            purposes.iter().map(|purpose| format!("purpose={}", purpose.replace(':', "%3A")));
        hidden.chain(ticked).collect::<Vec<_>>().join("&")
    }

    /// Opens the page that asks again, ticks these boxes, and presses its button.
    pub async fn agree_again(&self, link: &str, purposes: &[&str]) -> Answer {
        let body = self.renewal(link, purposes).await;
        self.post(link, &body).await
    }

    /// Types a code on the waiting page of this cookie.
    pub async fn type_code(&self, cookie: &str, code: &str) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let request = self.request("POST", "/check-your-inbox/code").header("cookie", cookie);
        let code = code.replace(' ', "+");
        self.send(request.header(kind.0, kind.1).body(format!("code={code}"))).await
    }

    /// Asks, confirms, gets the receipt, and gives the download page's path.
    pub async fn subscribe(&self, email: &str, more: &str) -> String {
        let before = self.mail_to(email).len();
        let mail = self.ask_and_read(email, more).await;
        let answer = self.post(&mail.link("/confirm/"), "").await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.next_mail(email, before + 1).await;
        answer.location().to_owned()
    }

    /// The same with a form that showed this version of the policy.
    pub async fn agree_under(&self, email: &str, label: &str, more: &str) {
        let before = self.mail_to(email).len();
        let body = form(email, more).replace(POLICY, label);
        assert_eq!(self.post(PATH, &body).await.status, 303);
        let mail = self.next_mail(email, before).await;
        assert_eq!(self.post(&mail.link("/confirm/"), "").await.status, 303);
        self.next_mail(email, before + 1).await;
    }
}

/// The body of the sample form with the required box ticked; `more` is appended as it is.
pub fn form(email: &str, more: &str) -> String {
    let email: String =
        percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
    format!("email={email}&consent=yes&policy={POLICY}&website={more}")
}
