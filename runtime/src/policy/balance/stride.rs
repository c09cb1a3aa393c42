//! Gives out places in turn, each as often as its weight says and spread over the turn (the static stride schedule of gRFC A58).
//!
//! A turn goes over all places, and skips a place in as many of them as it weighs less than the heaviest. Which turns
//! these are follows from its number alone, so one counter is all the state there is.

use super::Alias;

/// The weight of the heaviest place.
const FULL: u64 = 0xFFFF;
/// How many places are looked at; when that many were skipped, one is drawn.
const STEPS: u64 = 64;

/// A schedule over weighted places.
#[derive(Debug)]
pub(crate) struct Stride {
    weights: Box<[u16]>,
    /// For where few weigh nearly all, and would have to be looked for.
    alias: Option<Alias>,
}

impl Stride {
    /// A schedule of these weights. One that is not 0 counts as a 65535th of the heaviest at least.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let most = weights.iter().copied().fold(0.0, f64::max);
        let scaled = weights.iter().map(|weight| match *weight {
            weight if weight > 0.0 => ((weight / most) * FULL as f64).round().max(1.0) as u16,
            _ => 0,
        });
        Self {
            weights: scaled.collect(),
            alias: Alias::new(weights),
        }
    }

    /// The next place. `step` gives numbers that go up by one; `random` is for where the next one is far off.
    pub(crate) fn next(&self, mut step: impl FnMut() -> u64, random: u64) -> usize {
        let places = self.weights.len() as u64;
        for _ in 0..STEPS {
            let step = step();
            let (place, turn) = (step % places, step / places);
            let weight = u64::from(self.weights[place as usize]);
            // Places of one weight do not all skip the same turns.
            let offset = place.wrapping_mul(FULL / 2);
            let phase = weight.wrapping_mul(turn).wrapping_add(offset) % FULL;
            if weight > 0 && phase >= FULL - weight {
                return place as usize;
            }
        }
        match &self.alias {
            Some(alias) => alias.draw(random),
            None => (random % places.max(1)) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(weights: &[f64], calls: usize) -> Vec<usize> {
        let stride = Stride::new(weights);
        let mut count = 0;
        let mut random = fastrand::Rng::with_seed(7);
        let step = &mut || {
            count += 1;
            count - 1
        };
        (0..calls)
            .map(|_| stride.next(&mut *step, random.u64(..)))
            .collect()
    }

    fn counts(turns: &[usize], places: usize) -> Vec<usize> {
        let of = |place| turns.iter().filter(|turn| **turn == place).count();
        (0..places).map(of).collect()
    }

    #[test]
    fn each_gets_its_share_and_not_all_of_it_at_once() {
        let turns = turns(&[1.0, 2.0, 5.0], 800);
        assert_eq!(counts(&turns, 3), [100, 200, 500]);
        // Smooth: the heavy one is never called more than a few times in a row.
        let longest = turns.chunk_by(|one, other| one == other).map(<[_]>::len);
        assert!(longest.max().unwrap() <= 4);
    }

    #[test]
    fn equal_weights_are_a_round_robin() {
        assert_eq!(turns(&[3.0; 4], 8), [0, 1, 2, 3, 0, 1, 2, 3]);
    }

    #[test]
    fn what_weighs_nothing_gets_nothing_and_a_giant_is_found() {
        let mut weights = vec![0.001; 1_000];
        weights[500] = 1_000.0;
        weights[501] = 0.0;
        let counts = counts(&turns(&weights, 10_000), 1_000);
        assert!(counts[500] > 9_000, "{}", counts[500]);
        assert_eq!(counts[501], 0);
    }
}
