//! Claims about what is done to calls, told as stories.

mod calls;
mod peers;
mod streams;

use std::{sync::Arc, time::Duration};

use tonic::{Code, Status};

use super::*;
use crate::{
    call::{Body, Call, Frames, Invoke, Mark, Message, Reply},
    clock,
    fixture::{ECHO, Handler, echo, say},
    policy::{
        fault::{Config, MILLION},
        plan::{Plan, Plans},
    },
};

const SECOND: Duration = Duration::from_secs(1);

/// A plan by which all calls of the first method get what `change` sets, and an open gate.
fn faulty(change: impl FnOnce(&mut Config)) -> (Arc<Plans>, Rules) {
    let mut config = Config::default();
    change(&mut config);
    let rule = config.rule().unwrap();
    let plans = Plans::new(&ECHO, |method| {
        let rule = (method.index == 0).then(|| rule.clone());
        Plan::new(method.policies).with_faults(rule)
    });
    let faults = Arc::new(Faults::new(7));
    faults.turn(true);
    (Arc::new(plans), Rules::default().within(faults))
}

fn calling<I>(inner: I, change: impl FnOnce(&mut Config)) -> Calling<I> {
    let (plans, rules) = faulty(change);
    Calling::new(inner, plans, &rules)
}

fn always_abort(config: &mut Config) {
    (config.abort_status, config.abort_fraction) = (Some(Code::Aborted), MILLION);
}

fn always_delay(config: &mut Config) {
    (config.delay, config.delay_fraction) = (Some(SECOND), MILLION);
}
