//! What each page is given.

use serde_json::{Value, json};

use super::{BASE_URL, other_sites, policy, site};

const ADDRESS: &str = "r…@council.example";

const MOMENT: &str = "2026-11-23T09:00:00.000000Z";
const TOKEN: &str = "TOKEN";

/// The contexts of a page. What pages import is checked through them.
pub(super) fn of(page: &str) -> Vec<Value> {
    match page {
        "public/layout.html" => {
            let sites = [site()].into_iter().chain(other_sites());
            sites.map(|site| json!({"site": site})).collect()
        }
        "public/index.html" => index(),
        "public/report.html" => report(),
        "public/newsletters.html" => vec![
            json!({"form": form(false, false), "rests": false}),
            json!({"form": form(false, true), "rests": false}),
            json!({"form": null, "rests": true}),
            json!({"form": null, "rests": false}),
        ],
        "public/check_your_inbox.html" => check_your_inbox(),
        "public/came_back.html" => vec![json!({
            "address": ADDRESS, "sender": "Example Press <reports@example.org>",
            "start_again": "/reports/digital-councils",
        })],
        "public/confirm.html" => vec![confirm(&titled(), false), confirm(&Value::Null, true)],
        "public/confirmed.html" => vec![
            json!({"report": titled(), "address": ADDRESS, "next": "/downloads/TOKEN"}),
            json!({"report": null, "address": ADDRESS, "next": "/thank-you"}),
        ],
        "public/not_me.html" => vec![
            json!({"token": TOKEN, "report": titled(), "address": ADDRESS}),
            json!({"token": TOKEN, "report": null, "address": ADDRESS}),
        ],
        "public/not_me_done.html" | "public/erased.html" => vec![json!({})],
        "public/download.html" => download(),
        "public/thank_you.html" => {
            vec![json!({"manage_url": null}), json!({"manage_url": "/preferences/TOKEN"})]
        }
        "public/preferences_ask.html" => vec![
            json!({"word": null, "email": "", "error": null}),
            json!({"word": "The message is on its way.", "email": "", "error": null}),
            json!({"word": null, "email": "reader", "error": "Enter an email address"}),
        ],
        "public/preferences.html" => preferences(),
        "public/unsubscribe.html" => vec![
            unsubscribe(&["The weekly"], false),
            unsubscribe(&["Privacy policy"], true),
            unsubscribe(&[], false),
            unsubscribe(&[], true),
        ],
        "public/unsubscribed.html" => vec![
            json!({"topics": ["The weekly"], "everything": false}),
            json!({"topics": ["Privacy policy"], "everything": true}),
            json!({"topics": [], "everything": false}),
            json!({"topics": [], "everything": true}),
        ],
        "public/my_data.html" => vec![my_data(), nothing_held()],
        "public/receipt.html" => receipt(),
        "public/renew.html" => renew(),
        "public/renewed.html" => vec![
            renewed(&["Privacy policy", "The weekly"], &[], None),
            renewed(&[], &[], None),
            renewed(
                &["Privacy policy"],
                &[json!({"name": "The weekly", "until": MOMENT})],
                Some("Something that you ticked has ended meanwhile"),
            ),
        ],
        "public/policy.html" => policy_page(),
        "public/policy_changes.html" => policy_changes(),
        "public/it.html" => it(),
        "public/gone.html" => gone(),
        "public/error.html" => error(),
        "dev/mailbox.html" => {
            let mails = json!([{"id": "1", "to": ADDRESS, "subject": "Your link", "date": MOMENT}]);
            vec![json!({"mails": mails}), json!({"mails": []})]
        }
        "dev/mail.html" => vec![mail(true), mail(false)],
        _ => vec![],
    }
}

fn titled() -> Value {
    json!({"title": "Digital councils: where they stand"})
}

fn card(pages: &Value) -> Value {
    json!({
        "slug": "digital-councils", "title": "Digital councils: where they stand",
        "summary": "What 75 councils say", "format": "PDF", "size": "1.2 MB", "pages": pages,
        "date": MOMENT,
    })
}

fn boxes(checked: bool) -> Value {
    json!([
        {"value": "weekly", "name": "The weekly", "words": "Send me the weekly.", "notice": null,
         "checked": checked},
        {"value": "partner-offers", "name": "Partner offers", "words": "Send me offers.",
         "notice": "5a1f", "checked": false},
    ])
}

fn errors(fields: &[&str]) -> Value {
    fields.iter().map(|field| json!({"field": field, "message": "Do this instead"})).collect()
}

/// A signup form: for a report or for newsletters alone, blank or refused.
fn form(report: bool, refused: bool) -> Value {
    let typed = if refused { "As typed" } else { "" };
    let fields = ["email", "name", "consent", "policy", "newsletter", "purpose", "form"];
    json!({
        "action": "/reports/digital-councils",
        "button": "Email me the report",
        "values": {"email": typed, "name": typed, "organisation": typed, "job_title": typed},
        "required": {"name": true, "organisation": false, "job_title": false},
        "errors": errors(if refused { &fields } else { &[] }),
        "policy": policy(),
        "consent": {"words": "Example Press Ltd may hold my details.", "checked": refused},
        "newsletters": boxes(refused),
        "purposes": boxes(refused),
        "newsletter_only": !report,
    })
}

fn index() -> Vec<Value> {
    let [demo, blank] = other_sites();
    vec![
        json!({"reports": [card(&json!(8)), card(&json!(1)), card(&Value::Null)],
               "form": form(false, false)}),
        json!({"reports": [card(&json!(8))], "form": form(false, true)}),
        json!({"site": demo, "reports": [], "form": null}),
        json!({"site": blank, "reports": [], "form": null}),
        json!({"reports": [], "form": form(false, false)}),
    ]
}

fn report() -> Vec<Value> {
    let sample = |pages: Value, more: Value, refused: bool| {
        let mut report = card(&pages);
        report["body"] = more.as_bool().map(|_| "<p>About it.</p>").into();
        report["cover"] = more.as_bool().map(|_| "/reports/digital-councils/cover").into();
        json!({"report": report, "form": form(true, refused)})
    };
    let mut resting = sample(json!(8), json!(true), false);
    resting["form"] = Value::Null;
    vec![
        sample(json!(8), json!(true), false),
        sample(json!(1), Value::Null, false),
        sample(Value::Null, json!(true), true),
        resting,
    ]
}

fn check_your_inbox() -> Vec<Value> {
    let sample = |address: Value, word: Value, can_resend: bool, resend_from: Value| {
        json!({
            "address": address,
            "sender": "Example Press <reports@example.org>",
            "subject": address.as_str().map(|_| "Your link to Digital councils"),
            "word": word,
            "form": {"code": "", "errors": []},
            "rests": false,
            "can_resend": can_resend,
            "resend_from": resend_from,
            "start_again": "/reports/digital-councils",
        })
    };
    let typed = json!("reader@council.example");
    let mut in_demo = sample(typed.clone(), Value::Null, false, Value::Null);
    in_demo["site"] = other_sites()[0].clone();
    let mut refused = sample(typed.clone(), Value::Null, true, Value::Null);
    refused["form"] = json!({"code": "12345", "errors": errors(&["code"])});
    let mut resting = sample(typed.clone(), Value::Null, true, Value::Null);
    resting["rests"] = json!(true);
    vec![
        refused,
        resting,
        sample(typed.clone(), Value::Null, true, Value::Null),
        sample(typed, json!("We are sending the message again."), false, json!(MOMENT)),
        sample(Value::Null, Value::Null, true, Value::Null),
        in_demo,
    ]
}

fn confirm(report: &Value, refused: bool) -> Value {
    json!({
        "token": TOKEN,
        "report": report,
        "address": ADDRESS,
        "consent": {"words": "Example Press Ltd may hold my details."},
        "policy": policy(),
        "newsletters": boxes(true),
        "purposes": boxes(false),
        "form": {"errors": errors(if refused { &["newsletter", "purpose"] } else { &[] })},
        "valid_until": MOMENT,
    })
}

fn download() -> Vec<Value> {
    let sample = |newsletters: Value, manage_url: Value| {
        json!({
            "token": TOKEN,
            "report": {"title": "Digital councils", "slug": "digital-councils", "format": "PDF",
                       "size": "1.2 MB",
                       "cover": manage_url.as_str().map(|_| "/reports/digital-councils/cover")},
            "address": ADDRESS,
            "until": MOMENT,
            "only_report": newsletters == json!([]),
            "newsletters": newsletters,
            "manage_url": manage_url,
        })
    };
    let newsletters = json!([{"name": "The weekly", "description": "What councils build"},
                             {"name": "The monthly", "description": ""}]);
    vec![sample(newsletters, json!("/preferences/TOKEN")), sample(json!([]), Value::Null)]
}

fn preferences() -> Vec<Value> {
    let row = |code: &str, state: Value| {
        let agreed = state == "given" || state == "renewed";
        json!({
            "code": code, "name": "The weekly", "description": "What councils build.",
            "words": "Send me the weekly.", "notice": (code == "partner-offers").then_some("5a1f"),
            "checked": agreed, "offered": code != "newsletter:weekly", "state": state, "since": state.as_str().map(|_| MOMENT),
            "policy_label": agreed.then_some("2026-11"),
            "policy_url": agreed.then_some("/policies/privacy/2026-11"),
            "receipt_url": state.as_str().map(|_| "/preferences/TOKEN/receipts/1"),
        })
    };
    let sample = |word: Value, error: Value, renew: Value| {
        json!({
            "token": TOKEN, "word": word, "error": error, "address": "reader@council.example",
            "name": "Ada Reader", "renew": renew, "policy": policy(),
            "purposes": [
                row("privacy-policy", json!("given")),
                row("newsletter:weekly", json!("withdrawn")),
                row("partner-offers", Value::Null),
            ],
            "any_in_force": error.is_null(),
        })
    };
    let error = |field: &str| json!({"field": field, "message": "Do this instead"});
    let renew = json!({"until": MOMENT, "url": format!("{BASE_URL}/renew/TOKEN")});
    let mut samples = vec![
        sample(Value::Null, Value::Null, Value::Null),
        sample(json!("Your choices are saved."), Value::Null, renew),
    ];
    for field in ["purpose", "policy", "confirm", "name"] {
        samples.push(sample(Value::Null, error(field), Value::Null));
    }
    samples
}

fn my_data() -> Value {
    let some = json!("Something");
    json!({"token": TOKEN, "data": {
        "generated_at": MOMENT,
        "subscriber": {
            "subscriber_id": "1", "email": "reader@council.example", "name": some,
            "organisation": some, "job_title": some, "verified_at": MOMENT, "created_at": MOMENT,
        },
        "consents": [{
            "purpose": "newsletter:weekly", "state": "given", "words": "Send me the weekly.",
            "notice_sha256": "5a1f", "policy_version": "2026-11", "requested_at": MOMENT,
            "confirmed_at": MOMENT, "report": "digital-councils", "source": "/newsletters",
            "receipt_id": "1", "receipt_url": format!("{BASE_URL}/preferences/TOKEN/receipts/1.jws"),
        }],
        "events": [{
            "event_id": "1", "type": "given", "purpose": "privacy-policy", "recorded_at": MOMENT,
            "method": "form", "source": "/newsletters", "policy_version": "2026-11",
            "words": "Send me the weekly.", "evidence": {},
        }],
        "signups": [{
            "signup_id": "1", "email": "reader@council.example", "name": some, "organisation": some,
            "job_title": some, "report": "digital-councils", "status": "confirmed", "method": "form",
            "source": "/newsletters", "created_at": MOMENT, "confirmed_at": MOMENT,
        }],
        "downloads": [{
            "report": "digital-councils", "granted_at": MOMENT, "expires_at": MOMENT, "used": 1,
            "limit": 20, "starts": [MOMENT],
        }],
        "mails": [{"kind": "confirm", "state": "sent", "created_at": MOMENT}],
        "bounces": [{"mail": "confirm", "kind": "soft", "status": "4.2.2", "received_at": MOMENT}],
        "suppressions": [
            {"reason": "unsubscribed", "purpose": "partner-offers", "since": MOMENT},
            {"reason": "not-me", "purpose": "*", "since": MOMENT},
            {"reason": "bounced", "purpose": "*", "since": MOMENT},
        ],
    }})
}

fn nothing_held() -> Value {
    json!({"token": TOKEN, "data": {
        "generated_at": MOMENT, "subscriber": null, "consents": [], "events": [], "signups": [],
        "downloads": [], "mails": [], "bounces": [], "suppressions": [],
    }})
}

fn receipt() -> Vec<Value> {
    let sample = |kind: &str, known: bool| {
        let some = |text: &'static str| known.then_some(text);
        json!({
            "token": TOKEN,
            "id": "1",
            "event": {
                "name": "The weekly", "type": kind, "purpose": "newsletter:weekly",
                "words": some("Send me the weekly."), "at": MOMENT, "policy_label": some("2026-11"),
                "policy_url": some("/policies/privacy/2026-11"), "method": "form",
                "source": some("/newsletters"), "address": "reader@council.example",
                "report": some("digital-councils"),
            },
            "ledger": known.then(|| json!({
                "index": 4, "size": 312, "root": "R09PRCBST09U", "origin": "reports.example.org",
                "key": "reports.example.org+1234abcd+S0VZ",
            })),
            "file_url": some("/preferences/TOKEN/receipts/1.jws"),
        })
    };
    let mut unlinked = sample("renewed", true);
    unlinked["event"]["policy_url"] = Value::Null;
    vec![sample("given", true), sample("withdrawn", false), unlinked]
}

fn unsubscribe(topics: &[&str], everything: bool) -> Value {
    json!({"token": TOKEN, "address": ADDRESS, "topics": topics, "everything": everything})
}

fn renew() -> Vec<Value> {
    let row = |code: &str, name: &str, before: Option<&str>, checked: bool| {
        json!({"code": code, "name": name, "words": format!("{name}: I agree."), "notice": "5a1f",
               "checked": checked, "until": MOMENT, "since": MOMENT, "before": before})
    };
    let page = |purposes: Value, keep: &[&str], changes: Value, compared: Option<&str>| {
        json!({
            "token": TOKEN, "until": MOMENT, "address": ADDRESS, "policy": policy(),
            "changes": changes, "comparison_url": compared, "purposes": purposes, "keep": keep,
            "leave_url": "/unsubscribe/TOKEN", "error": null,
        })
    };
    let comparison = Some("/policies/privacy/2026-11/changes?since=2024-01");
    let changes = json!(["We keep your details for two years."]);
    let policy = row("privacy-policy", "Privacy policy", None, false);
    let weekly = row("newsletter:weekly", "The weekly", Some("Send me the weekly."), true);
    let offers = row("partner-offers", "Partner offers", None, false);
    let mut refused =
        page(json!([policy, weekly, offers]), &["The weekly", "Partner offers"], json!([]), None);
    refused["error"] = json!("Tick the privacy policy too");
    vec![
        page(json!([policy]), &[], changes.clone(), comparison),
        page(json!([policy, weekly]), &["The weekly"], changes, comparison),
        refused,
    ]
}

fn renewed(purposes: &[&str], left: &[Value], error: Option<&str>) -> Value {
    json!({"token": TOKEN, "policy": policy(), "purposes": purposes, "left": left, "error": error})
}

fn policy_changes() -> Vec<Value> {
    let sample = |changes: Value, passages: Value| json!({"policy": policy(), "older": policy(), "changes": changes, "passages": passages});
    let passages = json!([[
        {"fate": "same", "text": "We keep your address for "},
        {"fate": "removed", "text": "a year"},
        {"fate": "added", "text": "two years"},
    ]]);
    vec![
        sample(json!(["We keep your details for two years."]), passages),
        sample(json!([]), json!([])),
    ]
}

fn policy_page() -> Vec<Value> {
    let older = json!({"label": "2024-01", "date": "2024-01-09T09:00:00.000000Z",
                       "url": "/policies/privacy/2024-01"});
    let sample = |current: bool, versions: Value| {
        json!({
            "changes_url": current.then_some("/policies/privacy/2026-11/changes?since=2024-01"),
            "policy": {"label": "2026-11", "date": MOMENT, "sha256": "5a1f", "body": "<p>Little.</p>"},
            "current": current,
            "current_url": "/policies/privacy",
            "versions": versions,
        })
    };
    vec![sample(true, json!([policy(), older])), sample(false, json!([policy()]))]
}

fn it() -> Vec<Value> {
    let sample = |dkim: Value, limits: Value| {
        json!({
            "postmaster": {
                "from": "Example Press <reports@example.org>", "from_domain": "example.org",
                "return_path_domain": "bounces.example.org",
                "message_id_domain": "reports.example.org", "dkim": dkim,
            },
            "base_url": BASE_URL,
            "limits": limits,
            "headers": {"confirm": "Subject: Your link", "receipt": "Subject: Your receipt"},
        })
    };
    let dkim = json!({"domain": "example.org", "selectors": ["r2026", "e2026"]});
    let mut blank = sample(Value::Null, json!([]));
    blank["site"] = other_sites()[1].clone();
    vec![sample(dkim, json!(["2 in 15 minutes", "4 in a day"])), blank]
}

fn gone() -> Vec<Value> {
    let fresh = json!({"action": "/confirm/TOKEN/fresh", "button": "Email me a fresh link"});
    let sample = |fresh: &Value, start_again: Value| {
        json!({"title": "This link has expired", "message": "It worked until then.",
               "fresh": fresh, "start_again": start_again})
    };
    vec![
        sample(&fresh, Value::Null),
        sample(&fresh, json!("/")),
        sample(&Value::Null, json!("/")),
        sample(&Value::Null, Value::Null),
    ]
}

fn error() -> Vec<Value> {
    let sample =
        || json!({"status": 404, "title": "Page not found", "message": "Check the address."});
    let mut samples = vec![sample()];
    for site in other_sites() {
        let mut sample = sample();
        sample["site"] = site;
        samples.push(sample);
    }
    samples
}

fn mail(links: bool) -> Value {
    json!({"mail": {
        "id": "1", "to": ADDRESS, "subject": "Your link", "date": MOMENT, "from": "reports@example.org",
        "text": "Open this link.", "links": if links { json!([BASE_URL]) } else { json!([]) },
        "headers": "Subject: Your link", "has_html": links,
    }})
}
