//! The envelope sender of each mail (RFC 5321 §4.1.1.2): an address of its own, so that a mail that comes
//! back says which one it was, whatever the server that returns it makes of the rest.

use data_encoding::BASE32_NOPAD_NOCASE;
use uuid::Uuid;

use crate::domain::signup::link::{LinkKind, LinkSecrets};

const BEFORE: &str = "bounces+";

/// How long what stands before the @ is; RFC 5321 §4.5.3.1.1 allows 64.
pub const LOCAL_LENGTH: usize = BEFORE.len() + TOKEN_LENGTH;
/// 16 bytes of key and 16 of MAC, five bits to a character.
const TOKEN_LENGTH: usize = 52;

/// Where mail that comes back is sent to.
#[derive(Clone)]
pub struct ReturnPaths {
    /// What signs the addresses.
    pub secrets: LinkSecrets,
    /// The domain whose mail is handed to this program.
    pub domain: String,
}

impl ReturnPaths {
    /// The envelope sender of one mail: `bounces+TOKEN@domain`, the token base32(outbox id ‖ MAC).
    #[must_use]
    pub fn address(&self, outbox_id: Uuid) -> String {
        format!("{BEFORE}{}@{}", self.secrets.return_token(outbox_id), self.domain)
    }
}

impl LinkSecrets {
    /// The mail that an envelope sender was made for, in angle brackets or not and in any case, for mail
    /// servers change it; `None` when it is not ours. The domain does not count: mail sent before it was
    /// changed comes back later.
    #[must_use]
    pub fn open_return_path(&self, address: &str) -> Option<Uuid> {
        let address = address.trim().trim_start_matches('<').trim_end_matches('>');
        let (local, _) = address.rsplit_once('@')?;
        let (before, token) = local.split_at_checked(BEFORE.len())?;
        if before.eq_ignore_ascii_case(BEFORE) { self.open_return_token(token) } else { None }
    }

    /// What stands for one mail in the address that it goes back to, base32(outbox id ‖ MAC) in lower case, so that it
    /// may also stand where a relay that sets another address takes neither `+` nor `@`.
    #[must_use]
    pub fn return_token(&self, outbox_id: Uuid) -> String {
        let signed = self.sign(LinkKind::ReturnPath, outbox_id.as_bytes());
        BASE32_NOPAD_NOCASE.encode(&signed).to_ascii_lowercase()
    }

    /// The mail that a token was made for, in any case; `None` when it is not ours.
    #[must_use]
    pub fn open_return_token(&self, token: &str) -> Option<Uuid> {
        if token.len() != TOKEN_LENGTH {
            return None;
        }
        let signed = BASE32_NOPAD_NOCASE.decode(token.as_bytes()).ok()?;
        let id = self.verify(LinkKind::ReturnPath, signed)?;
        Uuid::from_slice(&id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contacts::email_address::EmailAddress;
    use proptest::prelude::*;

    const ID: Uuid = Uuid::from_u128(0x0193_5b7a_7c00_7000_8000_0000_0000_00ff);

    fn paths(secret: u8, older: &[u8]) -> ReturnPaths {
        let older: Vec<[u8; 32]> = older.iter().map(|byte| [*byte; 32]).collect();
        let secrets = LinkSecrets::new([secret; 32], &older);
        ReturnPaths { secrets, domain: "bounces.example.org".to_owned() }
    }

    #[test]
    fn an_envelope_sender_leads_back_to_its_mail() {
        let paths = paths(7, &[]);
        let address = paths.address(ID);
        let parsed = EmailAddress::parse(&address).unwrap();
        assert_eq!((parsed.local().len(), parsed.as_str()), (LOCAL_LENGTH, address.as_str()));
        assert_eq!(address, address.to_lowercase());
        let (local, _) = address.split_once('@').unwrap();
        let ways = [
            address.clone(),
            address.to_uppercase(),
            format!(" <{address}> "),
            format!("{local}@elsewhere.example"),
        ];
        for way in ways {
            assert_eq!(paths.secrets.open_return_path(&way), Some(ID), "{way}");
        }
    }

    #[test]
    fn a_token_alone_leads_back_too() {
        let paths = paths(7, &[]);
        let token = paths.secrets.return_token(ID);
        assert_eq!(token.len(), TOKEN_LENGTH);
        assert!(token.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert_eq!(paths.secrets.open_return_token(&token), Some(ID));
        assert_eq!(paths.secrets.open_return_token(&token.to_uppercase()), Some(ID));
        for wrong in ["", &token[1..], &paths.address(ID), &format!(" {token}")] {
            assert_eq!(paths.secrets.open_return_token(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_old_secret_still_opens_and_a_strange_one_does_not() {
        let address = paths(7, &[]).address(ID);
        assert_eq!(paths(8, &[7]).secrets.open_return_path(&address), Some(ID));
        assert_eq!(paths(8, &[]).secrets.open_return_path(&address), None);
        // A token of a link with the same bytes is none of an envelope sender.
        let other = paths(7, &[]).secrets.sign(LinkKind::Manage, ID.as_bytes());
        let other = format!("{BEFORE}{}@b.test", BASE32_NOPAD_NOCASE.encode(&other));
        assert_eq!(paths(7, &[]).secrets.open_return_path(&other), None);
    }

    proptest! {
        #[test]
        fn a_changed_token_never_opens(at in 8usize..60, to in "[a-z2-7]") {
            let address = paths(7, &[]).address(ID);
            let mut changed = address.clone();
            changed.replace_range(at..=at, &to);
            if changed != address {
                prop_assert_eq!(paths(7, &[]).secrets.open_return_path(&changed), None);
            }
        }

        #[test]
        fn any_text_is_answered(text in "(bounces\\+)?\\PC{0,60}@?\\PC{0,20}") {
            prop_assert_eq!(paths(7, &[]).secrets.open_return_path(&text), None);
        }
    }
}
