//! The limits of a service's methods, each of which may be put there, taken away or exchanged while calls come.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use arc_swap::ArcSwapOption;

use crate::call::{Method, Service};

/// A limit for each method of a service, or none; or one for whatever is called. Several methods may share one.
#[derive(Debug)]
pub struct Table<P> {
    /// `None` where the first row is everybody's.
    service: Option<&'static Service>,
    rows: Box<[Row<P>]>,
}

#[derive(Debug)]
struct Row<P> {
    /// What every call reads; only where it is set, the policy is asked for.
    is_on: AtomicBool,
    policy: ArcSwapOption<P>,
}

impl<P> Table<P> {
    /// What `policy` gives for each method of `service`. Calls of other services have no limit.
    pub fn new(
        service: &'static Service,
        policy: impl FnMut(&'static Method) -> Option<Arc<P>>,
    ) -> Self {
        let policies = service.methods.iter().map(policy);
        Self {
            service: Some(service),
            rows: policies.map(Row::new).collect(),
        }
    }

    /// One limit for all calls of all services together.
    pub fn shared(policy: Arc<P>) -> Self {
        Self {
            service: None,
            rows: [Row::new(Some(policy))].into(),
        }
    }

    /// The limit of `method`, if there is one.
    #[inline]
    pub fn of(&self, method: &Method) -> Option<Arc<P>> {
        let row = self.row(method)?;
        if !row.is_on.load(Relaxed) {
            return None;
        }
        row.policy.load_full()
    }

    /// Puts a limit in the place of the one that `method` had. Calls under way go on with what they have.
    pub fn put(&self, method: &Method, policy: Option<Arc<P>>) {
        if let Some(row) = self.row(method) {
            let is_on = policy.is_some();
            row.policy.store(policy);
            row.is_on.store(is_on, Relaxed);
        }
    }

    #[inline]
    fn row(&self, method: &Method) -> Option<&Row<P>> {
        match self.service {
            None => self.rows.first(),
            Some(own) if std::ptr::eq(own, method.service) => self.rows.get(method.index),
            Some(_) => None,
        }
    }
}

impl<P> Row<P> {
    fn new(policy: Option<Arc<P>>) -> Self {
        Self {
            is_on: AtomicBool::new(policy.is_some()),
            policy: ArcSwapOption::new(policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ECHO, ECHO_2};

    #[test]
    fn a_limit_is_for_its_own_service_or_for_all() {
        let table = Table::new(&ECHO, |method| (method.index == 1).then(|| Arc::new(7)));
        let (say, repeat) = (&ECHO.methods[0], &ECHO.methods[1]);
        assert_eq!((table.of(say), table.of(repeat)), (None, Some(Arc::new(7))));
        assert_eq!(table.of(&ECHO_2.methods[1]), None, "another service");
        table.put(say, Some(Arc::new(8)));
        table.put(repeat, None);
        assert_eq!((table.of(say), table.of(repeat)), (Some(Arc::new(8)), None));

        let shared = Table::shared(Arc::new(9));
        for method in [say, repeat, &ECHO_2.methods[1]] {
            assert_eq!(shared.of(method), Some(Arc::new(9)));
        }
    }
}
