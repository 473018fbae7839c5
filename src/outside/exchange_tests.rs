//! What one process notes reaches the others, and nothing that was there is lost on its way.

use std::path::Path;
use std::sync::Arc;

use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::{KeyName, SigningKey};

use super::objects::{FOLDER, PIECE};
use super::{Ending, Outside, OutsideError};
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::contacts::address_key::AddressSecret;
use crate::files::Files;

pub(super) fn line(number: usize) -> Ending {
    let text =
        format!("2026-11-23T09:00:00.000000Z {number:064x} began unsubscribed newsletter:weekly");
    Ending::parse(&text).unwrap()
}

pub(super) fn open(data_dir: &Path, shared: &Path) -> Outside {
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    let files = Files::open(&format!("file:{}", shared.display())).unwrap();
    let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
    let evidence_key = EvidenceKey::from_secret(&AddressSecret::new([2; 32]));
    Outside::open(data_dir, &files, keys, evidence_key).unwrap()
}

#[tokio::test]
async fn replicas_know_what_each_of_them_noted() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [a, b] = [0, 1].map(|at: usize| open(dirs[at].path(), dirs[2].path()));
    a.note(&[line(1), line(2)]).await.unwrap();
    b.note(&[line(3)]).await.unwrap();
    a.exchange().await.unwrap();
    b.exchange().await.unwrap();
    assert_eq!(b.endings().await.unwrap().len(), 3);
    a.exchange().await.unwrap();
    assert_eq!(a.endings().await.unwrap().len(), 3);
    // One whose data directory is new learns all of it.
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), dirs[2].path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_that_grows_is_kept_in_few_objects() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    for from in 0..30 {
        let lines: Vec<Ending> = (from * 100..from * 100 + 100).map(line).collect();
        outside.note(&lines).await.unwrap();
        outside.put_new().await.unwrap();
    }
    let length = std::fs::metadata(dir.path().join("endings.log")).unwrap().len();
    let objects = outside.files.names(FOLDER).await.unwrap();
    assert_eq!(objects.len() as u64, length.div_ceil(PIECE));
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 3000);
}

#[tokio::test]
async fn what_was_fetched_is_not_put_once_more() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.note(&[line(1)]).await.unwrap();
    outside.exchange().await.unwrap();
    outside.note(&(2..=500).map(line).collect::<Vec<_>>()).await.unwrap();
    outside.exchange().await.unwrap();
    let objects = async || outside.files.names(FOLDER).await.unwrap().len();
    let put = objects().await;
    // Machines whose data directory is new each time, and one that begins again.
    for _ in 0..3 {
        let fresh = tempfile::tempdir().unwrap();
        open(fresh.path(), shared.path()).exchange().await.unwrap();
        open(dir.path(), shared.path()).exchange().await.unwrap();
        assert_eq!(objects().await, put);
    }
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    for number in 501..1500 {
        fresh.note(&[line(number)]).await.unwrap();
        if number % 100 == 0 {
            fresh.put_new().await.unwrap();
        }
    }
    fresh.put_new().await.unwrap();
    outside.exchange().await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 1499);
}

#[tokio::test]
async fn nothing_that_was_there_is_missed_while_others_write() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [writer, reader] = [0, 1].map(|at: usize| open(dirs[at].path(), dirs[2].path()));
    let there = std::sync::atomic::AtomicUsize::new(0);
    let notes = async {
        for number in 0..200 {
            writer.note(&[line(number)]).await.unwrap();
            writer.put_new().await.unwrap();
            there.store(number + 1, std::sync::atomic::Ordering::SeqCst);
        }
    };
    let reads = async {
        loop {
            let before = there.load(std::sync::atomic::Ordering::SeqCst);
            match reader.exchange().await {
                // Whoever writes was faster each time: the next try finds it.
                Err(OutsideError::Unsettled) => continue,
                exchanged => exchanged.unwrap(),
            }
            assert!(reader.endings().await.unwrap().len() >= before, "of {before}");
            if before == 200 {
                break;
            }
        }
    };
    tokio::join!(notes, reads);
}

#[tokio::test]
async fn a_copy_of_the_data_directory_takes_nothing_away() {
    let (one, two, shared) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let original = open(one.path(), shared.path());
    original.note(&[line(1)]).await.unwrap();
    original.put_new().await.unwrap();
    std::fs::copy(one.path().join("endings.log"), two.path().join("endings.log")).unwrap();
    let copy = open(two.path(), shared.path());
    for number in 2..6 {
        let outside = if number % 2 == 0 { &original } else { &copy };
        outside.note(&[line(number)]).await.unwrap();
        outside.put_new().await.unwrap();
    }
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 5);
}

#[tokio::test]
async fn lines_that_are_taken_away_are_known_until_the_process_ends() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.note(&[line(1), line(2)]).await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 2);
    std::fs::write(dir.path().join("endings.log"), "").unwrap();
    outside.note(&[line(3)]).await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 3);
    assert_eq!(open(dir.path(), shared.path()).endings().await.unwrap().len(), 1);
}

#[tokio::test]
async fn erasures_of_versions_before_are_taken_over() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let text = format!("2026-11-23T09:00:00.000000Z {:064x}\n", 9);
    std::fs::write(dir.path().join("erasures.log"), text).unwrap();
    let outside = open(dir.path(), shared.path());
    outside.take_over_erasures().await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 1);
    outside.exchange().await.unwrap();
    let text = std::fs::read_to_string(dir.path().join("endings.log")).unwrap();
    assert_eq!(text.lines().count(), 1);
    // With our MAC from here on.
    assert!(text.contains(" began erased * "), "{text}");
}

#[tokio::test]
async fn a_line_by_another_hand_goes_no_further() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.note(&[line(1)]).await.unwrap();
    let file = dir.path().join("endings.log");
    let noted = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{noted}nonsense\n")).unwrap();
    assert!(matches!(outside.put_new().await, Err(OutsideError::Line(..))));
    assert!(outside.files.names(FOLDER).await.unwrap().is_empty());
    std::fs::write(&file, noted).unwrap();
    outside.put_new().await.unwrap();
    assert_eq!(outside.files.names(FOLDER).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_object_by_another_hand_is_named() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.files.create("outside/endings/x", "nonsense\n").await.unwrap();
    let error = outside.exchange().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "outside/endings/x was changed by another hand: line 1 is not as this program writes it"
    );
}

/// A line that nobody reads, as long as any other.
fn junk(outside: &Outside) -> String {
    let length = line(1).line(&outside.evidence_key).len() + 1;
    format!("{:x>1$} #torn\n", "", length - " #torn\n".len())
}

#[tokio::test]
async fn a_file_that_is_as_long_as_before_is_read_where_it_says_something_else() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [outside, other] = [(); 2].map(|()| open(dir.path(), shared.path()));
    outside.note(&[line(1)]).await.unwrap();
    let file = dir.path().join("endings.log");
    let noted = std::fs::read_to_string(&file).unwrap();
    let padded = format!("{noted}{}", junk(&outside));
    std::fs::write(&file, &padded).unwrap();
    outside.put_new().await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 1);
    // Cut out again, and another process notes something.
    std::fs::write(&file, &noted).unwrap();
    other.note(&[line(2)]).await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().len(), padded.len() as u64);
    assert_eq!(outside.endings().await.unwrap().len(), 2);
    outside.put_new().await.unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 2);
}

#[tokio::test]
async fn lines_that_were_moved_are_found_by_whoever_looks_at_the_whole_file() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [outside, other] = [(); 2].map(|()| open(dir.path(), shared.path()));
    let file = dir.path().join("endings.log");
    let text = |number| line(number).line(&outside.evidence_key) + "\n";
    std::fs::write(&file, [text(1), junk(&outside), text(2)].concat()).unwrap();
    outside.put_new().await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 2);
    other.note(&[line(3)]).await.unwrap();
    std::fs::write(&file, [text(1), text(3), text(2)].concat()).unwrap();
    outside.exchange().await.unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 3);
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_a_process_noted_is_kept_though_the_file_loses_it() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.note(&[line(1)]).await.unwrap();
    outside.put_new().await.unwrap();
    let file = dir.path().join("endings.log");
    let before = std::fs::read_to_string(&file).unwrap();
    outside.note(&[line(2)]).await.unwrap();
    std::fs::write(&file, &before).unwrap();
    assert_eq!(outside.endings().await.unwrap().len(), 2);
    outside.put_new().await.unwrap();
    // In both places, and once is enough.
    outside.put_new().await.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2);
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 2);
}

#[tokio::test]
async fn no_object_takes_the_place_of_one_that_holds_more() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.note(&[line(1), line(2)]).await.unwrap();
    outside.put_new().await.unwrap();
    let file = dir.path().join("endings.log");
    let text = std::fs::read_to_string(&file).unwrap();
    let last = text.lines().next_back().unwrap();
    std::fs::write(&file, format!("{}{last}\n", junk(&outside))).unwrap();
    outside.note(&[line(3)]).await.unwrap();
    outside.put_new().await.unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let fresh = open(fresh.path(), shared.path());
    fresh.exchange().await.unwrap();
    assert_eq!(fresh.endings().await.unwrap().len(), 3);
}

#[tokio::test]
async fn two_processes_of_one_directory_put_the_same_lines_once() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (web, worker) = (open(dir.path(), shared.path()), open(dir.path(), shared.path()));
    web.note(&[line(1)]).await.unwrap();
    worker.put_new().await.unwrap();
    web.put_new().await.unwrap();
    let text = std::fs::read_to_string(dir.path().join("endings.log")).unwrap();
    assert_eq!(text.lines().count(), 1, "nobody took it out");
    assert_eq!(web.files.names(FOLDER).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_another_hand_put_keeps_nothing_of_ours_back() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outside = open(dir.path(), shared.path());
    outside.note(&[line(1)]).await.unwrap();
    outside.files.create("outside/endings/x", "nonsense\n").await.unwrap();
    assert!(outside.exchange().await.is_err());
    assert_eq!(outside.files.names(FOLDER).await.unwrap().len(), 2);
}
