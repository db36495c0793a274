//! Does the version of a package satisfy the condition of a model row?
//!
//! Conditions are comparators with commas between: `>=17.0.0, <17.5.0`. The ranges of manifests are those of each language.

use std::str::FromStr as _;

use crate::ir::program::Language;

use super::manifest::VersionInfo;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    Yes,
    No,
    /// The version is not known well enough.
    Maybe,
}

/// Does every version (`Yes`), some (`Maybe`) or none (`No`) that `info` stands for satisfy `condition`?
pub(crate) fn allows(language: Language, info: &VersionInfo, condition: &str) -> Allowed {
    match info {
        VersionInfo::Exact(version) => satisfies(language, version, condition),
        VersionInfo::Range(range) => compare(language, range, condition),
        VersionInfo::None => Allowed::Maybe,
    }
}

/// Is one version in a range? `Maybe` when one of them can't be read.
pub(crate) fn satisfies(language: Language, version: &str, range: &str) -> Allowed {
    let inside = match language {
        Language::Script => npm_inside(version, range),
        Language::Python => python_inside(version, range),
        Language::Rust => cargo_inside(version, range),
    };
    match inside {
        Some(true) => Allowed::Yes,
        Some(false) => Allowed::No,
        None => Allowed::Maybe,
    }
}

/// A pre-release counts as the release it leads to: that is what its users see.
fn npm_inside(version: &str, range: &str) -> Option<bool> {
    let mut version = node_semver::Version::parse(version.trim_start_matches('v')).ok()?;
    version.pre_release.clear();
    Some(npm_range(range)?.satisfies(&version))
}

fn python_inside(version: &str, range: &str) -> Option<bool> {
    let version = pep440_rs::Version::from_str(version).ok()?.only_release();
    Some(pep440_rs::VersionSpecifiers::from_str(range).ok()?.contains(&version))
}

fn cargo_inside(version: &str, range: &str) -> Option<bool> {
    let mut version = semver::Version::parse(version).ok()?;
    version.pre = semver::Prerelease::EMPTY;
    Some(semver::VersionReq::parse(range).ok()?.matches(&version))
}

fn npm_range(range: &str) -> Option<node_semver::Range> {
    let range = range.strip_prefix("workspace:").unwrap_or(range);
    let range = match range.strip_prefix("npm:") {
        Some(alias) => alias.get(1..)?.split_once('@')?.1,
        None => range,
    };
    node_semver::Range::parse(range.replace(',', " ")).ok()
}

fn compare(language: Language, range: &str, condition: &str) -> Allowed {
    if language == Language::Script {
        let (Some(range), Some(condition)) = (npm_range(range), npm_range(condition)) else { return Allowed::Maybe };
        return match () {
            () if !condition.allows_any(&range) => Allowed::No,
            () if condition.allows_all(&range) => Allowed::Yes,
            () => Allowed::Maybe,
        };
    }
    let interval = if language == Language::Python { python_interval } else { cargo_interval };
    let (Some(range), Some(condition)) = (interval(range), interval(condition)) else { return Allowed::Maybe };
    if range.low.max(condition.low) >= range.high.min(condition.high) {
        return Allowed::No;
    }
    if condition.low <= range.low && range.high <= condition.high && condition.is_exact {
        return Allowed::Yes;
    }
    Allowed::Maybe
}

/// Numbers of a release; a point in the order of versions. The last place tells "behind this version" from "at it".
type Point = [u64; 5];

/// Versions from `low` up to, not including, `high`.
struct Interval {
    low: Point,
    high: Point,
    /// No version between the bounds is left out.
    is_exact: bool,
}

impl Interval {
    fn all() -> Self {
        Self { low: [0; 5], high: [u64::MAX; 5], is_exact: true }
    }

    fn at_least(&mut self, point: Point) {
        self.low = self.low.max(point);
    }

    fn less_than(&mut self, point: Point) {
        self.high = self.high.min(point);
    }
}

fn point(release: &[u64]) -> Point {
    let mut res = [0; 5];
    for (place, number) in res.iter_mut().take(4).zip(release) {
        *place = *number;
    }
    res
}

/// The first point behind a version.
fn behind(release: &[u64]) -> Point {
    let mut res = point(release);
    res[4] = 1;
    res
}

/// The first version behind all that start with `release`.
fn next(release: &[u64]) -> Point {
    let mut numbers = release.to_vec();
    match numbers.last_mut() {
        Some(last) => *last = last.saturating_add(1),
        None => return [u64::MAX; 5],
    }
    point(&numbers)
}

fn python_interval(text: &str) -> Option<Interval> {
    use pep440_rs::Operator;
    let mut res = Interval::all();
    for specifier in pep440_rs::VersionSpecifiers::from_str(text).ok()?.iter() {
        let release = specifier.version().release();
        match specifier.operator() {
            Operator::Equal | Operator::ExactEqual => {
                res.at_least(point(release));
                res.less_than(behind(release));
            }
            Operator::EqualStar => {
                res.at_least(point(release));
                res.less_than(next(release));
            }
            Operator::TildeEqual => {
                res.at_least(point(release));
                res.less_than(next(release.get(..release.len().saturating_sub(1))?));
            }
            Operator::GreaterThanEqual => res.at_least(point(release)),
            Operator::GreaterThan => res.at_least(behind(release)),
            Operator::LessThanEqual => res.less_than(behind(release)),
            Operator::LessThan => res.less_than(point(release)),
            Operator::NotEqual | Operator::NotEqualStar => res.is_exact = false,
        }
    }
    Some(res)
}

fn cargo_interval(text: &str) -> Option<Interval> {
    use semver::Op;
    let mut res = Interval::all();
    for comparator in &semver::VersionReq::parse(text).ok()?.comparators {
        let mut release = vec![comparator.major];
        release.extend(comparator.minor);
        release.extend(comparator.patch);
        match comparator.op {
            Op::Exact | Op::Wildcard => {
                res.at_least(point(&release));
                res.less_than(if release.len() == 3 { behind(&release) } else { next(&release) });
            }
            Op::Greater => res.at_least(if release.len() == 3 { behind(&release) } else { next(&release) }),
            Op::GreaterEq => res.at_least(point(&release)),
            Op::Less => res.less_than(point(&release)),
            Op::LessEq => res.less_than(if release.len() == 3 { behind(&release) } else { next(&release) }),
            Op::Tilde => {
                res.at_least(point(&release));
                res.less_than(next(release.get(..release.len().min(2))?));
            }
            Op::Caret => {
                res.at_least(point(&release));
                let zeros = release.iter().take_while(|number| **number == 0).count();
                res.less_than(next(release.get(..(zeros + 1).min(release.len()))?));
            }
            _ => return None,
        }
    }
    Some(res)
}
