//! Somebody signed in at the console, and what they do there.

use assent::domain::email_address::EmailAddress;
use assent::domain::notice::sha256;
use assent::domain::staff::Role;
use assent::store::{staff, staff_sessions};
use uuid::Uuid;

use super::app::{Answer, TestApp};

/// A member of staff who is signed in.
pub struct TestDesk<'a> {
    pub app: &'a TestApp,
    pub staff_id: Uuid,
    pub cookie: String,
    /// What forms of this session's pages carry.
    pub csrf: String,
}

impl TestApp {
    /// Signs somebody of this role in, without a password: that is told by the stories of signing in.
    pub async fn sign_in(&self, role: Role) -> TestDesk<'_> {
        self.sign_in_as(&format!("{}@sample.example", role.as_str()), role).await
    }

    /// The same for an address of the story's own; its account is made unless it is there.
    pub async fn sign_in_as(&self, email: &str, role: Role) -> TestDesk<'_> {
        let address = EmailAddress::parse(email).expect("an address");
        let at = self.core.moment();
        let mut tx = self.write().await;
        let made = staff::insert(&mut tx, &at, &address, role, None).await.expect("an account");
        let staff_id = match made {
            Some(staff_id) => staff_id,
            None => {
                staff::find_by_email(&mut tx, &address)
                    .await
                    .expect("an answer")
                    .expect("one")
                    .staff_id
            }
        };
        let token = at.new_token();
        staff_sessions::insert(&mut tx, &at, staff_id, &sha256(token.as_bytes()), "A story")
            .await
            .expect("a session");
        tx.commit().await.expect("a commit");
        self.desk(staff_id, format!("assent_session={token}")).await
    }

    /// The desk of a session that a story began by itself.
    pub async fn desk(&self, staff_id: Uuid, cookie: String) -> TestDesk<'_> {
        let mut desk = TestDesk { app: self, staff_id, cookie, csrf: String::new() };
        let page = desk.get("/console").await;
        let page = if page.status == 200 || page.status >= 400 {
            page
        } else {
            desk.get("/console/account").await
        };
        desk.csrf = hidden(&page.text(), "csrf");
        desk
    }
}

impl TestDesk<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.app.request("GET", path).header("cookie", &self.cookie);
        self.app.send(request).await
    }

    /// A page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {} {}", answer.location(), answer.text());
        answer.text()
    }

    /// Posts fields with the token of this session.
    pub async fn post(&self, path: &str, fields: &str) -> Answer {
        self.post_raw(path, &format!("{fields}&csrf={}", self.csrf)).await
    }

    /// Posts exactly these fields.
    pub async fn post_raw(&self, path: &str, fields: &str) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let request = self.app.request("POST", path).header("cookie", &self.cookie);
        self.app.send(request.header(form.0, form.1).body(fields.to_owned())).await
    }

    /// A request with the cookie alone, for whatever else a story sends.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.app.request(method, path).header("cookie", &self.cookie)
    }
}

/// The value of a hidden field of a page.
pub fn hidden(page: &str, name: &str) -> String {
    let after = page.split_once(&format!("name=\"{name}\" value=\"")).map(|(_, after)| after);
    let value = after.and_then(|after| after.split_once('"')).map(|(value, _)| value);
    value.unwrap_or_else(|| panic!("no field {name} in {page}")).to_owned()
}
