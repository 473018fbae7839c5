//! What each page is given.

use serde_json::{Value, json};

use super::own_pages;
use super::values::{ADDRESS, BASE_URL, MOMENT, TOKEN, other_sites, policy, site};

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
        "public/not_me_done.html" | "public/erased.html" | "public/unsubscribe_deleted.html" => {
            vec![json!({})]
        }
        "public/download.html" => download(),
        "public/thank_you.html" => {
            let confirmed = json!({"agreed": agreed(), "manage_url": "/preferences/TOKEN"});
            vec![json!({"agreed": nothing_agreed(), "manage_url": null}), confirmed]
        }
        "public/policy.html" => policy_page(),
        "public/policy_changes.html" => policy_changes(),
        "public/it.html" => it(),
        "public/gone.html" => gone(),
        "public/broken_link.html" => {
            ["choices", "form", "press"].map(|fresh| json!({"fresh": fresh})).into()
        }
        "public/error.html" => error(),
        "dev/mailbox.html" => {
            let mails = json!([{"id": "1", "to": ADDRESS, "subject": "Your link", "date": MOMENT}]);
            vec![json!({"mails": mails}), json!({"mails": []})]
        }
        "dev/mail.html" => vec![mail(true), mail(false)],
        own => own_pages::of(own),
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
    let (typed, soon) = (json!("reader@council.example"), json!(MOMENT));
    let mut in_demo = sample(typed.clone(), Value::Null, soon.clone(), json!(MOMENT));
    in_demo["site"] = other_sites()[0].clone();
    let mut refused = sample(typed.clone(), Value::Null, soon.clone(), Value::Null);
    refused["form"] = json!({"code": "12345", "errors": errors(&["code"]), "shown": ""});
    refused["report"] = Value::Null;
    refused["chosen"] = json!([]);
    let mut resting = sample(typed.clone(), Value::Null, soon.clone(), Value::Null);
    resting["rests"] = json!(true);
    let mut many = sample(typed.clone(), Value::Null, Value::Null, json!(MOMENT));
    many["form"]["shown"] = Value::Null;
    many["chosen"] = Value::Null;
    vec![
        refused,
        resting,
        many,
        sample(typed.clone(), Value::Null, soon.clone(), Value::Null),
        sample(typed, json!("You asked for the message again."), soon, json!(MOMENT)),
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
    shown["own"] = json!(refused);
    shown["address"] = json!("reader@council.example");
    shown["name"] = json!(typed("Ada Reader"));
    shown["organisation"] = json!(typed("Northmoor"));
    shown["job_title"] = json!(typed("Head of service"));
    shown["form"]["id"] = json!("019ab0c2-0000-7000-8000-000000000001");
    shown["sent_at"] = json!(MOMENT);
    shown
}

fn confirm(report: &Value, refused: bool) -> Value {
    json!({
        "token": TOKEN,
        "seen": 4,
        "report": report,
        "address": ADDRESS,
        // One is refused for what was left since its form was sent.
        "consent": {"words": "Example Press Ltd may hold my details.", "asked": refused, "checked": false},
        "policy": policy(),
        "newsletters": boxes(true),
        "purposes": boxes(false),
        "form": {"errors": errors(if refused { &["consent", "newsletter", "purpose"] } else { &[] })},
        "valid_until": MOMENT,
    })
}

fn agreed() -> Value {
    json!({"newsletters": ["Send me the weekly.", "Send me the monthly."],
           "others": ["Send me offers."]})
}

fn nothing_agreed() -> Value {
    json!({"newsletters": [], "others": []})
}

fn download() -> Vec<Value> {
    let sample = |agreed: Value, alone: bool, manage_url: Value| {
        json!({
            "token": TOKEN,
            "report": {"title": "Digital councils", "slug": "digital-councils", "format": "PDF",
                       "size": "1.2 MB",
                       "cover": manage_url.as_str().map(|_| "/reports/digital-councils/cover")},
            "address": ADDRESS,
            "until": MOMENT,
            "agreed": agreed,
            "alone": alone,
            "manage_url": manage_url,
        })
    };
    vec![
        sample(agreed(), false, json!("/preferences/TOKEN")),
        sample(nothing_agreed(), false, Value::Null),
        sample(nothing_agreed(), true, Value::Null),
    ]
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
    let sample = || {
        json!({"status": 404, "title": "Page not found", "message": "Check the address.",
               "form_path": null})
    };
    let mut form = sample();
    form["form_path"] = json!("/reports/digital-councils");
    let mut samples = vec![sample(), form];
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
