//! Links that are derived, not stored: a dump of the database opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD_NOCASE;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::encryption::{Nonce96, decrypt, encrypt};
use crate::domain::ledger::keyed_hash::HashKey;
use crate::domain::ledger::verifier_page::VERIFIER_PATH;
use crate::domain::signup::bot_check::CheckKeys;
use crate::domain::signup::code::Code;
use crate::domain::staff::member::StaffLinkKind;

/// What a link is for. A token of one kind opens nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The page behind mail 1; carries a signup.
    Confirm,
    /// The download page; carries a download grant.
    Download,
    /// The cookie of the waiting page; carries a signup and the address just typed.
    Waiting,
    /// Somebody's choices; carries a subscriber.
    Manage,
    /// The one press that ends mail; carries a subscriber, and a purpose if it ends that one alone.
    Unsubscribe,
    /// The page that asks again under a new policy; carries a subscriber.
    Renew,
    /// The cookie of the browser that just confirmed; carries a subscriber and the moment.
    JustConfirmed,
    /// The envelope sender of one mail; carries its row of the outbox.
    ReturnPath,
    /// The single use that lets a member of staff in; carries its row.
    Staff,
    /// What console forms carry back; carries a session.
    ConsoleForm,
    /// The cookie between password and code; carries an account and the moment.
    SecondStep,
    /// The cookie of a browser in which somebody signed in before; carries their account and chance.
    KnownBrowser,
}

impl LinkKind {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Confirm => b"confirm",
            Self::Download => b"download",
            Self::Waiting => b"waiting",
            Self::Manage => b"manage",
            Self::Unsubscribe => b"unsubscribe",
            Self::Renew => b"renew",
            Self::JustConfirmed => b"just-confirmed",
            Self::ReturnPath => b"return-path",
            Self::Staff => b"staff",
            Self::ConsoleForm => b"console-form",
            Self::SecondStep => b"second-step",
            Self::KnownBrowser => b"known-browser",
        }
    }
}

/// What a token said once its MAC was found to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The row it is about.
    pub id: Uuid,
    /// A newer generation supersedes older links.
    pub generation: i32,
}

/// The secrets that sign links: the first signs, all are accepted, so that a secret can be replaced
/// while links signed with the old one still work.
#[derive(Clone)]
pub struct LinkSecrets(Vec<HashKey>);

const MAC_LENGTH: usize = 16;
const HEAD_LENGTH: usize = 18;

impl LinkSecrets {
    /// A ring whose first secret signs.
    #[must_use]
    pub fn new(first: [u8; 32], older: &[[u8; 32]]) -> Self {
        Self(std::iter::once(&first).chain(older).map(HashKey::new).collect())
    }

    /// The token of a link: base32(id ‖ generation ‖ first 16 bytes of the MAC), 55 characters.
    #[must_use]
    pub fn token(&self, kind: LinkKind, link: Link) -> String {
        let generation = u16::try_from(link.generation).unwrap_or(u16::MAX);
        let mut bytes = link.id.as_bytes().to_vec();
        bytes.extend(generation.to_be_bytes());
        self.write(kind, &bytes)
    }

    /// Reads a token back; `None` when it is mangled, of another kind, or not ours.
    #[must_use]
    pub fn open(&self, kind: LinkKind, token: &str) -> Option<Link> {
        let bytes: [u8; HEAD_LENGTH] = self.read(kind, token)?.try_into().ok()?;
        let (id, generation) = bytes.split_first_chunk::<16>()?;
        let generation = u16::from_be_bytes(generation.try_into().ok()?);
        Some(Link { id: Uuid::from_bytes(*id), generation: generation.into() })
    }

    /// The token that ends mail for one purpose, or for all that can be written for.
    fn unsubscribe_token(&self, subscriber_id: Uuid, purpose: Option<&Purpose>) -> String {
        let purpose = purpose.map_or("", Purpose::as_str);
        let bytes = [subscriber_id.as_bytes(), purpose.as_bytes()].concat();
        self.write(LinkKind::Unsubscribe, &bytes)
    }

    /// Reads an unsubscribe token back: the subscriber, and the purpose if it ends that one alone.
    #[must_use]
    pub fn open_unsubscribe(&self, token: &str) -> Option<(Uuid, Option<Purpose>)> {
        let bytes = self.read(LinkKind::Unsubscribe, token)?;
        let (id, purpose) = bytes.split_first_chunk::<16>()?;
        let purpose = match std::str::from_utf8(purpose).ok()? {
            "" => None,
            code => Some(code.parse().ok()?),
        };
        Some((Uuid::from_bytes(*id), purpose))
    }

    /// Whether a token is ours, and of this kind.
    #[must_use]
    pub fn is_ours(&self, kind: LinkKind, token: &str) -> bool {
        match kind {
            LinkKind::Unsubscribe => self.open_unsubscribe(token).is_some(),
            _ => self.open(kind, token).is_some(),
        }
    }

    /// A token as links carry it, in lower-case base32 (RFC 4648 §6) without padding: some of what handles addresses on
    /// their way changes their case, or stumbles over `-` and `_`.
    fn write(&self, kind: LinkKind, bytes: &[u8]) -> String {
        BASE32_NOPAD_NOCASE.encode(&self.sign(kind, bytes)).to_ascii_lowercase()
    }

    /// What a link's token says, in any case; or one in base64url, as links were mailed before, which work for good.
    /// Which of both it is the MAC says, and not how long it is: one that ends mail for a purpose has many lengths.
    fn read(&self, kind: LinkKind, token: &str) -> Option<Vec<u8>> {
        let signed = BASE32_NOPAD_NOCASE.decode(token.as_bytes()).ok();
        let bytes = signed.and_then(|signed| self.verify(kind, signed));
        bytes.or_else(|| self.unseal(kind, token))
    }

    /// The code that stands beside a confirmation link in its mail.
    #[must_use]
    pub fn code(&self, link: Link) -> Code {
        self.0.first().map_or_else(|| Code::from_random([0; 8]), |secret| code(secret, link))
    }

    /// Whether what was typed is the code of this link, under any secret of the ring.
    #[must_use]
    pub fn is_code(&self, link: Link, typed: Code) -> bool {
        self.0.iter().any(|secret| code(secret, link).is(typed))
    }

    /// Signs bytes that a browser keeps for us, such as a cookie: base64url(bytes ‖ MAC).
    #[must_use]
    pub fn seal(&self, kind: LinkKind, bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.sign(kind, bytes))
    }

    /// Reads back what [`Self::seal`] signed; `None` when it was changed or is not ours.
    #[must_use]
    pub fn unseal(&self, kind: LinkKind, sealed: &str) -> Option<Vec<u8>> {
        self.verify(kind, URL_SAFE_NO_PAD.decode(sealed).ok()?)
    }

    /// Encrypts bytes that somebody keeps for us who is not to read them: base64url.
    #[must_use]
    pub fn encrypt(&self, kind: LinkKind, nonce: Nonce96, bytes: &[u8]) -> String {
        let key = self.0.first().map(encryption_key).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(encrypt(&key, nonce, (kind.name(), bytes)))
    }

    /// Reads back what [`Self::encrypt`] made; `None` when it was changed or is not ours.
    #[must_use]
    pub fn decrypt(&self, kind: LinkKind, sealed: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        self.0.iter().find_map(|secret| decrypt(&encryption_key(secret), kind.name(), &sealed))
    }

    /// What bot checks are signed with.
    #[must_use]
    pub fn check_keys(&self) -> CheckKeys {
        CheckKeys::new(self.0.iter().map(check_key).collect())
    }

    /// The bytes with their MAC behind them.
    pub(in crate::domain) fn sign(&self, kind: LinkKind, bytes: &[u8]) -> Vec<u8> {
        let mac = self.0.first().map(|secret| mac(secret, kind, bytes)).unwrap_or_default();
        [bytes, &mac].concat()
    }

    /// Takes the MAC off again; `None` when it is not ours.
    pub(in crate::domain) fn verify(&self, kind: LinkKind, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let at = bytes.len().checked_sub(MAC_LENGTH)?;
        let given = bytes.split_off(at);
        self.0.iter().any(|secret| mac(secret, kind, &bytes).ct_eq(&given).into()).then_some(bytes)
    }
}

fn check_key(secret: &HashKey) -> HashKey {
    HashKey::new(&secret.hash(&[b"bot check"]))
}

/// What this secret encrypts with; it signs with itself.
fn encryption_key(secret: &HashKey) -> [u8; 32] {
    secret.hash(&[b"encryption"])
}

/// Where links lead: the one origin they may have, and the secrets that sign them.
#[derive(Clone)]
pub struct Links {
    /// The origin, without a slash at its end.
    pub base_url: String,
    /// What signs them.
    pub secrets: LinkSecrets,
}

impl Links {
    /// The page whose button confirms a signup.
    #[must_use]
    pub fn confirm(&self, link: Link) -> String {
        format!("{}/confirm/{}", self.base_url, self.secrets.token(LinkKind::Confirm, link))
    }

    /// The page on which the owner of an address says it was not them.
    #[must_use]
    pub fn not_me(&self, link: Link) -> String {
        format!("{}/not-me", self.confirm(link))
    }

    /// The page a report is downloaded from.
    #[must_use]
    pub fn download(&self, link: Link) -> String {
        format!("{}/downloads/{}", self.base_url, self.secrets.token(LinkKind::Download, link))
    }

    /// The page of a subscriber's choices.
    #[must_use]
    pub fn manage(&self, subscriber_id: Uuid) -> String {
        let token = self.secrets.token(LinkKind::Manage, whole(subscriber_id));
        format!("{}/preferences/{token}", self.base_url)
    }

    /// The page whose one press ends mail: for one purpose, or for all that can be written for.
    #[must_use]
    pub fn unsubscribe(&self, subscriber_id: Uuid, purpose: Option<&Purpose>) -> String {
        let token = self.secrets.unsubscribe_token(subscriber_id, purpose);
        format!("{}/unsubscribe/{token}", self.base_url)
    }

    /// The page that asks a subscriber again under a new policy.
    #[must_use]
    pub fn renew(&self, subscriber_id: Uuid) -> String {
        let token = self.secrets.token(LinkKind::Renew, whole(subscriber_id));
        format!("{}/renew/{token}", self.base_url)
    }

    /// The page on which a member of staff chooses a password: their first, or another.
    #[must_use]
    pub fn staff(&self, kind: StaffLinkKind, staff_link_id: Uuid) -> String {
        let page = match kind {
            StaffLinkKind::First | StaffLinkKind::Invitation => "welcome",
            StaffLinkKind::Reset => "reset",
        };
        let token = self.secrets.token(LinkKind::Staff, whole(staff_link_id));
        format!("{}/console/{page}/{token}", self.base_url)
    }

    /// The page that mails a lost link to somebody's choices.
    #[must_use]
    pub fn preferences(&self) -> String {
        format!("{}/preferences", self.base_url)
    }

    /// The page that checks receipts and promises.
    #[must_use]
    pub fn verifier(&self) -> String {
        format!("{}{VERIFIER_PATH}", self.base_url)
    }

    /// A published policy version.
    #[must_use]
    pub fn policy(&self, label: &crate::domain::slug::Label) -> String {
        format!("{}/policies/privacy/{label}", self.base_url)
    }

    /// Two versions of the privacy policy, compared.
    #[must_use]
    pub fn policy_changes(
        &self,
        newer: &crate::domain::slug::Label,
        older: &crate::domain::slug::Label,
    ) -> String {
        format!("{}/policies/privacy/{newer}/changes?since={older}", self.base_url)
    }
}

/// Links to a subscriber are not superseded: who comes back after erasure is somebody new.
fn whole(subscriber_id: Uuid) -> Link {
    Link { id: subscriber_id, generation: 1 }
}

fn mac(secret: &HashKey, kind: LinkKind, bytes: &[u8]) -> [u8; MAC_LENGTH] {
    let whole = secret.hash(&[b"link", kind.name(), bytes]);
    let mut short = [0; MAC_LENGTH];
    short.copy_from_slice(&whole[..MAC_LENGTH]);
    short
}

fn code(secret: &HashKey, link: Link) -> Code {
    let generation = link.generation.to_be_bytes();
    let whole = secret.hash(&[b"code", link.id.as_bytes(), &generation]);
    let mut short = [0; 8];
    short.copy_from_slice(&whole[..8]);
    Code::from_random(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINK: Link = Link { id: Uuid::from_u128(0x1234), generation: 3 };

    #[test]
    fn opens_only_its_own_kind() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let token = secrets.token(LinkKind::Confirm, LINK);
        assert_eq!(token.len(), 55);
        assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{token}");
        assert_eq!(secrets.open(LinkKind::Confirm, &token), Some(LINK));
        assert_eq!(secrets.open(LinkKind::Download, &token), None);
    }

    #[test]
    fn an_old_secret_still_opens_and_a_strange_one_does_not() {
        let token = LinkSecrets::new([7; 32], &[]).token(LinkKind::Confirm, LINK);
        let rotated = LinkSecrets::new([8; 32], &[[7; 32]]);
        assert_eq!(rotated.open(LinkKind::Confirm, &token), Some(LINK));
        assert_eq!(LinkSecrets::new([8; 32], &[]).open(LinkKind::Confirm, &token), None);
    }

    #[test]
    fn tokens_are_read_in_any_case_and_as_they_were_written_before() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        // What was mailed when tokens were base64url.
        let before = "AAAAAAAAAAAAAAAAAAASNAADvR4XLzbeXs4rkjj8QpuoRQ";
        for kind in [
            LinkKind::Confirm,
            LinkKind::Download,
            LinkKind::Manage,
            LinkKind::Renew,
            LinkKind::Staff,
        ] {
            let token = secrets.token(kind, LINK);
            let mixed = token.replace('a', "A").replace('m', "M");
            let head = [LINK.id.as_bytes(), &[0, 3][..]].concat();
            let old = secrets.seal(kind, &head);
            assert!(kind != LinkKind::Confirm || old == before, "{old}");
            for written in [token.as_str(), &token.to_uppercase(), &mixed, &old] {
                assert_eq!(secrets.open(kind, written), Some(LINK), "{written}");
                assert!(secrets.is_ours(kind, written));
            }
            for changed in [&token[..54], &old[..45], &format!("{token}a"), &old.to_lowercase()] {
                assert_eq!(secrets.open(kind, changed), None, "{changed}");
                assert!(!secrets.is_ours(kind, changed));
            }
        }
    }

    #[test]
    fn leaving_is_read_whatever_it_ends() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let longest = format!("newsletter:{}", "a".repeat(64));
        for purpose in [None, Some("privacy-policy"), Some("newsletter:w"), Some(longest.as_str())]
        {
            let purpose: Option<Purpose> = purpose.map(|code| code.parse().unwrap());
            let told = Some((LINK.id, purpose.clone()));
            let token = secrets.unsubscribe_token(LINK.id, purpose.as_ref());
            let code = purpose.as_ref().map_or("", Purpose::as_str);
            let old = secrets
                .seal(LinkKind::Unsubscribe, &[LINK.id.as_bytes(), code.as_bytes()].concat());
            for written in [&token, &token.to_uppercase(), &old] {
                assert_eq!(secrets.open_unsubscribe(written), told, "{written}");
                assert!(secrets.is_ours(LinkKind::Unsubscribe, written));
                assert!(!secrets.is_ours(LinkKind::Manage, written));
            }
            for cut in [&token[..token.len() - 1], &old[..old.len() - 1], ""] {
                assert_eq!(secrets.open_unsubscribe(cut), None, "{cut}");
            }
        }
    }

    #[test]
    fn a_code_is_of_one_link_and_one_generation() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let code = secrets.code(LINK);
        assert!(secrets.is_code(LINK, code));
        assert!(!secrets.is_code(Link { generation: 4, ..LINK }, code));
        assert!(!secrets.is_code(Link { id: Uuid::from_u128(0x1235), ..LINK }, code));
        assert!(LinkSecrets::new([8; 32], &[[7; 32]]).is_code(LINK, code), "the ring counts");
        assert!(!LinkSecrets::new([8; 32], &[]).is_code(LINK, code));
    }

    #[test]
    fn codes_are_spread_evenly() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let mut counts = [[0u32; 10]; 6];
        for id in 0..10_000 {
            let code = secrets.code(Link { id: Uuid::from_u128(id), generation: 1 }).to_string();
            for (place, digit) in code.bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // A thousand of each digit at each place; 150 is five standard deviations.
        let even = counts.iter().flatten().all(|count| count.abs_diff(1_000) < 150);
        assert!(even, "{counts:?}");
    }

    proptest! {
        #[test]
        fn a_changed_token_never_opens(at in 0usize..55, to in "[A-Za-z0-9_-]") {
            let secrets = LinkSecrets::new([7; 32], &[]);
            let token = secrets.token(LinkKind::Confirm, LINK);
            let mut changed = token.clone();
            changed.replace_range(at..=at, &to);
            if !changed.eq_ignore_ascii_case(&token) {
                prop_assert_eq!(secrets.open(LinkKind::Confirm, &changed), None);
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,80}") {
            prop_assert_eq!(LinkSecrets::new([7; 32], &[]).open(LinkKind::Confirm, &text), None);
        }
    }
}
