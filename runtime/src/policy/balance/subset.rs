//! Which of many endpoints a client uses at all (random subsetting by rendezvous hashing, gRFC A68).
//!
//! Each client orders the endpoints by a hash of their names with a seed of its own, and takes the first ones. When one goes,
//! the next in order takes its place and all others stay.

use twox_hash::XxHash64;

/// The places of the `size` names that come first for `seed`, in the order of the names.
pub(crate) fn subset(names: &[&str], size: usize, seed: u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..names.len()).collect();
    if size < names.len() {
        let rank = |place: &usize| (XxHash64::oneshot(seed, names[*place].as_bytes()), *place);
        places.select_nth_unstable_by_key(size, rank);
        places.truncate(size);
        places.sort_unstable();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_goes_is_replaced_by_one_and_the_others_stay() {
        let names: Vec<_> = (0..500).map(|number| format!("n{number}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        let of = |names: &[&str]| -> std::collections::HashSet<String> {
            let places = subset(names, 20, 7);
            places
                .iter()
                .map(|place| names[*place].to_owned())
                .collect()
        };
        let before = of(&names);
        assert_eq!(before.len(), 20);
        let gone = names.iter().position(|name| before.contains(*name));
        names.remove(gone.unwrap());
        let after = of(&names);
        assert_eq!((after.len(), before.intersection(&after).count()), (20, 19));
    }

    #[test]
    fn clients_spread_over_all_endpoints() {
        let names: Vec<_> = (0..100).map(|number| format!("n{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut used = [0_u32; 100];
        for seed in 0..1_000 {
            for place in subset(&names, 10, seed) {
                used[place] += 1;
            }
        }
        assert!(used.iter().all(|clients| (60..=145).contains(clients)));
    }

    #[test]
    fn few_endpoints_are_all_used() {
        assert_eq!(subset(&["a", "b"], 2, 7), [0, 1]);
        assert_eq!(subset(&[], 2, 7), [0; 0]);
    }
}
