//! What can be said of a model description without opening what it names.

use std::path::{Component, Path, PathBuf};

use super::schema::{ImageSet, ImageSource, ModelFile, SetName};
use crate::source::{Checker, Place};

/// Most classes.
pub const MAX_CLASSES: u32 = 100_000;
/// Most images of a set.
pub const MAX_IMAGES: u64 = 10_000_000;
/// Most files of a CIFAR-10 source.
const MAX_CIFAR_FILES: usize = 1000;

/// Reports everything wrong with `description`.
pub(super) fn check(description: &ModelFile, checker: &mut Checker<'_>) {
    let root = Place::root();
    for (field, text) in [("name", &description.name), ("model", &description.model)] {
        if text.is_empty() {
            let expected = if field == "name" {
                "expected a name"
            } else {
                "expected the path of an ONNX file"
            };
            checker.report(
                root.clone().field(field),
                format!("`{field}` is empty"),
                expected,
            );
        }
    }
    if let Some(hash) = &description.model_sha256
        && (hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        checker.report(
            root.clone().field("model_sha256"),
            "no SHA-256",
            "expected 64 hexadecimal digits",
        );
    }
    if !(2..=MAX_CLASSES).contains(&description.classes) {
        checker.report(
            root.clone().field("classes"),
            format!("{} classes", description.classes),
            format!("expected 2 to {MAX_CLASSES}"),
        );
    }
    description
        .preprocessing
        .check(checker, &root.clone().field("preprocessing"));
    for set in SetName::ALL {
        check_set(description.images.get(set), &set_place(set), checker);
    }
    check_sharing(description, checker);
}

/// Sets must not share images.
fn check_sharing(description: &ModelFile, checker: &mut Checker<'_>) {
    for (index, &set) in SetName::ALL.iter().enumerate() {
        let others = &SetName::ALL[..index];
        let (this, that) = (description.images.get(set), |&other: &SetName| {
            description.images.get(other)
        });
        if let Some(other) = others.iter().find(|other| share_images(this, that(other))) {
            checker.report_with_help(
                set_place(set),
                format!(
                    "the sets `{}` and `{}` share images",
                    other.name(),
                    set.name()
                ),
                "expected images that no other set has",
                "what is chosen with images would look better on them than it is",
            );
        } else if let Some(other) = others.iter().find(|other| may_share(this, that(other))) {
            checker.report_with_help(
                set_place(set).field("source"),
                format!(
                    "`{}` reads some of these files too, but not as the same source",
                    other.name()
                ),
                format!(
                    "expected the source of `{}`, with another range",
                    other.name()
                ),
                "else it can not be told whether they share images",
            );
        }
    }
}

fn set_place(set: SetName) -> Place {
    Place::root().field("images").field(set.name())
}

fn check_set(set: &ImageSet, place: &Place, checker: &mut Checker<'_>) {
    if !(1..=MAX_IMAGES).contains(&set.count) {
        checker.report(
            place.clone().field("count"),
            format!("a set of {} images", set.count),
            format!("expected 1 to {MAX_IMAGES}"),
        );
    }
    if set.first > u64::from(u32::MAX) {
        checker.report(
            place.clone().field("first"),
            format!("the first image is {}", set.first),
            format!("expected at most {}", u32::MAX),
        );
    }
    let source = place.clone().field("source");
    let paths = paths(&set.source);
    if let ImageSource::Cifar10(files) = &set.source {
        let distinct: std::collections::BTreeSet<_> = paths.iter().collect();
        if !(1..=MAX_CIFAR_FILES).contains(&files.len()) {
            let message = format!("{} files", files.len());
            let expected = format!("expected 1 to {MAX_CIFAR_FILES}");
            checker.report(source.clone(), message, expected);
        } else if distinct.len() < paths.len() {
            checker.report(
                source.clone(),
                "a file stands here twice",
                "expected each once",
            );
        }
    }
    if paths.iter().any(|path| path.as_os_str().is_empty()) {
        checker.report(source, "a path is empty", "expected the path of a file");
    }
}

/// The files (or the folder) of a source, without detours.
fn paths(source: &ImageSource) -> Vec<PathBuf> {
    let texts: Vec<&String> = match source {
        ImageSource::Cifar10(files) => files.iter().collect(),
        ImageSource::Idx { images, .. } => vec![images],
        ImageSource::Folder { path, .. } => vec![path],
    };
    texts.into_iter().map(|text| plain(text)).collect()
}

/// A path without `.` and without `x/..`; an empty text stays empty.
fn plain(text: &str) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in Path::new(text).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    if plain.as_os_str().is_empty() && !text.is_empty() {
        plain.push(".");
    }
    plain
}

fn same_source(a: &ImageSource, b: &ImageSource) -> bool {
    let labels = |source: &ImageSource| match source {
        ImageSource::Folder { labels, .. } => Some(plain(labels)),
        ImageSource::Cifar10(_) | ImageSource::Idx { .. } => None,
    };
    paths(a) == paths(b) && labels(a) == labels(b)
}

fn share_images(a: &ImageSet, b: &ImageSet) -> bool {
    let end = |set: &ImageSet| set.first.saturating_add(set.count);
    same_source(&a.source, &b.source) && a.first < end(b) && b.first < end(a)
}

/// Whether they read the same files in ways that can not be compared.
fn may_share(a: &ImageSet, b: &ImageSet) -> bool {
    let (files, others) = (paths(&a.source), paths(&b.source));
    !same_source(&a.source, &b.source) && files.iter().any(|path| others.contains(path))
}
