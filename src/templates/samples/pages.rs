//! What each page is given.

use serde_json::{Value, json};

use super::{BASE_URL, other_sites, policy, site};

const ADDRESS: &str = "r…@council.example";
const AT: &str = "09:00 UTC on 23 November 2026";
const DAY: &str = "23 November 2026";
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
        "public/confirm_by_code.html" => {
            vec![by_code(&titled(), false), by_code(&Value::Null, true)]
        }
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
            json!({"token": TOKEN, "address": ADDRESS, "topics": ["The weekly"]}),
            json!({"token": TOKEN, "address": ADDRESS, "topics": []}),
        ],
        "public/unsubscribed.html" => {
            vec![json!({"topics": ["The weekly"]}), json!({"topics": []})]
        }
        "public/my_data.html" => vec![my_data(), nothing_held()],
        "public/receipt.html" => receipt(),
        "public/renew.html" => vec![renew(None), renew(Some("Read the new policy first"))],
        "public/renewed.html" => vec![
            json!({"policy": policy(), "purposes": ["Privacy policy", "The weekly"]}),
            json!({"policy": policy(), "purposes": []}),
        ],
        "public/policy.html" => policy_page(),
        "public/it.html" => it(),
        "public/gone.html" => gone(),
        "public/error.html" => error(),
        "dev/mailbox.html" => {
            let mails = json!([{"id": "1", "to": ADDRESS, "subject": "Your link", "date": AT}]);
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
        "date": DAY,
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
    let sample = |address: Value, word: Value, comes_by: Value, resend_from: Value| {
        let typed = !address.is_null();
        json!({
            "address": address,
            "comes_by": comes_by,
            "sender": "Example Press <reports@example.org>",
            "subject": typed.then_some("Your link to Digital councils"),
            "word": word,
            "form": {"code": "", "errors": [],
                     "shown": typed.then_some("digital-councils newsletter:weekly")},
            "report": typed.then_some("Digital councils"),
            "chosen": typed.then_some(["The weekly"]),
            "rests": false,
            "can_resend": resend_from.is_null(),
            "resend_from": resend_from,
            "start_again": "/reports/digital-councils",
        })
    };
    let (typed, soon) = (json!("reader@council.example"), json!("14:05 UTC"));
    let mut in_demo = sample(typed.clone(), Value::Null, soon.clone(), json!(AT));
    in_demo["site"] = other_sites()[0].clone();
    let mut refused = sample(typed.clone(), Value::Null, soon.clone(), Value::Null);
    refused["form"] = json!({"code": "12345", "errors": errors(&["code"]), "shown": ""});
    refused["report"] = Value::Null;
    refused["chosen"] = json!([]);
    let mut resting = sample(typed.clone(), Value::Null, soon.clone(), Value::Null);
    resting["rests"] = json!(true);
    let mut many = sample(typed.clone(), Value::Null, Value::Null, json!(AT));
    many["form"]["shown"] = Value::Null;
    many["chosen"] = Value::Null;
    vec![
        refused,
        resting,
        many,
        sample(typed.clone(), Value::Null, soon.clone(), Value::Null),
        sample(typed, json!("You asked for the message again."), soon, json!(AT)),
        sample(Value::Null, Value::Null, Value::Null, Value::Null),
        in_demo,
    ]
}

fn by_code(report: &Value, refused: bool) -> Value {
    let mut shown = confirm(report, refused);
    if let Some(shown) = shown.as_object_mut() {
        shown.remove("token");
    }
    let typed = |text: &str| (!refused).then(|| text.to_owned());
    shown["address"] = json!("reader@council.example");
    shown["name"] = json!(typed("Ada Reader"));
    shown["organisation"] = json!(typed("Northmoor"));
    shown["job_title"] = json!(typed("Head of service"));
    shown["form"]["id"] = json!("019ab0c2-0000-7000-8000-000000000001");
    shown["sent_at"] = json!(AT);
    shown
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
        "valid_until": AT,
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
            "until": AT,
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
            "checked": agreed, "offered": code != "newsletter:weekly", "state": state, "since": state.as_str().map(|_| DAY),
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
    let renew = json!({"until": AT, "url": format!("{BASE_URL}/renew/TOKEN")});
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
                "words": some("Send me the weekly."), "at": AT, "policy_label": some("2026-11"),
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

fn renew(error: Option<&str>) -> Value {
    json!({
        "token": TOKEN, "until": AT, "address": ADDRESS, "policy": policy(), "error": error,
        "purposes": [{"name": "The weekly", "words": "Send me the weekly.", "notice": "5a1f"}],
    })
}

fn policy_page() -> Vec<Value> {
    let older = json!({"label": "2024-01", "date": "9 January 2024",
                       "url": "/policies/privacy/2024-01"});
    let sample = |current: bool, versions: Value| {
        json!({
            "policy": {"label": "2026-11", "date": DAY, "sha256": "5a1f", "body": "<p>Little.</p>"},
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
        "id": "1", "to": ADDRESS, "subject": "Your link", "date": AT, "from": "reports@example.org",
        "text": "Open this link.", "links": if links { json!([BASE_URL]) } else { json!([]) },
        "headers": "Subject: Your link", "has_html": links,
    }})
}
