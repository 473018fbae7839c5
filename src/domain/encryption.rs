//! Bytes that only this program reads again, wherever they lie meanwhile: ChaCha20-Poly1305 (RFC 8439).

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// What a text is encrypted with besides its key: never the same twice under one key, so it is random.
pub type Nonce96 = [u8; NONCE_LEN];

/// Encrypts under this key; `purpose` must be named again when it is read. The nonce stands in front.
#[must_use]
pub fn encrypt(key: &[u8; 32], nonce: Nonce96, (purpose, plain): (&[u8], &[u8])) -> Vec<u8> {
    let mut text = plain.to_vec();
    let sealed = cipher(key).and_then(|cipher| {
        let nonce = Nonce::assume_unique_for_key(nonce);
        cipher.seal_in_place_append_tag(nonce, Aad::from(purpose), &mut text).ok()
    });
    // Only a text of gigabytes cannot be encrypted.
    if sealed.is_some() { [nonce.as_slice(), &text].concat() } else { vec![] }
}

/// Reads what [`encrypt`] made; `None` when it was changed, or made under another key or for another purpose.
#[must_use]
pub fn decrypt(key: &[u8; 32], purpose: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut text = text.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher(key)?.open_in_place(nonce, Aad::from(purpose), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_purpose_read_it() {
        let sealed = encrypt(&[1; 32], [2; 12], (b"one", b"plain"));
        assert!(!sealed.windows(5).any(|bytes| bytes == b"plain"));
        assert_eq!(decrypt(&[1; 32], b"one", &sealed).as_deref(), Some(&b"plain"[..]));
        assert_eq!(decrypt(&[3; 32], b"one", &sealed), None);
        assert_eq!(decrypt(&[1; 32], b"two", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(decrypt(&[1; 32], b"one", &changed), None, "{at}");
            assert_eq!(decrypt(&[1; 32], b"one", &sealed[..at]), None, "{at}");
        }
    }
}
