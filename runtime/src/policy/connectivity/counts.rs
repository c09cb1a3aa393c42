//! How many endpoints are in each state, and what that makes of the channel that they are the endpoints of.

use super::State;

/// Endpoints by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; State::ALL.len()]);

impl Counts {
    /// How many are in `state`.
    pub fn of(&self, state: State) -> usize {
        self.0[state as usize]
    }

    /// What can be said of all of them together, as gRPC's balancers have it: the best of what any is, and
    /// [`TransientFailure`](State::TransientFailure) where there are none.
    pub fn overall(&self) -> State {
        let best = [State::Ready, State::Connecting, State::Idle];
        let best = best.into_iter().find(|state| self.of(*state) > 0);
        best.unwrap_or(State::TransientFailure)
    }
}

impl FromIterator<State> for Counts {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Self {
        let mut counts = Self::default();
        for state in states {
            counts.0[state as usize] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::{State::*, *};

    #[test]
    fn a_channel_is_what_the_best_of_its_endpoints_is() {
        let overall = |states: &[State]| states.iter().copied().collect::<Counts>().overall();
        assert_eq!(overall(&[TransientFailure, Ready, Connecting]), Ready);
        assert_eq!(overall(&[TransientFailure, Idle, Connecting]), Connecting);
        assert_eq!(overall(&[TransientFailure, Idle]), Idle);
        assert_eq!(overall(&[TransientFailure]), TransientFailure);
        assert_eq!(overall(&[]), TransientFailure);
    }

    #[test]
    fn each_state_is_counted_as_itself() {
        let counts: Counts = State::ALL.into_iter().chain([Ready]).collect();
        let of = State::ALL.map(|state| counts.of(state));
        assert_eq!(of, [1, 1, 2, 1, 1]);
    }
}
