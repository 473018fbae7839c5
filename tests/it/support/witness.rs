//! A witness (C2SP tlog-witness) of a story's own, which misbehaves on request. It trusts every ledger.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assent_ledger::note::{KeyName, SignedNote, SigningKey, decode_hash};
use assent_ledger::tree::{Hash, TreeHead, verify_consistency};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::test_server::{Reply, TestServer};

/// What its clock shows: 24 November 2026, in seconds since 1970.
const TIME: u64 = 1_795_500_000;

/// What it does wrong.
#[derive(Clone, Debug, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Says nothing.
    Silent,
    /// Signs with another key under its name.
    OtherKey,
    /// Signs another head.
    OtherHead,
    /// Answers 200 and what is no signature.
    Garbled,
    /// Sends whoever asks elsewhere.
    LeadsTo(String),
    /// Answers without end.
    Endless,
    /// Answers with this status.
    Says(u16),
    /// Says that it knows this many leaves.
    Knows(u64),
}

#[derive(Default)]
struct State {
    fault: Fault,
    /// By the name of the ledger: the size and the root of the last head it signed.
    known: HashMap<String, (u64, Hash)>,
    /// From which size it was asked each time.
    asked: Vec<u64>,
}

/// One that listens.
pub struct TestWitness {
    pub name: &'static str,
    pub server: TestServer,
    key: SigningKey,
    state: Arc<Mutex<State>>,
}

impl TestWitness {
    pub async fn start(name: &'static str) -> Self {
        Self::start_at(name, 0).await
    }

    pub async fn start_at(name: &'static str, port: u16) -> Self {
        let (key, state) = (key(name), Arc::new(Mutex::new(State::default())));
        let (signer, seen) = (key.clone(), state.clone());
        let answer = move |path: &str, body: &[u8]| {
            assert_eq!(path, "/log/add-checkpoint");
            answer(&signer, &mut seen.lock().unwrap(), body)
        };
        Self { name, server: TestServer::start_at(port, answer).await, key, state }
    }

    /// What the program is told of it.
    pub fn setting(&self) -> String {
        setting(self.name, self.server.address.port())
    }

    /// Its verifier key.
    pub fn vkey(&self) -> String {
        vkey(&self.key)
    }

    /// The line by which it cosigns this text, whatever it saw before.
    pub fn line(&self, text: &str) -> String {
        cosign(&self.key, text)
    }

    /// Does this wrong from now on.
    pub fn turn(&self, fault: Fault) {
        self.state.lock().unwrap().fault = fault;
    }

    /// Forgets all that it signed.
    pub fn forget(&self) {
        self.state.lock().unwrap().known.clear();
    }

    /// From which size it was asked each time.
    pub fn asked(&self) -> Vec<u64> {
        self.state.lock().unwrap().asked.clone()
    }

    /// How many of a note's lines are its signatures of this very head.
    pub fn signatures(&self, note: &str) -> usize {
        let signed = SignedNote::parse(note).unwrap();
        let text = signed.checkpoint().text();
        let is_own = |line: &&assent_ledger::note::NoteSignature| {
            let Some((time, signature)) = line.bytes.split_first_chunk::<8>() else { return false };
            let message = message(u64::from_be_bytes(*time), &text);
            line.name == self.name
                && line.key_id == key_id(&self.key)
                && self.key.vkey().verify(&message, signature)
        };
        signed.signatures().iter().filter(is_own).count()
    }
}

/// What the program is told of a witness of that name, which listens on this port or will.
pub fn setting(name: &str, port: u16) -> String {
    format!("{}@http://127.0.0.1:{port}/log", vkey(&key(name)))
}

fn key(name: &str) -> SigningKey {
    SigningKey::new(KeyName::parse(name).unwrap(), Sha256::digest(name).into())
}

/// SHA-256(name ‖ newline ‖ 0x04 ‖ public key)[..4] (C2SP tlog-cosignature).
fn key_id(key: &SigningKey) -> [u8; 4] {
    let name = Sha256::new().chain_update(key.name().as_str()).chain_update(b"\n\x04");
    let digest: Hash = name.chain_update(key.vkey().as_bytes()).finalize().into();
    *digest.first_chunk().unwrap()
}

fn vkey(key: &SigningKey) -> String {
    let bytes = [&[4], &key.vkey().as_bytes()[..]].concat();
    let id = data_encoding::HEXLOWER.encode(&key_id(key));
    format!("{}+{id}+{}", key.name(), STANDARD.encode(bytes))
}

fn message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

fn cosign(key: &SigningKey, text: &str) -> String {
    let signature = key.sign(&message(TIME, text));
    let bytes = [&key_id(key)[..], &TIME.to_be_bytes(), &signature].concat();
    format!("\u{2014} {} {}\n", key.name(), STANDARD.encode(bytes))
}

fn answer(signer: &SigningKey, state: &mut State, body: &[u8]) -> Reply {
    let says = |status: u16, body: String| Reply::Says(status, "text/plain", body.into_bytes());
    let has = |size: u64| Reply::Says(409, "text/x.tlog.size", format!("{size}\n").into_bytes());
    let body = std::str::from_utf8(body).unwrap();
    let (asked, note) = body.split_once("\n\n").unwrap();
    let note = SignedNote::parse(note).unwrap();
    let head = note.checkpoint();
    let mut lines = asked.lines();
    let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
    let proof: Vec<Hash> = lines.map(|line| decode_hash(line).unwrap()).collect();
    state.asked.push(old);
    let other = key("another");
    let text = match state.fault.clone() {
        Fault::Silent => return Reply::Silent,
        Fault::Endless => return Reply::Endless,
        Fault::LeadsTo(to) => return Reply::LeadsTo(to),
        Fault::Says(status) => return says(status, String::new()),
        Fault::Knows(size) => return has(size),
        Fault::Garbled => return says(200, "yes\n".into()),
        Fault::OtherKey => {
            return says(200, cosign(&other.renamed(signer.name().clone()), &head.text()));
        }
        Fault::OtherHead => format!("{}more\n", head.text()),
        Fault::None => head.text(),
    };
    let (last, root) = state.known.get(&head.origin).copied().unwrap_or_default();
    if old != last {
        return has(last);
    }
    let proves = if old == 0 {
        proof.is_empty()
    } else {
        verify_consistency(TreeHead { size: old, root }, head.head(), &proof)
    };
    if !proves {
        return says(422, String::new());
    }
    state.known.insert(head.origin.clone(), (head.size, head.root));
    // Others may sign beside it, whom nobody asked for.
    says(200, cosign(&other, &text) + &cosign(signer, &text))
}
