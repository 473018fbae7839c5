//! Mail in the mailbox.

use assent::mail::mailbox::Mailbox;
use uuid::Uuid;

use super::TestApp;
use crate::support::inbox::Mail;
use crate::support::poll;

impl TestApp {
    /// Every mail in the mailbox, oldest first.
    pub fn inbox(&self) -> Vec<Mail> {
        let mailbox = Mailbox::open(&self.dir.path().join("mailbox")).expect("a mailbox");
        let names = mailbox.names().expect("names");
        let id = |name: &String| name.parse::<Uuid>().expect("an id");
        names.iter().map(|name| Mail::parse(&mailbox.read(id(name)).expect("a mail"))).collect()
    }

    pub fn mail_to(&self, email: &str) -> Vec<Mail> {
        self.inbox().into_iter().filter(|mail| mail.to.eq_ignore_ascii_case(email)).collect()
    }

    /// The mail after the first `before` to this address, once it has come.
    pub async fn next_mail(&self, email: &str, before: usize) -> Mail {
        poll::until(&format!("mail {} to {email}", before + 1), || async {
            self.mail_to(email).into_iter().nth(before)
        })
        .await
    }

    /// Waits until no mail waits.
    pub async fn mail_settled(&self) {
        poll::until("an outbox with nothing queued", || async {
            let states = assent::store::mail::outbox::count_by_state(&mut self.read().await).await;
            let queued = assent::domain::mail::outbox::OutboxState::Queued;
            states.expect("states").iter().all(|(state, _)| *state != queued).then_some(())
        })
        .await;
    }
}
