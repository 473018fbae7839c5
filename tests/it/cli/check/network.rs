//! `assent check` on the network: the port, and what DNS says.

use std::net::TcpListener;

use macro_rules_attribute::apply;

use super::Told;
use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::name_server::NameServer;
use crate::support::operator::Desk;
use crate::support::program::run;
use crate::support::smtp::SmtpSink;

#[apply(both_databases!)]
async fn a_port_in_use_is_told_from_our_own(database: Database) {
    let desk = Desk::stocked(database).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = Told::by(&desk, &[("ASSENT_LISTEN", &address)], &[]);
    assert!(told.of("port").contains("cannot listen on 127.0.0.1:"), "{:?}", told.lines);
    let nowhere = Told::by(&desk, &[("ASSENT_LISTEN", "203.0.113.7:8080")], &[]);
    assert!(
        nowhere.of("port").starts_with("cannot listen on 203.0.113.7:8080"),
        "{:?}",
        nowhere.lines
    );

    let served = desk.serve().await;
    let address = served.base.strip_prefix("http://").unwrap().to_owned();
    let set = [("ASSENT_LISTEN", address.as_str()), ("ASSENT_BASE_URL", served.base.as_str())];
    for _ in 0..2 {
        assert_eq!(Told::by(&desk, &set, &[]).of("port"), "ok; this installation serves there now");
        desk.does(&["ledger", "checkpoint"]);
    }
    let other = Desk::stocked(database).await;
    other.does(&["ledger", "checkpoint"]);
    let told = Told::by(&other, &set, &[]);
    assert!(told.of("port").starts_with("cannot listen on "), "{:?}", told.lines);
    served.kill();
}

#[test]
fn what_dns_says_is_held_against_what_mail_needs() {
    const FROM: (&str, &str) = ("ASSENT_MAIL_FROM", "Press <reports@mail.press.example>");
    let dir = tempfile::tempdir().unwrap();
    let record = |file: &str| {
        let new = ["dkim", "new", file, "--selector", "2026a", "--algorithm", "rsa"];
        let told = String::from_utf8(run(dir.path(), &[FROM], &new).stdout).unwrap();
        let record = told.lines().find(|line| line.contains("v=DKIM1")).unwrap().to_owned();
        record[record.find('"').unwrap()..].trim_matches('"').replace("\" \"", "")
    };
    let (ours, other) = (record("ours.pem"), record("other.pem"));
    let sink = SmtpSink::start(&[]);
    let relay = sink.url();
    let check = |server: &NameServer| {
        let set = [
            FROM,
            ("ASSENT_MAIL_BOUNCE_DOMAIN", "bounces.press.example"),
            ("ASSENT_MAIL_DKIM_KEYS", "2026a:ours.pem"),
            ("ASSENT_MAIL_URL", &relay),
            ("ASSENT_LISTEN", "127.0.0.1:0"),
        ];
        let output = run(dir.path(), &set, &["check", "--dns-server", &server.address]);
        let told = String::from_utf8(output.stdout).unwrap();
        let of = |kind: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("nothing of {kind}: {told}")).to_owned()
        };
        ["SPF", "MX", "DKIM", "DMARC"].map(of)
    };
    let selector = "2026a._domainkey.mail.press.example";
    let right = NameServer::start(&[
        ("txt", "bounces.press.example", "v=spf1 ip4:192.0.2.1 -all"),
        ("txt", "bounces.press.example", "unrelated"),
        ("mx", "bounces.press.example", "mx.press.example"),
        ("txt", selector, &ours),
        // Of the domain above.
        ("txt", "_dmarc.press.example", "v=DMARC1; p=none"),
    ]);
    assert_eq!(check(&right), ["ok", "ok", "ok", "ok"]);
    let none = NameServer::start(&[("txt", "press.example", "nothing")]);
    for said in check(&none) {
        assert!(said.starts_with("no record is published; publish "), "{said}");
    }
    let wrong = NameServer::start(&[
        ("txt", "bounces.press.example", "v=spf1 ip4:192.0.2.1 -all"),
        ("txt", "bounces.press.example", "v=spf1 mx -all"),
        ("a", "bounces.press.example", "192.0.2.9"),
        ("txt", selector, &other),
        ("txt", "_dmarc.mail.press.example", "v=DMARC2; p=none"),
    ]);
    let [spf, mx, dkim, dmarc] = check(&wrong);
    assert!(spf.starts_with("there are several SPF records"), "{spf}");
    assert_eq!(mx, "ok", "mail goes to the address of a domain without MX");
    assert!(dkim.starts_with("another key stands there"), "{dkim}");
    assert!(
        dmarc.starts_with("no record is published; publish _dmarc.mail.press.example. "),
        "{dmarc}"
    );
    // One that does not answer keeps nobody waiting for good.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    for said in check(&NameServer { address, child: None }) {
        assert!(said.contains("could not be looked up") && said.contains("--no-dns"), "{said}");
    }
}
