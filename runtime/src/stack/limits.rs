//! The limits of one stack: put there, changed and taken away as the policies of its methods say.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use futures_util::future::Either;
use tonic::Status;
use tower_layer::Layer;

use crate::{
    call::{Call, Invoke, Method, Policies, Reply, Service},
    clock,
    layer::limit::{
        Counts, Side, Table,
        adaptive::{Adaptive, AdaptiveLayer, Shedding},
        bulkhead::{Bulkhead, BulkheadLayer},
        rate::{Limit, Limiting, RateLayer},
        size::{Measuring, SizeLayer, Sizes},
    },
    policy::limit::{adaptive, bulkhead, rate},
};

/// What the limits of one stack did.
#[derive(Debug, Clone, Default)]
pub struct LimitCounts {
    /// How large messages are.
    pub size: Arc<Counts>,
    /// How many calls begin in a time.
    pub rate: Arc<Counts>,
    /// How many are under way, as this end finds out.
    pub adaptive: Arc<Counts>,
    /// How many are under way.
    pub bulkhead: Arc<Counts>,
}

/// The limits that all methods of a server share that have none of their own.
#[derive(Debug, Clone, Default)]
pub struct SharedLimits {
    /// How many calls may begin in a time.
    pub rate: Option<Arc<Limit>>,
    /// How many may be under way, as the server finds out.
    pub adaptive: Option<Arc<Shedding>>,
}

/// The limits of the methods of one service on one end.
#[derive(Debug)]
pub(super) struct Limits {
    service: &'static Service,
    shared: SharedLimits,
    rates: Arc<Table<Limit>>,
    adaptive: Arc<Table<Shedding>>,
    bulkheads: Arc<Table<bulkhead::Bulkhead>>,
    sizes: Arc<Table<Sizes>>,
    layers: (SizeLayer, RateLayer, AdaptiveLayer, BulkheadLayer),
    /// Of each method, whether any of the limits is there.
    any: Arc<[AtomicBool]>,
}

/// Limits around a stack. Calls of a method without any of them pass at the price of one load.
#[derive(Debug)]
pub struct Limited<I> {
    any: Arc<[AtomicBool]>,
    layers: Layers<I>,
}

type Layers<I> = Measuring<Limiting<Adaptive<Bulkhead<I>>>>;

// === Limits ===

impl Limits {
    /// No limits yet but those that are `shared`; all count into `counts`.
    pub(super) fn new(
        service: &'static Service,
        side: Side,
        shared: SharedLimits,
        counts: &LimitCounts,
    ) -> Self {
        let rates = Arc::new(Table::new(service, |_| shared.rate.clone()));
        let adaptive = Arc::new(Table::new(service, |_| shared.adaptive.clone()));
        let bulkheads = Arc::new(Table::new(service, |_| None));
        let sizes = Arc::new(Table::new(service, |_| None));
        let layers = (
            SizeLayer::new(Arc::clone(&sizes), side).counting(Arc::clone(&counts.size)),
            RateLayer::new(Arc::clone(&rates), side).counting(Arc::clone(&counts.rate)),
            AdaptiveLayer::new(Arc::clone(&adaptive), side).counting(Arc::clone(&counts.adaptive)),
            BulkheadLayer::new(Arc::clone(&bulkheads), side).counting(Arc::clone(&counts.bulkhead)),
        );
        let any = service.methods.iter().map(|_| AtomicBool::new(false));
        let limits = Self {
            service,
            shared,
            rates,
            adaptive,
            bulkheads,
            sizes,
            layers,
            any: any.collect(),
        };
        limits.note();
        limits
    }

    /// Puts the limits around `inner`, the cheapest first. On a client one call has one place, however often it is sent.
    pub(super) fn around<I>(&self, inner: I) -> Limited<I> {
        let (size, rate, adaptive, bulkhead) = &self.layers;
        Limited {
            any: Arc::clone(&self.any),
            layers: size.layer(rate.layer(adaptive.layer(bulkhead.layer(inner)))),
        }
    }

    /// Goes by `policies` from the next call on. A limit that was there keeps what it has counted.
    pub(super) fn follow(&self, policies: &dyn Fn(&Method) -> Policies) {
        for method in self.service.methods {
            let policies = policies(method);
            self.follow_rate(method, &policies);
            self.follow_bulkhead(method, &policies);
            self.follow_adaptive(method, &policies);
            self.follow_sizes(method, &policies);
        }
        self.note();
    }

    /// Notes which methods have a limit. Whoever reads it and is too early or too late meets what held a moment ago.
    fn note(&self) {
        for (any, method) in self.any.iter().zip(self.service.methods) {
            let found = self.rates.of(method).is_some()
                || self.adaptive.of(method).is_some()
                || self.bulkheads.of(method).is_some()
                || self.sizes.of(method).is_some();
            any.store(found, Relaxed);
        }
    }

    fn follow_sizes(&self, method: &Method, policies: &Policies) {
        let sizes = Sizes {
            request: policies.max_request_message_bytes,
            response: policies.max_response_message_bytes,
        };
        let put = (sizes != Sizes::default()).then(|| Arc::new(sizes));
        self.sizes.put(method, put);
    }

    fn follow_rate(&self, method: &Method, policies: &Policies) {
        let declared = policies.rate_limit.and_then(|policy| {
            let config = rate::Config::from(&policy);
            policy.limit_for_period.map(|_| config)
        });
        let own = own(self.rates.of(method), &self.shared.rate);
        let put = match (declared, own) {
            (None, _) => Ok(self.shared.rate.clone()),
            (Some(config), None) => Limit::new(config).map(|limit| Some(Arc::new(limit))),
            (Some(config), Some(limit)) => limit.reconfigure(config).map(|()| Some(limit)),
        };
        if let (Some(policy), Ok(Some(limit))) = (policies.rate_limit, &put) {
            limit.wait_up_to(policy.max_wait_duration.unwrap_or_default());
        }
        keep(method, put, |limit| self.rates.put(method, limit));
    }

    fn follow_bulkhead(&self, method: &Method, policies: &Policies) {
        let declared = policies.bulkhead.as_ref().map(bulkhead::Config::from);
        let bounded = declared.filter(|config| config.max_concurrent_calls.is_some());
        let put = match (bounded, self.bulkheads.of(method)) {
            (None, _) => Ok(None),
            (Some(config), None) => {
                bulkhead::Bulkhead::new(config).map(|bulkhead| Some(Arc::new(bulkhead)))
            }
            (Some(config), Some(bulkhead)) => bulkhead.reconfigure(config).map(|()| Some(bulkhead)),
        };
        keep(method, put, |bulkhead| self.bulkheads.put(method, bulkhead));
    }

    fn follow_adaptive(&self, method: &Method, policies: &Policies) {
        let declared = policies.adaptive_limit.as_ref().map(adaptive::Config::from);
        let own = own(self.adaptive.of(method), &self.shared.adaptive);
        let put = match (declared, own) {
            (None, _) => Ok(self.shared.adaptive.clone()),
            (Some(config), None) => adaptive::Limiter::new(config, clock::now())
                .map(|limiter| Some(Arc::new(Shedding::new(Arc::new(limiter))))),
            (Some(config), Some(shedding)) => shedding
                .limiter
                .reconfigure(config)
                .map(|()| Some(shedding)),
        };
        keep(method, put, |shedding| self.adaptive.put(method, shedding));
    }
}

impl<I: Invoke> Invoke for Limited<I> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        let any = self.any.get(call.method.index);
        match any.is_some_and(|any| any.load(Relaxed)) {
            false => {
                let bulkhead = self.layers.inner().inner().inner();
                Either::Left(bulkhead.inner().invoke(call))
            }
            true => Either::Right(Box::pin(self.layers.invoke(call))),
        }
    }
}

/// A limit that is the method's alone.
fn own<L>(limit: Option<Arc<L>>, shared: &Option<Arc<L>>) -> Option<Arc<L>> {
    limit.filter(|limit| {
        !shared
            .as_ref()
            .is_some_and(|shared| Arc::ptr_eq(shared, limit))
    })
}

/// Every value was read within its bounds, so what is refused here is a limit that stays as it was.
fn keep<L, E: std::fmt::Display>(
    method: &Method,
    limit: Result<Option<L>, E>,
    put: impl FnOnce(Option<L>),
) {
    match limit {
        Ok(limit) => put(limit),
        Err(error) => {
            tracing::warn!(%error, method = method.path, "the limit stays as it was");
        }
    }
}
