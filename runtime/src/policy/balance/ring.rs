//! A ring of hashes: a key belongs to whoever stands next on it (gRFC A42, ketama).
//!
//! An endpoint stands on the ring in as many places as its weight says, each at the hash of its name and a number. Whoever is away
//! leaves its places, so its keys, and no others, go to those that stand behind them.

use twox_hash::XxHash64;

/// Where endpoints stand.
#[derive(Debug)]
pub(crate) struct Ring(Box<[(u64, u32)]>);

/// One who may stand on a ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) weight: f64,
    /// The place that it is known by; none while it is away.
    pub(crate) place: Option<usize>,
}

impl Ring {
    /// A ring of the `members` that are there. How many places each has depends on all members, so that it stays when
    /// another one goes away for a while.
    pub(crate) fn new(members: &[Member<'_>], least: u32, most: u32) -> Self {
        let sum: f64 = members.iter().map(|member| member.weight).sum();
        let weights = members.iter().map(|member| member.weight);
        let lightest = weights.fold(f64::INFINITY, f64::min) / sum;
        let scale = ((lightest * f64::from(least)).ceil() / lightest).min(f64::from(most));
        let mut ring = Vec::with_capacity(scale.min(1e7) as usize + members.len());
        let (mut target, mut standing) = (0.0, 0_u64);
        for member in members {
            target += scale * member.weight / sum;
            let places = (target - standing as f64).ceil().max(1.0) as u64;
            standing += places;
            let Some(place) = member.place else {
                continue;
            };
            for number in 0..places {
                let name = format!("{}_{number}", member.name);
                ring.push((hash(name.as_bytes()), place as u32));
            }
        }
        ring.sort_unstable();
        Self(ring.into())
    }

    /// Those that stand behind `key`, the next one first; one may stand there several times.
    pub(crate) fn behind(&self, key: u64) -> impl Iterator<Item = usize> + '_ {
        let start = self.0.partition_point(|(hash, _)| *hash < key);
        let (before, from) = self.0.split_at(start);
        from.iter().chain(before).map(|(_, place)| *place as usize)
    }
}

/// The hash of a key: XXH64, as gRFC A42 and A76 have it.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[String], away: Option<usize>) -> Vec<Member<'_>> {
        let member = |(place, name)| Member {
            name,
            weight: 1.0,
            place: (Some(place) != away).then_some(place),
        };
        names
            .iter()
            .map(String::as_str)
            .enumerate()
            .map(member)
            .collect()
    }

    fn owners(ring: &Ring) -> Vec<usize> {
        let keys = (0..10_000_u32).map(|key| hash(&key.to_le_bytes()));
        keys.map(|key| ring.behind(key).next().unwrap()).collect()
    }

    #[test]
    fn the_keys_of_who_goes_away_and_no_others_move() {
        let names: Vec<_> = (0..10)
            .map(|number| format!("10.0.0.{number}:80"))
            .collect();
        let all = owners(&Ring::new(&members(&names, None), 1_024, 4_096));
        let rest = owners(&Ring::new(&members(&names, Some(3)), 1_024, 4_096));
        for (before, after) in all.iter().zip(&rest) {
            assert!(if *before == 3 {
                *after != 3
            } else {
                before == after
            });
        }
        for place in 0..10 {
            let keys = all.iter().filter(|owner| **owner == place).count();
            assert!((600..=1_500).contains(&keys), "{place} has {keys} of 10000");
        }
    }

    #[test]
    fn everybody_has_a_place_however_many_there_are() {
        let names: Vec<_> = (0..6_000).map(|number| format!("n{number}")).collect();
        let ring = Ring::new(&members(&names, None), 1_024, 4_096);
        let all: std::collections::HashSet<_> = ring.behind(0).collect();
        assert_eq!(all.len(), 6_000);
    }

    #[test]
    fn the_hash_is_that_of_other_clients() {
        // The vectors of xxHash's own specification.
        assert_eq!(hash(b""), 0xEF46_DB37_51D8_E999);
        assert_eq!(hash(b"a"), 0xD24E_C4F1_A98C_6E5B);
    }
}
