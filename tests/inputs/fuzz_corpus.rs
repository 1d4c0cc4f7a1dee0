//! The corpora of the fuzz targets, replayed: what a fuzzer has found stays found, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support;

#[path = "../../fuzz/targets_common.rs"]
mod targets;

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_corpus_is_replayed() {
    let root = support::path("fuzz/corpus");
    let folders = folder(&root);
    let names: Vec<_> = folders
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    let targets: Vec<_> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, targets, "a corpus for each target");
    for ((name, target), folder_of) in targets::TARGETS.iter().zip(&folders) {
        let files = folder(folder_of);
        assert!(files.len() >= 3, "{name}: {} seeds", files.len());
        for file in files {
            // Shown when the target panics.
            println!("{}", file.display());
            target(&fs::read(&file).unwrap());
        }
    }
}

/// Models with some bytes changed, taken out or doubled: thousands without a fuzzer, a thousand times as many
/// with AXBXP_THOROUGH=1.
#[test]
fn changed_models_are_borne() {
    let root = support::path("fuzz/corpus/onnx");
    let seeds: Vec<Vec<u8>> = folder(&root)
        .iter()
        .map(|file| fs::read(file).unwrap())
        .collect();
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % bound.max(1)
    };
    for _ in 0..if support::thorough() {
        4_000_000
    } else {
        4_000
    } {
        let mut bytes = seeds[below(seeds.len())].clone();
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match below(4) {
                0 if at < bytes.len() => bytes[at] ^= 1 << below(8),
                1 if at < bytes.len() => bytes[at] = below(256) as u8,
                2 => bytes.truncate(at),
                _ => {
                    let end = at + below(bytes.len() - at);
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        targets::onnx(&bytes);
    }
}

/// Random bytes make random shapes: some thousands without a fuzzer.
#[test]
fn random_shapes_are_mapped() {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..1500 {
        let bytes: Vec<u8> = (0..64)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 24) as u8
            })
            .collect();
        targets::mapping(&bytes);
    }
}
