//! Messages as real servers write them, and what each says by the rule: see `kept/README.md`.

use std::collections::BTreeMap;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::mail::bounce::BounceKind::{Complaint, Hard, Soft};
use assent::mail::returned;

use crate::mail::bounces::ADA;
use crate::mail::bounces::corpus::{leads_to_its_mail, return_path};

const MESSAGES: &str = include_str!("kept/messages.txt");
const LABELS: &str = include_str!("kept/labels.tsv");

/// The word for what a message says of the address mailed; it must lead to the mail whatever it says.
fn said(name: &str, message: &str) -> &'static str {
    let Ok(returned) = returned::read(message.as_bytes(), None) else { return "none" };
    assert!(leads_to_its_mail(&returned), "{name}");
    let ada = EmailAddress::parse(ADA).unwrap().normalised();
    match returned.news.about(|address| address.normalised() == ada).kind {
        Hard => "hard",
        Soft => "soft",
        Complaint => "complaint",
    }
}

/// Each message with its name.
fn messages() -> BTreeMap<&'static str, String> {
    let messages = MESSAGES.split("======== ").skip(1).map(|message| {
        let (name, message) = message.split_once('\n').unwrap();
        (name, message.replace("RETURN_PATH", &return_path()))
    });
    messages.collect()
}

/// Each label with the name of its message.
fn labels() -> BTreeMap<&'static str, &'static str> {
    let lines = LABELS.lines().filter(|line| !line.starts_with('#'));
    let labels = lines.map(|line| {
        let mut columns = line.split('\t');
        let (name, label) = (columns.next().unwrap(), columns.next().unwrap());
        assert!(columns.next().is_some_and(|why| !why.is_empty()), "{name} without a reason");
        (name, label)
    });
    labels.collect()
}

#[test]
fn nobody_living_is_taken_for_gone_and_most_who_are_gone_are_found() {
    let (messages, labels) = (messages(), labels());
    assert_eq!(messages.keys().collect::<Vec<_>>(), labels.keys().collect::<Vec<_>>());
    assert_eq!(messages.len(), 188);
    let (mut taken_for_gone, mut missed, mut ignored, mut other) = (vec![], vec![], vec![], vec![]);
    let (mut gone, mut telling) = (0, 0);
    for (name, message) in &messages {
        let label = labels[name];
        let said = said(name, message);
        assert_eq!(
            crate::mail::bounces::kept::said(name, &message.replace('\n', "\r\n")),
            said,
            "{name} with CRLF"
        );
        gone += usize::from(label == "hard");
        telling += usize::from(label != "none");
        match (label, said) {
            (label, said) if label == said => {}
            (_, "hard") => taken_for_gone.push(name),
            (_, "none") => ignored.push(name),
            ("hard", _) => missed.push(name),
            _ => other.push(name),
        }
    }
    assert!(taken_for_gone.is_empty(), "they live: {taken_for_gone:?}");
    assert!(missed.len() * 20 <= gone, "of {gone} that are gone not found: {missed:?}");
    assert!(ignored.len() * 10 <= telling, "of {telling} ignored: {ignored:?}");
    assert!(other.is_empty(), "read wrongly: {other:?}");
}

#[test]
fn none_of_them_ends_anybody_but_the_address_it_names() {
    for (name, message) in messages() {
        let Ok(returned) = returned::read(message.as_bytes(), None) else { continue };
        let bounce = returned.news.about(|address| address.as_str() == "zoe@elsewhere.example");
        assert_ne!(bounce.kind, Hard, "{name}");
    }
}
