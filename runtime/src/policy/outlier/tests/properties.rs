//! What holds whatever happens.

use proptest::prelude::*;

use super::*;

/// Something that happens to a target of up to eight endpoints.
#[derive(Clone, Debug)]
enum Step {
    Calls {
        endpoint: usize,
        good: u32,
        bad: u32,
    },
    Sweep {
        after: u64,
        random: f64,
    },
    Update {
        present: u8,
    },
    Reconfigure {
        percent: u32,
        threshold: u32,
        base: u64,
        longest: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..8_usize, 0..20_u32, 0..20_u32)
            .prop_map(|(endpoint, good, bad)| Step::Calls { endpoint, good, bad }),
        3 => (0..40_000_u64, 0.0..1.0).prop_map(|(after, random)| Step::Sweep { after, random }),
        1 => any::<u8>().prop_map(|present| Step::Update { present }),
        1 => (0..=100_u32, 0..=100_u32, 0..60_000_u64, 0..90_000_u64).prop_map(
            |(percent, threshold, base, longest)| Step::Reconfigure { percent, threshold, base, longest }
        ),
    ]
}

/// An endpoint as plain as can be.
#[derive(Clone, Default)]
struct Model {
    multiplier: u32,
    ejected: Option<Instant>,
}

struct World {
    target: Target,
    /// By name; absent where it is no endpoint.
    models: Vec<Option<Model>>,
    /// Every handle that ever was.
    stale: Vec<Arc<Endpoint>>,
}

impl World {
    fn new() -> Self {
        let target = Target::new(8, |config| {
            config.success_rate_ejection = Some(SuccessRate {
                stdev_factor: 500,
                minimum_hosts: 2,
                request_volume: 5,
                enforcement_percentage: 70,
            });
            config.failure_percentage_ejection = Some(FailurePercentage {
                minimum_hosts: 2,
                request_volume: 5,
                ..FailurePercentage::default()
            });
        });
        let stale = target.endpoints.clone();
        Self {
            target,
            models: vec![Some(Model::default()); 8],
            stale,
        }
    }

    fn sweep(&mut self, after: u64, random: f64) -> Result<(), TestCaseError> {
        self.target.now += Duration::from_millis(after);
        let now = self.target.now;
        let config = self.target.outlier.config();
        let total = self.models.iter().flatten().count();
        let events = self.target.outlier.sweep(now, || random);
        let mut ejected = self
            .models
            .iter()
            .flatten()
            .filter(|model| model.ejected.is_some())
            .count();
        let mut returned = Vec::new();
        for event in &events {
            let name: usize = event.endpoint.parse().expect("a number");
            let model = self.models[name].as_mut().expect("an endpoint that is one");
            match event.action {
                Action::Ejected { multiplier, .. } => {
                    // Before each ejection there was room.
                    prop_assert!(ejected * 100 < config.max_ejection_percent as usize * total);
                    prop_assert!(model.ejected.is_none(), "ejected twice");
                    ejected += 1;
                    model.ejected = Some(now);
                    model.multiplier += 1;
                    prop_assert_eq!(multiplier, model.multiplier);
                }
                Action::Returned => returned.push(name),
                Action::Unenforced { .. } => prop_assert!(model.ejected.is_none()),
            }
        }
        self.settle(&config, &returned)
    }

    /// Who returns, and whose ejections are forgotten.
    fn settle(&mut self, config: &Config, returned: &[usize]) -> Result<(), TestCaseError> {
        let now = self.target.now;
        for (name, model) in self.models.iter_mut().enumerate() {
            let Some(model) = model else { continue };
            let Some(at) = model.ejected else {
                model.multiplier = model.multiplier.saturating_sub(1);
                prop_assert!(!returned.contains(&name));
                continue;
            };
            let longest = config.base_ejection_time.max(config.max_ejection_time);
            let time = (config.base_ejection_time * model.multiplier).min(longest);
            prop_assert_eq!(
                returned.contains(&name),
                now - at > time,
                "returns exactly in time"
            );
            if now - at > time {
                model.ejected = None;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Calls {
                endpoint,
                good,
                bad,
            } => {
                // To whatever handle is at hand: a stale one must change nothing.
                let handle = &self.stale[(endpoint * 7 + good as usize) % self.stale.len()];
                (0..good).for_each(|_| handle.count(Outcome::Success));
                (0..bad).for_each(|_| handle.count(Outcome::Failure));
            }
            Step::Sweep { after, random } => self.sweep(after, random)?,
            Step::Update { present } => {
                let present: Vec<usize> = (0..8).filter(|bit| present >> bit & 1 == 1).collect();
                let names = present.iter().map(ToString::to_string);
                self.stale.extend(self.target.outlier.update(names));
                for (name, model) in self.models.iter_mut().enumerate() {
                    match present.contains(&name) {
                        true => drop(model.get_or_insert_default()),
                        false => *model = None,
                    }
                }
            }
            Step::Reconfigure {
                percent,
                threshold,
                base,
                longest,
            } => {
                self.target.reconfigure(|config| {
                    config.max_ejection_percent = percent;
                    config.panic_threshold = threshold;
                    config.base_ejection_time = Duration::from_millis(base);
                    config.max_ejection_time = Duration::from_millis(longest);
                });
            }
        }
        self.check()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let snapshot = self.target.outlier.snapshot();
        let total = self.models.iter().flatten().count();
        let out = self
            .models
            .iter()
            .flatten()
            .filter(|model| model.ejected.is_some())
            .count();
        prop_assert_eq!(snapshot.endpoints.len(), total);
        for standing in &snapshot.endpoints {
            let name: usize = standing.name.parse().expect("a number");
            let model = self.models[name].as_ref().expect("an endpoint that is one");
            prop_assert_eq!(standing.ejected, model.ejected.is_some());
            prop_assert_eq!(standing.multiplier, model.multiplier);
        }
        let threshold = self.target.outlier.config().panic_threshold as usize;
        let usable = total - out;
        let panics = out > 0 && (usable == 0 || usable * 100 < threshold * total);
        prop_assert_eq!(snapshot.panics, panics);
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_limits_hold_and_times_are_exact(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step)?;
        }
    }

    #[test]
    fn an_ejection_time_is_never_beyond_its_limits(
        base in 0..400_000_u64, longest in 0..400_000_u64, jitter in 0..10_000_u64,
        multiplier in 0..u32::MAX, random in 0.0..1.0,
    ) {
        let config = Config {
            base_ejection_time: Duration::from_millis(base),
            max_ejection_time: Duration::from_millis(longest),
            max_ejection_time_jitter: Duration::from_millis(jitter),
            ..Config::default()
        };
        let time = config.ejection_time(multiplier, random);
        prop_assert!(time <= Duration::from_millis(base.max(longest) + jitter));
        prop_assert!(multiplier == 0 || time >= Duration::from_millis(base));
    }
}
