//! Somebody signed in at the console, and what they do there.

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::staff::member::Role;
use assent::domain::staff::password::{HashMemory, Password, PasswordHash};
use assent::flows::staff::add_staff::{NewStaff, add_staff};
use assent::store::staff::audit_entries;
use assent::store::staff::members::{self, NewMember};
use assent::store::staff::sessions::{self, StartedSession};
use assent_ledger::digest::sha256;
use serde_json::Value;
use uuid::Uuid;

use super::app::{Answer, TestApp};

/// The password of every account of the stories, as a form carries it.
pub const PASSWORD: &str = "pylon+marmot+ferrous+quilt";
/// Another that is good enough.
pub const OTHER_PASSWORD: &str = "walnut+cipher+ostrich+gravel";

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
        let new = NewMember { email: &address, role, password_hash: None };
        let made = members::insert(&mut tx, &at, new).await.expect("an account");
        let staff_id = match made {
            Some(staff_id) => staff_id,
            None => {
                members::find_by_email(&mut tx, &address)
                    .await
                    .expect("an answer")
                    .expect("one")
                    .staff_id
            }
        };
        let token = at.new_token();
        let token_sha256 = &sha256(token.as_bytes());
        let started = StartedSession { staff_id, token_sha256, browser: "A story" };
        sessions::insert(&mut tx, &at, started).await.expect("a session");
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

/// An account with a password, as `assent staff add` makes it.
pub async fn account(app: &TestApp, email: &str, role: Role) -> Uuid {
    let password = Password::parse(PASSWORD.replace('+', " "), &[]).expect("a password");
    let hash = PasswordHash::new(&password, &[1; 16], &mut HashMemory::default()).expect("a hash");
    let email = EmailAddress::parse(email).expect("an address");
    let mut tx = app.write().await;
    let added =
        add_staff(&mut tx, &app.act(), NewStaff { email: &email, role, password_hash: &hash })
            .await
            .expect("an answer");
    tx.commit().await.expect("a commit");
    added.expect("a new account")
}

/// Sends the form of the sign-in.
pub async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.post("/console/sign-in", &format!("email={email}&password={password}")).await
}

/// Signs in with the password that [`account`] gives.
pub async fn desk<'a>(app: &'a TestApp, email: &str, role: Role) -> TestDesk<'a> {
    let staff_id = account(app, email, role).await;
    let answer = sign_in(app, email, PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    app.desk(staff_id, answer.cookie()).await
}

/// Makes a token at the console; what stands behind `Bearer`.
pub async fn token(desk: &TestDesk<'_>, fields: &str) -> String {
    let form_id = hidden(&desk.page("/console/tokens").await, "form_id");
    let answer = desk.post("/console/tokens", &format!("{fields}&form_id={form_id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = answer.text();
    let (_, after) = page.split_once("Bearer ").expect("a token");
    after.split('<').next().unwrap_or_default().to_owned()
}

/// Adds a webhook for these types at the console; its path there, and its secret.
pub async fn webhook(desk: &TestDesk<'_>, url: &str, types: &[&str]) -> (String, String) {
    let form_id = hidden(&desk.page("/console/webhooks").await, "form_id");
    let types: String = types.iter().flat_map(|kind| ["&types=", kind]).collect();
    let fields = format!("description=Tool&url={}{types}&form_id={form_id}", escaped(url));
    let answer = desk.post("/console/webhooks", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = answer.text().replace("&#x2f;", "/");
    let (_, link) = page.split_once("href=\"/console/webhooks/").expect("a link");
    let path = format!("/console/webhooks/{}", link.split('"').next().unwrap_or_default());
    (path, webhook_secret(&page))
}

/// The secret of a webhook that a page shows.
pub fn webhook_secret(page: &str) -> String {
    let (_, after) = page.split_once("whsec_").expect("a secret");
    let written = after.split('<').next().unwrap_or_default();
    let plain = written.replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&#x2b;", "+");
    format!("whsec_{plain}")
}

/// A text as a form carries it.
pub fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What the audit holds of an action, oldest first; what made the samples is left out.
pub async fn audit(app: &TestApp, action: &str) -> Vec<Value> {
    let entries = audit_entries::list(&mut app.read().await, action).await.expect("entries");
    let told = entries.into_iter().filter(|entry| entry.actor != "test");
    told.map(|entry| entry.detail.0).collect()
}

/// Where one of the pager's links leads.
pub fn pager(page: &str, rel: &str) -> Option<String> {
    let (_, after) = page.split_once(&format!("<a rel=\"{rel}\" href=\""))?;
    Some(after.split_once('"')?.0.replace("&amp;", "&").replace("&#x2f;", "/"))
}
