//! What methods that share a breaker say of it.

use std::time::Duration;

use super::*;
use crate::{
    call::{BreakerPolicy, BreakerScope, Policies, Window},
    fixture::ECHO,
    policy::{
        breaker::{Config, Registry, Verdict},
        plan::{Plan, Plans},
    },
};

/// Methods that share a breaker and say different things of it took it through all of them at every update, even at one
/// about something else, and its window was lost each time.
#[tokio::test(start_paused = true)]
async fn a_breaker_of_methods_that_differ_is_told_once_and_only_of_what_changed() {
    let policies = |calls: [u32; 2], timeout: u64| {
        move |method: &Method| {
            let breaker = BreakerPolicy::UNSET
                .scope(BreakerScope::Service)
                .sliding_window(Window::Count(calls[method.index]));
            let timeout = Duration::from_secs(timeout);
            Plan::new(Policies::UNSET.breaker(breaker).timeout(timeout))
        }
    };
    let table = Arc::new(Plans::new(&ECHO, policies([50, 60], 1)));
    let registry = Registry::default();
    let here = Breakers::shared(&ECHO, Arc::clone(&table), &registry, "").unwrap();
    let breaker = here.of(&ECHO.methods[0]);
    let window = || breaker.counts(clock::now()).window.calls;
    let fail = || {
        let permit = breaker.admit(clock::now()).unwrap();
        permit.complete(clock::now(), Verdict::Failure);
    };
    fail();

    table.swap(policies([50, 60], 2));
    here.reconfigure(clock::now()).unwrap();
    assert_eq!(window(), 1, "it was told nothing new");
    assert_eq!(breaker.config().sliding_window, Window::Count(60));

    // What another stack says of it meanwhile stands until this one says something else.
    let target = Registry::key(BreakerScope::Service, "", &ECHO.methods[0]);
    let other = Config {
        sliding_window: Window::Count(70),
        ..(*breaker.config()).clone()
    };
    registry.breaker(&target, other, clock::now(), 1).unwrap();
    fail();
    table.swap(policies([55, 60], 3));
    here.reconfigure(clock::now()).unwrap();
    assert_eq!(
        (window(), breaker.config().sliding_window),
        (1, Window::Count(70))
    );
    table.swap(policies([55, 65], 3));
    here.reconfigure(clock::now()).unwrap();
    assert_eq!(breaker.config().sliding_window, Window::Count(65));
}
