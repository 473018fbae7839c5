//! Whatever people do, and in whatever order: what stands is what their events add up to, and the
//! ledger is sound.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use assent::clock::Clock;
use assent::domain::catalog::purpose::Purpose;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::signup_source::SignupSource;
use assent::domain::signup::submitted_form::{DrawnBy, Method};
use assent::flows::By;
use assent::flows::consent::choose::{Choices, Refusal, choose};
use assent::flows::consent::withdraw::{Leave, Leaving, withdraw};
use assent::flows::contacts::erase::{Erasing, erase};
use assent::flows::signup::confirm::{Confirmation, Press, confirm};
use assent::flows::signup::sign_up::{SignUp, sign_up};
use assent::store::catalog::notices::{self, Notice};
use assent::store::consent::{consents, events};
use assent::store::contacts::subscribers;
use assent::store::policy::versions::{self, PolicyVersion};
use assent::store::signup::signups;
use assent_ledger::event_type::EventType;
use assent_ledger::tree::{Frontier, leaf_hash};
use proptest::prelude::*;
use uuid::Uuid;

use super::{assert_heads_are_right, assert_sound, naive_root, seal, sealed_leaves};
use crate::support::app::{Database, TestApp};

const PRIVACY: &str = "privacy-policy";
const WEEKLY: &str = "newsletter:weekly";
const PEOPLE: [&str; 2] = ["ada@b.example", "bob@b.example"];

/// What one person can do to their consents.
#[derive(Clone, Copy, Debug)]
enum Act {
    Ask { weekly: bool },
    Confirm { weekly: bool },
    WithdrawAll,
    WithdrawOne { weekly: bool },
    OneClick,
    Choose { privacy: bool, weekly: bool },
    Erase,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Person(usize, Act),
    Seal,
    /// The clock goes on, or is set back, by so many seconds.
    Clock(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        1 => any::<bool>().prop_map(|weekly| Act::Ask { weekly }),
        5 => any::<bool>().prop_map(|weekly| Act::Confirm { weekly }),
        1 => Just(Act::WithdrawAll),
        2 => any::<bool>().prop_map(|weekly| Act::WithdrawOne { weekly }),
        2 => Just(Act::OneClick),
        4 => any::<(bool, bool)>().prop_map(|(privacy, weekly)| Act::Choose { privacy, weekly }),
        1 => Just(Act::Erase),
    ];
    prop_oneof![
        8 => (0..PEOPLE.len(), act).prop_map(|(who, act)| Step::Person(who, act)),
        2 => Just(Step::Seal),
        1 => (-90_000..90_000_i64).prop_map(Step::Clock),
    ]
}

/// What is agreed to, by purpose; a person of whom nothing is known has no entry.
type States = BTreeMap<&'static str, EventType>;

fn in_force(states: &States, purpose: &str) -> bool {
    matches!(states.get(purpose), Some(EventType::Given | EventType::Renewed))
}

fn agree(states: &mut States, purpose: &'static str) {
    let again = in_force(states, purpose);
    states.insert(purpose, if again { EventType::Renewed } else { EventType::Given });
}

fn leave(states: &mut States, purpose: &'static str) {
    if in_force(states, purpose) {
        states.insert(purpose, EventType::Withdrawn);
    }
}

/// The consent rules in their simplest words.
fn expect(states: &mut States, act: Act) {
    match act {
        Act::Ask { .. } => {}
        Act::Confirm { weekly } => {
            agree(states, PRIVACY);
            if weekly {
                agree(states, WEEKLY);
            }
        }
        // Nothing stands without the privacy policy.
        Act::WithdrawAll
        | Act::WithdrawOne { weekly: false }
        | Act::Choose { privacy: false, .. } => {
            leave(states, PRIVACY);
            leave(states, WEEKLY);
        }
        Act::OneClick | Act::WithdrawOne { weekly: true } => leave(states, WEEKLY),
        Act::Erase => states.clear(),
        // Nobody is known by that link.
        Act::Choose { .. } if states.is_empty() => {}
        Act::Choose { privacy: true, weekly } => {
            if !in_force(states, PRIVACY) {
                agree(states, PRIVACY);
            }
            match (weekly, in_force(states, WEEKLY)) {
                (true, false) => agree(states, WEEKLY),
                (false, true) => leave(states, WEEKLY),
                _ => {}
            }
        }
    }
}

/// What the site shows beside its boxes.
struct Shown {
    policy: Arc<PolicyVersion>,
    notices: Vec<Arc<Notice>>,
}

impl Shown {
    async fn on(app: &TestApp) -> Self {
        app.get("/reports/sample").await;
        let tx = &mut app.read().await;
        let notices = notices::list(tx).await.unwrap().into_iter().map(Arc::new).collect();
        let policy = versions::list(tx, "en-GB").await.unwrap().remove(0);
        Self { policy: Arc::new(policy), notices }
    }

    fn ticked(&self, weekly: bool) -> Vec<Arc<Notice>> {
        let code = |notice: &Arc<Notice>| notice.purpose.as_str().to_owned();
        let ticks = |n: &&Arc<Notice>| code(n) == PRIVACY || (weekly && code(n) == WEEKLY);
        let mut ticked: Vec<_> = self.notices.iter().filter(ticks).cloned().collect();
        ticked.sort_by_key(|notice| code(notice) != PRIVACY);
        ticked
    }
}

async fn find(app: &TestApp, who: usize) -> Option<Uuid> {
    let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(PEOPLE[who]).unwrap());
    subscribers::find_id(&mut app.read().await, &key).await.unwrap()
}

async fn ask(app: &TestApp, shown: &Shown, who: usize, weekly: bool) -> Uuid {
    let at = app.core.moment();
    let form = SignUp {
        request_id: None,
        signup_id: at.new_id(),
        email: EmailAddress::parse(PEOPLE[who]).unwrap(),
        name: None,
        organisation: None,
        job_title: None,
        report: None,
        policy: shown.policy.clone(),
        choices: shown.ticked(weekly),
        form: None,
        unticked: vec![],
        source: "/newsletters".to_owned(),
        method: Method::Form,
        drawn_by: DrawnBy::Ours,
        page: None,
        came_from: SignupSource::default(),
        request: None,
        check: None,
        replaces: None,
    };
    let mut tx = app.write().await;
    sign_up(&mut tx, &at, &app.core.flow_settings, std::slice::from_ref(&form)).await.unwrap();
    tx.commit().await.unwrap();
    form.signup_id
}

async fn act(app: &TestApp, shown: &Shown, who: usize, act: Act) {
    let core = &app.core;
    let known = find(app, who).await;
    // A link to nobody, for whoever is not known.
    let id = known.unwrap_or_else(Uuid::nil);
    match act {
        Act::Ask { weekly } => drop(ask(app, shown, who, weekly).await),
        Act::Confirm { weekly } => {
            let signup_id = ask(app, shown, who, weekly).await;
            app.advance(std::time::Duration::from_millis(1));
            let mut tx = app.write().await;
            let signup = signups::find(&mut tx, signup_id).await.unwrap().unwrap();
            let confirmed =
                confirm(&mut tx, core.flow_settings.at(&core.moment()), &signup, Press::Link).await;
            assert!(matches!(confirmed.unwrap(), Confirmation::Confirmed { .. }));
            tx.commit().await.unwrap();
        }
        Act::WithdrawAll => leave_by(app, id, &Leaving::All).await,
        Act::OneClick => leave_by(app, id, &Leaving::Writing).await,
        Act::WithdrawOne { weekly } => {
            let purpose = if weekly { WEEKLY } else { PRIVACY };
            leave_by(app, id, &Leaving::One(purpose.parse().unwrap())).await;
        }
        Act::Choose { privacy, weekly } => {
            let codes = [(PRIVACY, privacy), (WEEKLY, weekly)];
            let ticked = codes.into_iter().filter(|(_, ticked)| *ticked);
            let ticked: Vec<Purpose> = ticked.map(|(code, _)| code.parse().unwrap()).collect();
            let standing = consents::list(&mut app.read().await, id).await.unwrap();
            let choices = Choices {
                ticked: &ticked,
                shown: &[],
                seen: Some(consents::reach(&standing)),
                notices: &shown.ticked(true),
                policy: &shown.policy,
                policy_was_shown: true,
                name: None,
                source: "/preferences",
            };
            let mut tx = app.write().await;
            let chosen =
                choose(&mut tx, core.flow_settings.at(&core.moment()), id, &choices).await.unwrap();
            assert_eq!(chosen.is_some(), known.is_some());
            let refused = chosen.and_then(|chosen| chosen.refused);
            let alone = !privacy && weekly;
            assert!(refused.is_none_or(|why| alone && why == Refusal::NeedsPrivacyPolicy));
            tx.commit().await.unwrap();
        }
        Act::Erase => {
            let key =
                core.flow_settings.address_secret.key(&EmailAddress::parse(PEOPLE[who]).unwrap());
            let mut tx = app.write().await;
            erase(
                &mut tx,
                &core.flow_settings,
                &key,
                Erasing {
                    at: &core.moment(),
                    method: Method::Form,
                    source: "/preferences",
                    actor: None,
                },
            )
            .await
            .unwrap();
            tx.commit().await.unwrap();
        }
    }
}

async fn leave_by(app: &TestApp, id: Uuid, leaving: &Leaving) {
    let mut tx = app.write().await;
    let leave = Leave { subscriber_id: id, leaving };
    let (at, by) = (app.core.moment(), By::form("/unsubscribe"));
    withdraw(&mut tx, app.core.flow_settings.at(&at), leave, by).await.unwrap();
    tx.commit().await.unwrap();
}

/// The states that a subscriber's events add up to.
async fn folded(app: &TestApp, id: Uuid) -> BTreeMap<String, EventType> {
    let mut facts: HashMap<String, Vec<EventType>> = HashMap::new();
    for event in events::list(&mut app.read().await, id).await.unwrap() {
        facts.entry(event.purpose.as_str().to_owned()).or_default().push(event.event_type);
    }
    let fold = |(code, facts): (String, Vec<EventType>)| Some((code, EventType::fold(facts)?));
    facts.into_iter().filter_map(fold).collect()
}

/// The model, the table, the fold and the exports say the same of everybody.
async fn assert_agreed(app: &TestApp, model: &[States; 2], before: &[Uuid]) {
    for (who, states) in model.iter().enumerate() {
        let id = find(app, who).await;
        assert!(id.is_some() || states.is_empty(), "{} is gone", PEOPLE[who]);
        let id = id.unwrap_or_else(Uuid::nil);
        let expected: BTreeMap<String, EventType> =
            states.iter().map(|(code, state)| ((*code).to_owned(), *state)).collect();
        let stored = consents::list_states(&mut app.read().await, id).await.unwrap();
        let stored = stored.into_iter().map(|(code, state)| (code.as_str().to_owned(), state));
        assert_eq!(stored.collect::<BTreeMap<_, _>>(), expected, "the table of {}", PEOPLE[who]);
        assert_eq!(folded(app, id).await, expected, "the events of {}", PEOPLE[who]);
    }
    for code in [PRIVACY, WEEKLY] {
        let mut exported = app.exported(code).await;
        exported.sort();
        let expected = PEOPLE.iter().zip(model).filter(|(_, states)| in_force(states, code));
        assert_eq!(exported, expected.map(|(who, _)| *who).collect::<Vec<_>>(), "export of {code}");
    }
    for id in before {
        assert!(folded(app, *id).await.is_empty(), "somebody erased still agrees");
    }
}

async fn live_through(steps: &[Step]) {
    let app = TestApp::start(Database::Sqlite).await;
    let shown = Shown::on(&app).await;
    let mut model: [States; 2] = Default::default();
    let mut erased = vec![];
    for step in steps {
        match *step {
            Step::Person(who, deed) => {
                app.advance(std::time::Duration::from_millis(1));
                let known = find(&app, who).await;
                act(&app, &shown, who, deed).await;
                expect(&mut model[who], deed);
                if matches!(deed, Act::Erase) {
                    erased.extend(known);
                }
            }
            Step::Seal => seal(&app).await,
            Step::Clock(seconds) => {
                let Clock::Manual(now) = &app.clock else { unreachable!("stories hold the clock") };
                now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
            }
        }
        assert_agreed(&app, &model, &erased).await;
    }
    let found = assert_sound(&app).await;
    assert_eq!(found.size, i64::try_from(sealed_leaves(&app.core.db).await.len()).unwrap());
    assert_heads_are_right(&app.core.db, &app.core.flow_settings.ledger_keys.trusted()).await;
    app.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_is_what_happened(steps in proptest::collection::vec(step(), 5..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(live_through(&steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn facts_add_up_to_the_last_that_counts(facts in proptest::collection::vec(0..6_usize, 0..20)) {
        let all = [
            EventType::Requested, EventType::Given, EventType::Withdrawn, EventType::Renewed,
            EventType::Expired, EventType::Erased,
        ];
        let facts: Vec<EventType> = facts.into_iter().map(|at| all[at]).collect();
        let last = facts.iter().rfind(|fact| **fact != EventType::Requested).copied();
        let expected = last.filter(|fact| *fact != EventType::Erased);
        prop_assert_eq!(EventType::fold(facts.iter().copied()), expected);
        let confirming = if expected.is_some_and(EventType::in_force) { EventType::Renewed } else { EventType::Given };
        prop_assert_eq!(EventType::confirming(expected), confirming);
        prop_assert!(EventType::fold(facts.into_iter().chain([confirming])).is_some_and(EventType::in_force));
    }

    #[test]
    fn a_tree_that_grew_is_the_tree_by_definition(leaves in proptest::collection::vec("[a-z]{0,3}", 0..200)) {
        let mut tree = Frontier::new();
        for leaf in &leaves {
            tree.push(leaf_hash(leaf.as_bytes()));
        }
        prop_assert_eq!(tree.root(), naive_root(&leaves));
    }
}
