//! The limits of a service's methods, each of which may be put there, taken away or exchanged while calls come.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use arc_swap::ArcSwapOption;

use crate::call::{Method, Service};

/// A limit for each method, or none. Several methods may share one.
#[derive(Debug)]
pub struct Table<P>(Box<[Row<P>]>);

#[derive(Debug)]
struct Row<P> {
    /// What every call reads; only where it is set, the policy is asked for.
    is_on: AtomicBool,
    policy: ArcSwapOption<P>,
}

impl<P> Table<P> {
    /// What `policy` gives for each method of `service`.
    pub fn new(service: &Service, policy: impl FnMut(&Method) -> Option<Arc<P>>) -> Self {
        let row = |policy: Option<Arc<P>>| Row {
            is_on: AtomicBool::new(policy.is_some()),
            policy: ArcSwapOption::new(policy),
        };
        Self(service.methods.iter().map(policy).map(row).collect())
    }

    /// The limit of `method`, if there is one.
    #[inline]
    pub fn of(&self, method: &Method) -> Option<Arc<P>> {
        let row = self.0.get(method.index)?;
        if !row.is_on.load(Relaxed) {
            return None;
        }
        row.policy.load_full()
    }

    /// Puts a limit in the place of the one that `method` had. Calls under way go on with what they have.
    pub fn put(&self, method: &Method, policy: Option<Arc<P>>) {
        if let Some(row) = self.0.get(method.index) {
            let is_on = policy.is_some();
            row.policy.store(policy);
            row.is_on.store(is_on, Relaxed);
        }
    }
}
