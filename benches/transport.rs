//! Hands mails of one size to a relay as fast as it takes them, through the program's own transport, and prints
//! how many in a second. Run by hand, beside Postfix's smtp-source; benches/mail.py does both.
//!
//! `cargo bench --bench transport -- HOST PORT CONNECTIONS COUNT`
#![expect(clippy::expect_used, reason = "a bench that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use assent::mail::compose::Outgoing;
use assent::mail::transport::{Relay, Tls, Transport};
use uuid::Uuid;

/// The size of each message, in bytes: about that of mail 1.
const SIZE: usize = 12 * 1024;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [host, port, connections, count] = arguments.as_slice() else {
        println!("usage: cargo bench --bench transport -- HOST PORT CONNECTIONS COUNT");
        return;
    };
    let relay = Relay {
        host: host.clone(),
        port: port.parse().expect("a port"),
        tls: Tls::None,
        credentials: None,
        hello: "localhost".to_owned(),
        timeout: Duration::from_secs(10),
    };
    let (connections, count) =
        (connections.parse().expect("a number"), count.parse().expect("a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let took = runtime.block_on(send(relay, connections, count));
    println!(
        "{:.0} messages/s",
        f64::from(u32::try_from(count).expect("fewer")) / took.as_secs_f64()
    );
}

async fn send(relay: Relay, connections: usize, count: usize) -> Duration {
    let transport = Arc::new(Transport::smtp(relay, connections));
    let mail = Arc::new(Outgoing {
        sender: "reports@press.example".parse().expect("an address"),
        recipient: "reader@council.example".parse().expect("an address"),
        message: message(),
    });
    let sent = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let senders = (0..connections).map(|_| {
        let (transport, mail, sent) = (transport.clone(), mail.clone(), sent.clone());
        tokio::spawn(async move {
            while sent.fetch_add(1, Ordering::Relaxed) < count {
                transport.send(Uuid::nil(), &mail, &|| true).await.expect("taken");
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.expect("sent");
    }
    begun.elapsed()
}

fn message() -> Vec<u8> {
    let head =
        "From: reports@press.example\r\nTo: reader@council.example\r\nSubject: Your link\r\n\r\n";
    let line = format!("{}\r\n", "x".repeat(70));
    let lines = (SIZE - head.len()) / line.len();
    [head.to_owned(), line.repeat(lines)].concat().into_bytes()
}
