//! Endings in the file store: objects named by the hash of what they hold, so that none ever takes another's place,
//! and one that was changed is told from the one that was put.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::journal::whole_lines;

/// Where they lie.
pub(super) const FOLDER: &str = "outside/endings";

/// How much of the file one object holds: the lines that begin in so many bytes of it. The last object of a
/// file is put anew as the file grows.
pub(super) const PIECE: u64 = 64 * 1024;

/// The name of the object that holds these lines.
pub(super) fn object_name(piece: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(piece))
}

/// The key of the object of this name.
pub(super) fn key(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// The whole lines of a file from this place on, those that begin within so many bytes together, and where each
/// piece begins.
pub(super) fn pieces(bytes: &[u8], from: u64) -> Vec<(u64, Vec<u8>)> {
    let (mut pieces, mut begins): (Vec<(u64, Vec<u8>)>, u64) = (vec![], from);
    let mut of = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if whole_lines(line).next().is_some() {
            let number = begins / PIECE;
            if of != Some(number) {
                pieces.push((begins, vec![]));
                of = Some(number);
            }
            if let Some((_, piece)) = pieces.last_mut() {
                piece.extend_from_slice(line);
            }
        }
        begins += line.len() as u64;
    }
    pieces
}

/// The lines of a file that an object of this name was put for, if one was: all of a piece, or those that it had then.
pub(super) fn find_lines(bytes: &[u8], name: &str) -> Option<Bytes> {
    pieces(bytes, 0).into_iter().find_map(|(_, mut piece)| {
        let (mut hash, mut end) = (Sha256::new(), 0);
        let end = piece.split_inclusive(|byte| *byte == b'\n').find_map(|line| {
            hash.update(line);
            end += line.len();
            (HEXLOWER.encode(&hash.clone().finalize()) == name).then_some(end)
        })?;
        piece.truncate(end);
        Some(piece.into())
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::error::OutsideError;
    use super::super::exchange_tests::{line, open};
    use super::super::places::Outside;
    use super::*;

    /// Two machines that share a file store; the first put three lines there, in one object.
    struct Shared {
        dirs: [tempfile::TempDir; 3],
    }

    impl Shared {
        async fn new() -> Self {
            let shared = Self { dirs: [(); 3].map(|()| tempfile::tempdir().unwrap()) };
            let first = shared.first();
            first.note(&[line(1), line(2), line(3)]).await.unwrap();
            first.exchange().await.unwrap();
            shared
        }

        fn first(&self) -> Outside {
            open(self.dirs[0].path(), self.dirs[2].path())
        }

        fn fresh(&self) -> Outside {
            open(self.dirs[1].path(), self.dirs[2].path())
        }

        fn object(&self) -> PathBuf {
            let mut objects = std::fs::read_dir(self.dirs[2].path().join(FOLDER)).unwrap();
            let object = objects.next().unwrap().unwrap().path();
            assert!(objects.next().is_none());
            object
        }
    }

    /// What another hand makes of an object: cut at its end, at a line's end, to nothing; longer; and of its length.
    fn changes(right: &[u8]) -> Vec<Vec<u8>> {
        let length = right.len() / 3;
        let (one, two) = (&right[..length], &right[length..2 * length]);
        vec![
            right[..right.len() - 1].to_vec(),
            right[..2 * length].to_vec(),
            vec![],
            [right, one].concat(),
            [one, two, two].concat(),
            vec![b'x'; right.len()],
        ]
    }

    #[tokio::test]
    async fn an_object_that_was_changed_hides_no_line_from_a_new_machine() {
        let shared = Shared::new().await;
        let object = shared.object();
        let right = std::fs::read(&object).unwrap();
        for wrong in changes(&right) {
            std::fs::write(&object, &wrong).unwrap();
            let fresh = shared.fresh();
            for _ in 0..2 {
                let refused = fresh.exchange().await.unwrap_err();
                assert!(matches!(refused, OutsideError::Object(_)), "{refused}");
                assert!(
                    refused.to_string().contains(object.file_name().unwrap().to_str().unwrap())
                );
            }
            // Neither is it changed by who does not have it.
            assert_eq!(std::fs::read(&object).unwrap(), wrong);
            std::fs::write(&object, &right).unwrap();
            fresh.exchange().await.unwrap();
            assert_eq!(fresh.endings().await.unwrap().len(), 3);
            std::fs::remove_file(shared.dirs[1].path().join("endings.log")).unwrap();
        }
    }

    #[tokio::test]
    async fn whoever_has_its_lines_puts_it_right() {
        let shared = Shared::new().await;
        let object = shared.object();
        let right = std::fs::read(&object).unwrap();
        let running = shared.first();
        running.exchange().await.unwrap();
        for wrong in changes(&right) {
            let keeps_size = wrong.len() == right.len();
            for looker in [running.clone(), shared.first()] {
                std::fs::write(&object, &wrong).unwrap();
                if keeps_size {
                    looker.look_through().await.unwrap();
                } else {
                    looker.exchange().await.unwrap();
                }
                assert_eq!(std::fs::read(&object).unwrap(), right);
                assert_eq!(looker.endings().await.unwrap().len(), 3);
            }
        }
        assert_eq!(running.files.names(FOLDER).await.unwrap().len(), 1);
        let fresh = shared.fresh();
        fresh.exchange().await.unwrap();
        assert_eq!(fresh.endings().await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn who_noted_more_since_has_its_lines_too() {
        let shared = Shared::new().await;
        let object = shared.object();
        let running = shared.first();
        running.exchange().await.unwrap();
        std::fs::write(&object, "").unwrap();
        running.note(&[line(4)]).await.unwrap();
        for machine in [running, shared.first()] {
            machine.exchange().await.unwrap();
        }
        let fresh = shared.fresh();
        fresh.exchange().await.unwrap();
        assert_eq!(fresh.endings().await.unwrap().len(), 4);
    }

    #[test]
    fn what_was_put_is_found_by_its_name() {
        let lines: Vec<String> = (0..3000).map(|number| format!("{number:099}\n")).collect();
        let file = lines.concat().into_bytes();
        let whole = pieces(&file, 0);
        assert_eq!(whole.len() as u64, (file.len() as u64).div_ceil(PIECE));
        for (_, piece) in &whole {
            for count in [1, 2, piece.len() / 100] {
                let put = &piece[..count * 100];
                assert_eq!(find_lines(&file, &object_name(put)).unwrap(), put);
            }
        }
        for never_put in [&file[..], &file[100..300], &file[..99], b""] {
            assert_eq!(find_lines(&file, &object_name(never_put)), None);
        }
        assert_eq!(find_lines(b"", &object_name(b"")), None);
    }

    #[tokio::test]
    async fn one_that_was_taken_away_is_put_again() {
        let shared = Shared::new().await;
        let object = shared.object();
        let running = shared.first();
        running.exchange().await.unwrap();
        std::fs::remove_file(&object).unwrap();
        running.look_through().await.unwrap();
        assert!(object.exists());
        // What grows afterwards replaces it as ever.
        running.note(&[line(4)]).await.unwrap();
        running.put_new().await.unwrap();
        assert!(!object.exists());
        assert_eq!(running.files.names(FOLDER).await.unwrap().len(), 1);
        // Also of those that are full.
        running.note(&(5..1900).map(line).collect::<Vec<_>>()).await.unwrap();
        running.put_new().await.unwrap();
        let names = running.files.names(FOLDER).await.unwrap();
        assert!(names.len() > 3, "{names:?}");
        for name in &names {
            running.files.delete_object(&key(name)).await.unwrap();
        }
        running.look_through().await.unwrap();
        assert_eq!(running.files.names(FOLDER).await.unwrap(), names);
        // Looking through again and again puts nothing more, and leaves nothing behind.
        for number in 1900..1910 {
            running.note(&[line(number)]).await.unwrap();
            running.look_through().await.unwrap();
            assert_eq!(running.files.names(FOLDER).await.unwrap().len(), names.len());
        }
    }

    #[tokio::test]
    async fn a_folder_in_the_place_of_one_is_named() {
        let shared = Shared::new().await;
        let object = shared.object();
        std::fs::remove_file(&object).unwrap();
        std::fs::create_dir(&object).unwrap();
        for machine in [shared.first(), shared.fresh()] {
            let refused = machine.exchange().await.unwrap_err();
            assert!(matches!(refused, OutsideError::Object(_)), "{refused}");
        }
    }
}
