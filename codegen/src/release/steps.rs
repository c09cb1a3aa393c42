//! What a bump makes of a version, by SemVer: what has to follow a release, and whether a declared version does.
//!
//! Below 1.0.0 everything is shifted left, as cargo does it: 0.y.z moves y for MAJOR and z for the rest, 0.0.z moves z
//! for everything.

use semver::{BuildMetadata, Prerelease, Version};

use crate::compat::Bump;

/// The least version that may follow `released` when something asks for `bump`.
pub fn next(released: &Version, bump: Bump) -> Version {
    let Version {
        major,
        minor,
        patch,
        ..
    } = *released;
    let (up_major, up_minor, up_patch) = (
        || Version::new(major.saturating_add(1), 0, 0),
        || Version::new(major, minor.saturating_add(1), 0),
        || Version::new(major, minor, patch.saturating_add(1)),
    );
    match (bump, major, minor) {
        (Bump::None, ..) => Version::new(major, minor, patch),
        (Bump::Patch, ..) | (_, 0, 0) | (Bump::Minor, 0, _) => up_patch(),
        (Bump::Major, 0, _) | (Bump::Minor, ..) => up_minor(),
        (Bump::Major, ..) => up_major(),
    }
}

/// Whether `declared` covers a change after `released` that asks for `bump`. A prerelease counts as what it leads to.
pub fn covers(declared: &Version, released: &Version, bump: Bump) -> bool {
    is_at_least(declared, released) && triple(declared) >= next(released, bump)
}

/// Whether a version is not below a release: 1.4.2-rc.1 is below 1.4.2. What is built from is no part of it.
pub fn is_at_least(declared: &Version, released: &Version) -> bool {
    declared.cmp_precedence(released).is_ge()
}

/// What a version should have been whose lower parts were not set to zero when a higher one moved.
pub fn reset(declared: &Version, released: &Version) -> Option<Version> {
    let right = if declared.major > released.major {
        Version::new(declared.major, 0, 0)
    } else if declared.minor > released.minor {
        Version::new(declared.major, declared.minor, 0)
    } else {
        return None;
    };
    (triple(declared) != right).then_some(right)
}

/// A version without its prerelease and without what it was built from.
fn triple(version: &Version) -> Version {
    Version {
        pre: Prerelease::EMPTY,
        build: BuildMetadata::EMPTY,
        ..version.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bump, Version, covers, next, reset};

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn after(released: &str, bump: Bump) -> String {
        next(&version(released), bump).to_string()
    }

    #[test]
    fn what_breaks_moves_the_leftmost_part_that_is_not_zero() {
        let all =
            |released| [Bump::Major, Bump::Minor, Bump::Patch].map(|bump| after(released, bump));
        assert_eq!(all("1.4.2"), ["2.0.0", "1.5.0", "1.4.3"]);
        assert_eq!(all("0.4.2"), ["0.5.0", "0.4.3", "0.4.3"]);
        assert_eq!(all("0.0.2"), ["0.0.3", "0.0.3", "0.0.3"]);
        assert_eq!(after("1.4.2", Bump::None), "1.4.2");
    }

    #[test]
    fn more_than_is_needed_is_fine_and_less_is_not() {
        let covers = |declared, bump| covers(&version(declared), &version("1.4.2"), bump);
        assert!(covers("1.5.0", Bump::Minor));
        assert!(covers("1.6.3", Bump::Minor));
        assert!(covers("3.0.0", Bump::Minor));
        assert!(!covers("1.4.3", Bump::Minor));
        assert!(!covers("1.4.2", Bump::Patch));
        assert!(!covers("1.4.1", Bump::None));
    }

    #[test]
    fn a_prerelease_counts_as_what_it_leads_to_and_never_as_what_was_released() {
        let covers = |declared, bump| covers(&version(declared), &version("1.4.2"), bump);
        assert!(covers("2.0.0-alpha.1", Bump::Major));
        assert!(covers("1.5.0-rc.1+a1b2", Bump::Minor));
        assert!(!covers("1.5.0-rc.1", Bump::Major));
        // It comes before the release it is named after.
        assert!(!covers("1.4.2-rc.1", Bump::None));
        assert!(covers("1.4.2+a1b2", Bump::None));
    }

    #[test]
    fn lower_parts_start_again_at_zero() {
        let reset =
            |declared| reset(&version(declared), &version("1.4.2")).map(|right| right.to_string());
        assert_eq!(reset("1.5.2").as_deref(), Some("1.5.0"));
        assert_eq!(reset("2.4.0").as_deref(), Some("2.0.0"));
        assert_eq!(reset("2.0.0-rc.1"), None);
        assert_eq!(reset("1.4.9"), None);
    }
}
