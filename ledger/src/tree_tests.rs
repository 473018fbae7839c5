//! The tree against the RFC written out naively, and against another implementation.

use std::collections::HashMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::digest::hex;
use super::tree::*;

/// RFC 6962 §2.1 to the letter, over leaves that are hashed already.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

fn split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// RFC 6962 §2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) =
        if m < k { (path(m, left), mth(right)) } else { (path(m - k, right), mth(left)) };
    proof.push(other);
    proof
}

/// RFC 6962 §2.1.2.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if m <= k {
        (subproof(m, left, whole), mth(right))
    } else {
        (subproof(m - k, right, false), mth(left))
    };
    proof.push(other);
    proof
}

/// A log as a store keeps it: tiles and nothing else.
struct Log {
    texts: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
    tree: Frontier,
    tiles: HashMap<(u8, u64), Vec<Hash>>,
}

impl Log {
    fn new(size: usize) -> Self {
        let texts: Vec<_> = (0..size).map(|n| n.to_string().into_bytes()).collect();
        let leaves: Vec<_> = texts.iter().map(|text| leaf_hash(text)).collect();
        let (mut tree, mut tiles) = (Frontier::new(), HashMap::<_, Vec<Hash>>::new());
        for leaf in &leaves {
            tree.push_reporting(*leaf, |node, hash| {
                if node.level % TILE_HEIGHT == 0 {
                    let tile = node.tile_slice();
                    tiles.entry((tile.level, tile.index)).or_default().push(hash);
                }
            });
        }
        Self { texts, leaves, tree, tiles }
    }

    fn proof(&self, path: &[Vec<Node>]) -> Vec<Hash> {
        path.iter()
            .map(|nodes| fold(&nodes.iter().map(|node| self.node(*node)).collect::<Vec<_>>()))
            .collect()
    }

    fn node(&self, node: Node) -> Hash {
        let TileSlice { level, index, start, len } = node.tile_slice();
        subtree_root(&self.tiles[&(level, index)][start.into()..usize::from(start + len)])
    }

    fn oracle(&self) -> MemoryBackedTree<Sha256, Vec<u8>> {
        let mut oracle = MemoryBackedTree::new();
        self.texts.iter().for_each(|text| oracle.push(text.clone()));
        oracle
    }
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Frontier::new();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(hex(&tree.root()), empty);
    for (leaf, root) in leaves.iter().zip(roots) {
        let bytes: Vec<u8> = (0..leaf.len() / 2)
            .map(|at| u8::from_str_radix(&leaf[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        tree.push(leaf_hash(&bytes));
        assert_eq!(hex(&tree.root()), root);
    }
}

fn head(size: u64, root: Hash) -> TreeHead {
    TreeHead { size, root }
}

#[test]
fn proofs_across_tiles_hold() {
    let log = Log::new(70_000);
    let root = log.tree.root();
    for index in [0, 255, 256, 65_535, 65_536, 69_999] {
        let proof = log.proof(&inclusion_path(index, 70_000).unwrap());
        let leaf = log.leaves[usize::try_from(index).unwrap()];
        assert!(verify_inclusion(&leaf, index, &proof, head(70_000, root)));
    }
    for old in [1, 255, 256, 257, 65_536, 66_049, 70_000] {
        let proof = log.proof(&consistency_path(old, 70_000).unwrap());
        let mut tree = Frontier::new();
        log.leaves[..usize::try_from(old).unwrap()].iter().for_each(|leaf| tree.push(*leaf));
        assert!(verify_consistency(head(old, tree.root()), head(70_000, root), &proof));
    }
}

#[test]
fn what_no_tree_holds_is_refused() {
    assert_eq!(inclusion_path(0, 0), None);
    assert_eq!(inclusion_path(7, 7), None);
    assert_eq!(consistency_path(8, 7), None);
    assert_eq!(Frontier::from_parts(3, vec![[0; 32]]), None);
    assert!(!verify_inclusion(&[0; 32], 0, &[], head(0, empty_root())));
    assert!(!verify_consistency(head(0, [0; 32]), head(0, [0; 32]), &[]));
    assert!(verify_consistency(head(0, empty_root()), head(1, [0; 32]), &[]));
    assert!(!verify_consistency(head(3, [0; 32]), head(4, [0; 32]), &[]));
    assert!(!verify_consistency(head(4, [0; 32]), head(3, [0; 32]), &[]));
}

#[test]
fn the_largest_trees_do_not_overflow() {
    assert_eq!(inclusion_path(u64::MAX - 1, u64::MAX).as_ref().map(Vec::len), Some(63));
    assert!(consistency_path(u64::MAX - 1, u64::MAX).is_some());
    let largest = head(u64::MAX, [0; 32]);
    assert!(!verify_inclusion(&[0; 32], u64::MAX - 1, &[[0; 32]; 64], largest));
    let proof = [[0; 32]; 70];
    assert!(!verify_consistency(head(u64::MAX - 1, [0; 32]), largest, &proof));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn inclusion_agrees_with_the_rfc_and_the_oracle(
        size in 1_usize..600, pick: proptest::sample::Index, other: proptest::sample::Index,
    ) {
        let (log, index) = (Log::new(size), pick.index(size));
        let (at, total) = (index as u64, size as u64);
        let proof = log.proof(&inclusion_path(at, total).unwrap());
        prop_assert_eq!(&proof, &path(index, &log.leaves));
        let oracle = log.oracle();
        let known = oracle.prove_inclusion(index);
        prop_assert_eq!(proof.concat(), known.as_bytes());
        let root = log.tree.root();
        prop_assert_eq!(root, mth(&log.leaves));
        let known = oracle.root();
        prop_assert_eq!(&root[..], &known.as_bytes()[..]);

        let leaf = log.leaves[index];
        let tree = head(total, root);
        prop_assert!(verify_inclusion(&leaf, at, &proof, tree));
        prop_assert!(!verify_inclusion(&[7; 32], at, &proof, tree));
        prop_assert!(!verify_inclusion(&leaf, at, &proof, head(total, [7; 32])));
        let elsewhere = other.index(size) as u64;
        prop_assert!(elsewhere == at || !verify_inclusion(&leaf, elsewhere, &proof, tree));
        let longer = [&proof[..], &[[0; 32]]].concat();
        prop_assert!(!verify_inclusion(&leaf, at, &longer, tree));
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert!(!verify_inclusion(&leaf, at, shorter, tree));
        }
    }

    #[test]
    fn consistency_agrees_with_the_rfc_and_the_oracle(
        size in 1_usize..600, pick: proptest::sample::Index, flip: proptest::sample::Index,
    ) {
        let log = Log::new(size);
        let old = pick.index(size) + 1;
        let (first, second) = (old as u64, size as u64);
        let proof = log.proof(&consistency_path(first, second).unwrap());
        prop_assert_eq!(&proof, &subproof(old, &log.leaves, true));
        let known = log.oracle().prove_consistency(size - old);
        prop_assert_eq!(proof.concat(), known.as_bytes());

        let before = head(first, mth(&log.leaves[..old]));
        let after = head(second, log.tree.root());
        prop_assert!(verify_consistency(before, after, &proof));
        prop_assert!(!verify_consistency(head(first, [7; 32]), after, &proof));
        prop_assert!(!verify_consistency(before, head(second, [7; 32]), &proof));
        if !proof.is_empty() {
            let mut bent = proof.clone();
            bent[flip.index(proof.len())][0] ^= 1;
            prop_assert!(!verify_consistency(before, after, &bent));
            let shorter = &proof[..proof.len() - 1];
            prop_assert!(!verify_consistency(before, after, shorter));
        }
    }

    #[test]
    fn a_frontier_is_resumed_from_its_parts(size in 0_usize..600, more in 0_usize..300) {
        let log = Log::new(size + more);
        let mut tree = Frontier::new();
        log.leaves[..size].iter().for_each(|leaf| tree.push(*leaf));
        let mut tree = Frontier::from_parts(tree.size(), tree.hashes().to_vec()).unwrap();
        log.leaves[size..].iter().for_each(|leaf| tree.push(*leaf));
        prop_assert_eq!(tree, log.tree);
    }

    #[test]
    fn checks_never_panic(
        leaf: Hash, index: u64, size: u64, proof in proptest::collection::vec(any::<Hash>(), 0..70),
    ) {
        let tree = head(size, leaf);
        prop_assert!(!verify_inclusion(&leaf, index, &proof, tree) || size == 1);
        let _ = verify_consistency(head(index, leaf), tree, &proof);
        let _ = (inclusion_path(index, size), consistency_path(index, size));
    }
}
