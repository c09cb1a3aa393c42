//! Draws places by weight in one step, however many there are (Walker's alias method, as Vose builds it).

/// A table to draw from: each place has its chance, and another one that gets the rest.
#[derive(Debug)]
pub(crate) struct Alias(Box<[(f32, u32)]>);

impl Alias {
    /// Draws each place as often as its weight says; none if all weigh the same, or nothing.
    pub(crate) fn new(weights: &[f64]) -> Option<Self> {
        let sum: f64 = weights.iter().sum();
        let even = weights.windows(2).all(|pair| pair[0] == pair[1]);
        if even || !(sum > 0.0 && sum.is_finite()) {
            return None;
        }
        let scale = weights.len() as f64 / sum;
        let mut chances: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
        let mut table: Vec<(f32, u32)> = (0..weights.len())
            .map(|place| (1.0, place as u32))
            .collect();
        let (mut poor, mut rich): (Vec<usize>, Vec<usize>) =
            (0..weights.len()).partition(|place| chances[*place] < 1.0);
        while let (Some(small), Some(large)) = (poor.pop(), rich.last().copied()) {
            table[small] = (chances[small] as f32, large as u32);
            chances[large] -= 1.0 - chances[small];
            if chances[large] < 1.0 {
                rich.pop();
                poor.push(large);
            }
        }
        Some(Self(table.into()))
    }

    /// The place for a random number.
    pub(crate) fn draw(&self, random: u64) -> usize {
        let place = scaled(random >> 32, self.0.len());
        let (chance, other) = self.0[place];
        let coin = (random & 0xFFFF_FFFF) as f64 / (1_u64 << 32) as f64;
        if coin < f64::from(chance) {
            place
        } else {
            other as usize
        }
    }
}

/// A number below `below`, of 32 random bits.
fn scaled(random: u64, below: usize) -> usize {
    ((u128::from(random) * below as u128) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_drawn_as_often_as_its_weight_says() {
        let weights = [1.0, 2.0, 0.0, 5.0, 2.0];
        let alias = Alias::new(&weights).unwrap();
        let mut random = fastrand::Rng::with_seed(7);
        let mut drawn = [0_u32; 5];
        for _ in 0..100_000 {
            drawn[alias.draw(random.u64(..))] += 1;
        }
        for (weight, drawn) in weights.iter().zip(drawn) {
            let expected = weight * 10_000.0;
            assert!(
                (f64::from(drawn) - expected).abs() < 500.0,
                "{weight}: {drawn}"
            );
        }
    }

    #[test]
    fn where_all_weigh_the_same_no_table_is_needed() {
        assert!(Alias::new(&[3.0, 3.0, 3.0]).is_none());
        assert!(Alias::new(&[]).is_none());
        assert!(Alias::new(&[0.0, 0.0]).is_none());
    }
}
