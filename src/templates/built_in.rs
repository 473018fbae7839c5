//! The built-in templates, and what each is for.

/// A template that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// The name under which an operator's file replaces it.
    pub name: &'static str,
    /// What it shows, and when.
    pub about: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! built_in {
    ($($name:literal: $about:literal),* $(,)?) => {
        &[$(BuiltIn {
            name: $name,
            about: $about,
            text: include_str!(concat!("../../templates/", $name)),
        }),*]
    };
}

/// The head that every mail's MJML shares.
pub(super) const MAIL_HEAD: &str = "mail/_head.mjml";

/// All of them, in reading order.
pub const BUILT_IN: &[BuiltIn] = built_in![
    "public/layout.html": "the frame of every page: banner, footer, stylesheet",
    "public/_form.html": "pieces of forms that pages share: fields, boxes, errors",
    "public/_record.html": "pieces that say what is on record: moments, purposes, states",
    "public/index.html": "the front page: all reports and the newsletter form",
    "public/report.html": "a report and its form",
    "public/newsletters.html": "the form for newsletters alone",
    "public/check_your_inbox.html": "after a form: which mail to look for, and sending it again",
    "public/came_back.html": "the message could not be delivered to the address typed",
    "public/confirm.html": "what will be confirmed, and the one button",
    "public/confirmed.html": "a confirmation link that was used already",
    "public/not_me.html": "for the owner of an address that somebody else typed",
    "public/not_me_done.html": "their request is cancelled",
    "public/download.html": "after confirming: the report",
    "public/thank_you.html": "after confirming newsletters alone",
    "public/preferences_ask.html": "for who lost the link to their choices",
    "public/preferences.html": "somebody's choices, and every way to change them",
    "public/erased.html": "somebody's details are erased",
    "public/unsubscribe.html": "the one button that unsubscribes",
    "public/unsubscribed.html": "somebody is unsubscribed",
    "public/my_data.html": "everything held of somebody",
    "public/receipt.html": "the receipt of one consent, to print",
    "public/renew.html": "asks again under a new privacy policy",
    "public/renewed.html": "somebody agreed again",
    "public/policy.html": "a version of the privacy policy",
    "public/it.html": "for IT departments: how to recognise and allow our mail",
    "public/gone.html": "a link that opens nothing any more, and what to do",
    "public/error.html": "what went wrong, and what to do",
    "console/layout.html": "the frame of the console's pages: menu, who is signed in",
    "console/_parts.html": "the kit of the console's pages: fields, tables, figures",
    "console/kit.html": "every piece of that kit, for the check alone",
    "console/sign_in.html": "address and password of who works at the console",
    "console/second_step.html": "the code of who uses two-factor",
    "console/welcome.html": "makes the console's first account",
    "console/choose_password.html": "a password from a mailed link: the first, or a new one",
    "console/forgot.html": "for who forgot their password",
    "console/dashboard.html": "how the reports are doing today",
    "console/subscribers.html": "people, searched and filtered",
    "console/subscriber.html": "one person: whether they may be written to, and what happened",
    "console/erase.html": "asks before everything held of one person goes",
    "console/erased.html": "everything held of one person is gone",
    "console/receipt.html": "one fact of the ledger about one person",
    "console/suppressions.html": "addresses that are not mailed, and why",
    "console/lift_suppression.html": "asks why an address may be mailed again",
    "console/mail.html": "what waits, what was set aside and why, what was sent",
    "console/mail_one.html": "one mail, and every try to hand it over",
    "console/mail_retry.html": "asks before parked mail is sent again",
    "console/ledger.html": "the newest checkpoint, and the last check",
    "console/audit.html": "who did what",
    "console/account.html": "one's own password, sessions and two-factor",
    "console/two_factor.html": "sets two-factor up: a picture to scan, and the code",
    "console/recovery_codes.html": "recovery codes, shown once",
    "console/staff.html": "who may sign in, and what they may do",
    "console/staff_account.html": "one account, and what an admin can change about it",
    "console/exports.html": "choosing, counting and previewing contacts to export; earlier exports",
    "console/export.html": "one export: how far it is, its file, who withdrew since",
    "console/tokens.html": "what programs sign in with",
    "console/token_made.html": "a new token, shown once",
    "dev/mailbox.html": "the demo's mailbox",
    "dev/mail.html": "one mail of the demo's mailbox",
    "mail/_head.mjml": "the looks that all mails share: colours, type, dark scheme",
    "mail/confirm.mjml": "mail 1, the link whose button confirms: as HTML",
    "mail/confirm.txt": "mail 1: subject, preheader and plain text",
    "mail/receipt.mjml": "mail 2, the words agreed to and the download: as HTML",
    "mail/receipt.txt": "mail 2: subject, preheader and plain text",
    "mail/download_link.mjml": "a fresh link to a report: as HTML",
    "mail/download_link.txt": "a fresh link to a report: subject, preheader and plain text",
    "mail/preferences_link.mjml": "the link to one's choices, for who lost it: as HTML",
    "mail/preferences_link.txt": "the link to one's choices: subject, preheader and plain text",
    "mail/change.mjml": "the receipt of a change of choices: as HTML",
    "mail/change.txt": "the receipt of a change: subject, preheader and plain text",
    "mail/policy_notice.mjml": "tells of a new privacy policy: as HTML",
    "mail/policy_notice.txt": "tells of a new privacy policy: subject, preheader and plain text",
    "mail/renewal.mjml": "asks again under a new privacy policy, and reminds: as HTML",
    "mail/renewal.txt": "asks again and reminds: subject, preheader and plain text",
    "mail/checkpoint.mjml": "the ledger's signed head for the witness: as HTML",
    "mail/checkpoint.txt": "the ledger's signed head: subject, preheader and plain text",
    "mail/invitation.mjml": "the invitation to the console: as HTML",
    "mail/invitation.txt": "the invitation to the console: subject, preheader and plain text",
    "mail/password_reset.mjml": "the link to a new password for the console: as HTML",
    "mail/password_reset.txt": "the link to a new password: subject, preheader and plain text",
    "mail/test.mjml": "what `mail test` sends: as HTML",
    "mail/test.txt": "what `mail test` sends: subject, preheader and plain text",
];
