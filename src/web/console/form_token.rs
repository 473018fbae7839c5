//! What forms of the console carry back: the session whose page they stand on, signed. It is masked anew for each page,
//! for pages are compressed, and of what is the same on many of them the lengths of answers tell whoever may add to
//! such a page and look at the line (BREACH).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::domain::signup::link::{LinkKind, LinkSecrets};
use crate::random::Moment;

/// The token of one page of this session.
pub(super) fn write(secrets: &LinkSecrets, at: &Moment, session_id: Uuid) -> String {
    let sealed = secrets.seal(LinkKind::ConsoleForm, session_id.as_bytes());
    let mask = at.new_mask(sealed.len());
    let masked = mixed(sealed.as_bytes(), &mask);
    URL_SAFE_NO_PAD.encode([mask, masked].concat())
}

/// Whether a token is of a page of this session.
pub(super) fn is_of(secrets: &LinkSecrets, session_id: Uuid, token: &str) -> bool {
    let session = URL_SAFE_NO_PAD.decode(token).ok().and_then(|whole| {
        let (mask, masked) = whole.split_at_checked(whole.len() / 2)?;
        let sealed = String::from_utf8(mixed(masked, mask)).ok()?;
        secrets.unseal(LinkKind::ConsoleForm, &sealed)
    });
    session.is_some_and(|session| session == session_id.as_bytes())
}

fn mixed(bytes: &[u8], mask: &[u8]) -> Vec<u8> {
    bytes.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::domain::timestamp::Timestamp;
    use crate::random::Random;

    const SESSION: Uuid = Uuid::from_u128(0x1234);

    #[test]
    fn each_page_has_its_own_and_all_are_of_the_session() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let at = Moment::new(&Clock::manual(Timestamp::EARLIEST), &Random::seeded(1));
        let tokens = [(); 3].map(|()| write(&secrets, &at, SESSION));
        for token in &tokens {
            assert!(is_of(&secrets, SESSION, token));
            assert!(!is_of(&secrets, Uuid::from_u128(0x1235), token));
            assert!(!is_of(&LinkSecrets::new([8; 32], &[]), SESSION, token));
            assert!(
                is_of(&LinkSecrets::new([8; 32], &[[7; 32]]), SESSION, token),
                "the ring counts"
            );
        }
        // Nothing of it stands at the same place twice, but by chance.
        let [one, other, _] = &tokens;
        let same = one.bytes().zip(other.bytes()).filter(|(a, b)| a == b).count();
        assert!(same < one.len() / 4, "{one} {other}");
    }

    #[test]
    fn what_was_not_masked_or_was_changed_is_none() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let at = Moment::new(&Clock::manual(Timestamp::EARLIEST), &Random::seeded(1));
        let token = write(&secrets, &at, SESSION);
        let sealed = secrets.seal(LinkKind::ConsoleForm, SESSION.as_bytes());
        let flipped =
            token.replacen(&token[..1], if token.starts_with('A') { "B" } else { "A" }, 1);
        let half = &token[..token.len() / 2];
        for other in
            ["", "A", "AA", &sealed, &flipped, half, &token[1..], "\u{e4}", &"A".repeat(200_000)]
        {
            assert!(!is_of(&secrets, SESSION, other), "{other:.80}");
        }
    }
}
