//! Design points of one name told apart.

use super::point::DesignPoint;
use crate::source::FileKind;

/// A name that was given because another design point of the comparison has that of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What was named anew: an architecture or an approximation.
    pub kind: FileKind,
    /// The name in the file.
    pub own: String,
    /// The name given: `NAME#2`, and so on.
    pub given: String,
    /// The file.
    pub file: String,
}

/// Gives names of their own to architectures that differ and have one name, and to approximations likewise: the first
/// keeps it, those after it become `NAME#2` and so on. Which are the same is decided by what they say, not by their paths.
pub(super) fn name_apart(points: &mut [DesignPoint]) -> Vec<Renamed> {
    let architectures = names(points, |point| &point.architecture.name, is_same_machine);
    let approximations = names(
        points,
        |point| &point.approximation.config().name,
        |a, b| a.approximation.config() == b.approximation.config(),
    );
    let mut renamed: Vec<Renamed> = Vec::new();
    let mut note = |entry: Renamed| {
        if entry.own != entry.given && !renamed.contains(&entry) {
            renamed.push(entry);
        }
    };
    let named = architectures.into_iter().zip(approximations);
    for (point, (architecture, approximation)) in points.iter_mut().zip(named) {
        note(Renamed {
            kind: FileKind::Architecture,
            own: point.architecture.name.clone(),
            given: architecture.clone(),
            file: point.source.name().to_string(),
        });
        note(Renamed {
            kind: FileKind::Approximation,
            own: point.approximation.config().name.clone(),
            given: approximation.clone(),
            file: point.approximation.source().name().to_string(),
        });
        point.architecture.rename(architecture);
        point.approximation.rename(approximation);
    }
    renamed
}

/// Whether two design points have the same accelerator, with its memory and its prices.
fn is_same_machine(a: &DesignPoint, b: &DesignPoint) -> bool {
    a.architecture == b.architecture && a.dram == b.dram && a.energy.table() == b.energy.table()
}

/// A name for each point: that which it has, or the first free one after it if that of another is the same.
fn names(
    points: &[DesignPoint],
    own: fn(&DesignPoint) -> &str,
    is_same: fn(&DesignPoint, &DesignPoint) -> bool,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let before = &points[..index];
        let name = match before.iter().position(|other| is_same(point, other)) {
            Some(same) => names[same].clone(),
            None => free(own(point), &names, points.iter().map(own)),
        };
        names.push(name);
    }
    names
}

/// `own`, or if it has been given, the first `own#N` that no point has or has been given.
fn free<'a>(own: &str, given: &[String], all: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut name = own.to_string();
    let mut number = 1;
    while given.contains(&name) || (number > 1 && all.clone().any(|other| other == name)) {
        number += 1;
        name = format!("{own}#{number}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::PriceChoice;

    fn free_of(own: &str, given: &[&str], all: &[&str]) -> String {
        let given: Vec<String> = given.iter().map(ToString::to_string).collect();
        free(own, &given, all.iter().copied())
    }

    #[test]
    fn a_name_is_kept_while_it_is_free() {
        assert_eq!(free_of("a", &[], &["a"]), "a");
        assert_eq!(free_of("a", &["a"], &["a", "a"]), "a#2");
        assert_eq!(free_of("a", &["a", "a#2"], &["a", "a", "a"]), "a#3");
        // A file may have that name.
        assert_eq!(free_of("a", &["a"], &["a", "a", "a#2"]), "a#3");
        assert_eq!(free_of("a#2", &["a", "a#3"], &["a", "a", "a#2"]), "a#2");
    }

    #[test]
    fn points_that_are_the_same_share_their_names() {
        let open = |approximation, table: Option<&str>| {
            let prices = PriceChoice {
                table: table.map(str::to_string),
                ..PriceChoice::default()
            };
            DesignPoint::open_priced("axbxp_k4_8x8", Some(approximation), &prices).unwrap()
        };
        let mut points = vec![
            open("k4_l4", None),
            open("k4_l1", None),
            open("k4_l4", None),
        ];
        assert_eq!(name_apart(&mut points), []);
        points[1] = open("k4_l1", Some("asap7"));
        points.push(points[1].clone());
        let renamed = name_apart(&mut points);
        assert_eq!(renamed.len(), 1);
        assert_eq!(renamed[0].given, "axbxp_k4_8x8#2");
        let names: Vec<&str> = points
            .iter()
            .map(|p| p.architecture.name.as_str())
            .collect();
        let [first, second] = ["axbxp_k4_8x8", "axbxp_k4_8x8#2"];
        assert_eq!(names, [first, second, first, second]);
    }
}
