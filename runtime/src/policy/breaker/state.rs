//! The whole state of a breaker in one word, so that a decision is one load and a change is one compare-and-swap.
//!
//! ```text
//! 63   61 60        32 31       24 23  16 15    8 7    0
//! | state | generation | in flight | good | failed | slow |
//! ```
//! The last four count probes and are zero outside the half-open state. Every change of state is a new generation, so
//! the upper half alone tells a caller whether anything happened since its call was admitted.

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Calls flow and are counted.
    Closed,
    /// Calls are refused until the wait is over.
    Open,
    /// A few probes find out whether the peer is well; all other calls are refused.
    HalfOpen,
    /// Calls are refused until somebody says otherwise.
    ForcedOpen,
    /// Calls flow and are counted until somebody says otherwise.
    ForcedClosed,
    /// Calls flow and are not counted.
    Disabled,
    /// Calls flow and are counted, and subscribers hear when the breaker would have opened.
    MetricsOnly,
    /// A share of the calls is refused that grows with the share that fails.
    Throttling,
}

/// The state, the generation and the probes of a breaker, packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

/// What a counted call was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

const STATE: u32 = 61;
const PHASE: u32 = 32;
const GENERATION: u32 = (1 << (STATE - PHASE)) - 1;
const IN_FLIGHT: u64 = 1 << 24;
const GOOD: u64 = 1 << 16;
const FAILED: u64 = 1 << 8;
const SLOW: u64 = 1;

// === State ===

impl State {
    const ALL: [Self; 8] = [
        Self::Closed,
        Self::Open,
        Self::HalfOpen,
        Self::ForcedOpen,
        Self::ForcedClosed,
        Self::Disabled,
        Self::MetricsOnly,
        Self::Throttling,
    ];

    /// The state in the middle of a sentence.
    pub(super) const fn adjective(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half open",
            Self::ForcedOpen => "forced open",
            Self::ForcedClosed => "forced closed",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "observing",
            Self::Throttling => "throttling",
        }
    }

    /// Whether every call is admitted.
    pub(super) const fn flows(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::ForcedClosed | Self::Disabled | Self::MetricsOnly
        )
    }

    /// Whether outcomes go into the window.
    pub(super) const fn counts(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::ForcedClosed | Self::MetricsOnly | Self::Throttling
        )
    }
}

// === Word ===

impl Word {
    /// The word of a state that was just entered.
    pub(super) const fn new(state: State, generation: u32) -> Self {
        Self((state as u64) << STATE | ((generation & GENERATION) as u64) << PHASE)
    }

    /// The word of a state and generation, without probes.
    pub(super) const fn of_phase(phase: u32) -> Self {
        Self((phase as u64) << PHASE)
    }

    /// The word after a change to `state`.
    pub(super) const fn enter(self, state: State) -> Self {
        Self::new(state, self.generation().wrapping_add(1))
    }

    pub(super) const fn state(self) -> State {
        State::ALL[(self.0 >> STATE) as usize]
    }

    pub(super) const fn generation(self) -> u32 {
        self.phase() & GENERATION
    }

    /// State and generation together: equal as long as nothing changed.
    pub(super) const fn phase(self) -> u32 {
        (self.0 >> PHASE) as u32
    }

    /// The word with one probe more, or none if all that may be out are out.
    ///
    /// The ramp: one probe alone until the first is good, then two, four, eight at a time.
    pub(super) const fn launch(self, permitted: u32) -> Option<Self> {
        let at_a_time = 1 << (self.good() + 1).ilog2();
        let out = self.in_flight();
        if out >= at_a_time || out + self.completed() >= permitted {
            return None;
        }
        Some(Self(self.0 + IN_FLIGHT))
    }

    /// The word after a probe came back with an outcome.
    pub(super) const fn land(self, outcome: Outcome) -> Self {
        let result = if outcome.failed { FAILED } else { GOOD };
        let slow = if outcome.slow { SLOW } else { 0 };
        Self(self.0 - IN_FLIGHT + result + slow)
    }

    /// The word after a probe was given up: its place is free again.
    pub(super) const fn release(self) -> Self {
        Self(self.0 - IN_FLIGHT)
    }

    pub(super) const fn in_flight(self) -> u32 {
        self.byte(IN_FLIGHT)
    }

    pub(super) const fn good(self) -> u32 {
        self.byte(GOOD)
    }

    pub(super) const fn failed(self) -> u32 {
        self.byte(FAILED)
    }

    pub(super) const fn slow(self) -> u32 {
        self.byte(SLOW)
    }

    pub(super) const fn completed(self) -> u32 {
        self.good() + self.failed()
    }

    const fn byte(self, unit: u64) -> u32 {
        (self.0 / unit) as u8 as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD_PROBE: Outcome = Outcome {
        failed: false,
        slow: false,
    };

    #[test]
    fn keeps_state_and_generation_apart_even_when_the_generation_wraps() {
        let last = Word::new(State::MetricsOnly, GENERATION);
        assert_eq!(
            (last.state(), last.generation()),
            (State::MetricsOnly, GENERATION)
        );
        let next = last.enter(State::Open);
        assert_eq!((next.state(), next.generation()), (State::Open, 0));
    }

    #[test]
    fn probes_go_out_alone_first_and_then_two_four_eight_at_a_time() {
        let mut word = Word::new(State::HalfOpen, 3);
        for at_a_time in [1, 2, 4, 8] {
            let mut out = 0;
            while let Some(next) = word.launch(255) {
                (word, out) = (next, out + 1);
            }
            assert_eq!(out, at_a_time);
            for _ in 0..out {
                word = word.land(GOOD_PROBE);
            }
        }
        assert_eq!(
            (word.good(), word.in_flight(), word.generation()),
            (15, 0, 3)
        );
    }

    #[test]
    fn no_more_probes_than_permitted_and_a_released_one_can_go_out_again() {
        let word = Word::new(State::HalfOpen, 0).launch(2).expect("the first");
        let word = word.land(GOOD_PROBE).launch(2).expect("the second");
        assert_eq!(word.launch(2), None);
        assert!(word.release().launch(2).is_some());
    }
}
