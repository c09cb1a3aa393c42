//! The client's stack over one carrier, for the methods of one service.

use std::{fmt, future::Future, sync::Arc};

use tonic::Status;
use tower_layer::Layer;

use super::{
    ClientPlace, ClientSettings, LimitCounts, SharedLimits,
    limits::{self, Limits},
    seat,
};
use crate::{
    call::{BreakerScope, Call, Invoke, Method, Policies, Reply, Service},
    clock,
    config::live::{Follow, Live},
    layer::{
        attempt::Attempt,
        breaker::{Breaker, Breakers},
        deadline,
        fallback::{self, Falling},
        limit::{
            Side,
            priority::{Inheriting, PriorityLayer},
        },
        place::Place,
        retry::{self, Retry},
        telemetry, version,
    },
    policy::{
        breaker::Handle,
        plan::{Plan, Plans, Switch},
        retry::ThrottleConfig,
    },
};

type Attempts<C> =
    telemetry::Attempt<Place<Breaker<version::Calling<Attempt<seat::Sent<Place<C>>>>>>>;
type Layers<C> = telemetry::Calling<Place<Falling<deadline::Calling<Limited<C>>>>>;
type Limited<C> = Inheriting<limits::Limited<Retry<Attempts<C>>>>;

/// The layers that a client's calls pass, with what they keep for one service at one target. Cheap to clone.
pub struct Client<C> {
    parts: Arc<Parts<C>>,
}

struct Parts<C> {
    layers: Layers<C>,
    governed: Arc<Governed>,
    counts: Counts,
    #[cfg(feature = "metrics")]
    #[expect(dead_code, reason = "it reports for as long as the stack is there")]
    reports: crate::telemetry::Reports,
    /// Kept up for as long as there is a stack that goes by it.
    #[expect(dead_code, reason = "it is followed, not asked")]
    live: Option<Arc<Live>>,
}

/// What goes by the policies of a channel. Knows nothing of whoever says them.
struct Governed {
    service: &'static Service,
    plans: Arc<Plans>,
    limits: Limits,
    breakers: Arc<Breakers>,
    target: Arc<retry::Target>,
}

/// What the policies of a stack did so far.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Deadlines.
    pub deadline: Arc<deadline::Counts>,
    /// Fallbacks.
    pub fallback: Arc<fallback::Counts>,
    /// Limits.
    pub limits: LimitCounts,
    /// Retries.
    pub retry: Arc<retry::Counts>,
    /// Versions.
    pub version: Arc<version::Counts>,
}

impl<C: Invoke + 'static> Client<C> {
    /// Puts the client's layers for `service` over `carrier`.
    pub fn new(carrier: C, service: &'static Service, settings: &ClientSettings) -> Self {
        let own = &settings.layers;
        let counts = Counts::default();
        let governed = Arc::new(Governed::new(service, settings, &counts));
        let (plans, breakers) = (&governed.plans, &governed.breakers);
        let layers = own.around(&ClientPlace::Carrier, carrier);
        let layers = seat::sent(layers, plans, settings);
        let layers = version::Calling::new(Attempt::new(layers), Arc::clone(&counts.version));
        let layers = Breaker::new(layers, Arc::clone(breakers));
        let layers = own.around(&ClientPlace::Attempt, layers);
        let layers = telemetry::Attempt::new(layers, service);
        let layers = Retry::new(layers, Arc::clone(plans), Arc::clone(&settings.target))
            .counting(Arc::clone(&counts.retry));
        let layers = PriorityLayer.layer(governed.limits.around(layers));
        let layers =
            deadline::Calling::new(layers, Arc::clone(plans), Arc::clone(&counts.deadline));
        let (room, fell) = (
            Arc::clone(&settings.target.room),
            Arc::clone(&counts.fallback),
        );
        let layers = Falling::new(layers, service, &settings.fallbacks, room, fell);
        let layers = own.around(&ClientPlace::Call, layers);
        let layers = telemetry::Calling::new(layers, service, settings.name.clone());
        if let Some(live) = &settings.live {
            live.join(Arc::clone(&governed) as Arc<dyn Follow>);
        }
        let live = settings.live.clone();
        #[cfg(feature = "metrics")]
        let reports = super::report::of_client(service, settings, &counts, breakers);
        Self {
            parts: Arc::new(Parts {
                layers,
                #[cfg(feature = "metrics")]
                reports,
                governed,
                counts,
                live,
            }),
        }
    }
}

impl<C> Client<C> {
    /// What holds for each method.
    pub fn plans(&self) -> &Arc<Plans> {
        &self.parts.governed.plans
    }

    /// What the policies did so far.
    pub fn counts(&self) -> &Counts {
        &self.parts.counts
    }

    /// The breakers, one a method.
    pub fn breakers(&self) -> &Breakers {
        &self.parts.governed.breakers
    }

    /// The breaker of the method that the contract calls `name`: its state, its counts, its events, and the way to
    /// force it. `None` if there is no such method.
    pub fn breaker(&self, name: &str) -> Option<Handle> {
        let methods = self.parts.governed.service.methods;
        let method = methods.iter().find(|method| method.name == name)?;
        Some(Handle::new(Arc::clone(self.breakers().of(method))))
    }
}

impl Governed {
    /// Goes from the first call on by what holds now.
    fn new(service: &'static Service, settings: &ClientSettings, counts: &Counts) -> Self {
        let live = settings.live.as_ref();
        let policies = |method: &Method| live.map_or(method.policies, |live| live.policies(method));
        let limits = Limits::new(
            service,
            Side::Client,
            SharedLimits::default(),
            &counts.limits,
        );
        limits.follow(&policies);
        let plans = Arc::new(Plans::new(service, |method| Plan::new(policies(method))));
        let breakers = Breakers::shared(service, Arc::clone(&plans), &settings.breakers, "");
        let breakers = breakers.expect("what is declared was checked where it was read");
        Self {
            service,
            plans,
            limits,
            breakers: Arc::new(breakers),
            target: Arc::clone(&settings.target),
        }
    }
}

impl Follow for Governed {
    fn service(&self) -> &'static Service {
        self.service
    }

    /// What breakers have counted belongs to all who share them, and could be neither divided nor put together.
    fn scope(&self, method: &Method) -> Option<BreakerScope> {
        Some(self.breakers.scope(method))
    }

    fn follow(&self, policies: &dyn Fn(&Method) -> Policies, throttling: &ThrottleConfig) {
        self.plans.swap(|method| Plan::new(policies(method)));
        self.limits.follow(policies);
        if let Err(error) = self.breakers.reconfigure(clock::now()) {
            tracing::warn!(%error, service = self.service.name, "breakers stay as they were");
        }
        self.target.throttle.reconfigure(throttling);
    }
}

impl<C: Invoke> Invoke for Client<C> {
    #[inline]
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        let plans = self.plans();
        // What the caller says of the one call is narrower.
        if call.wait_for_ready.is_none() && plans.is_on(call.method, Switch::WaitForReady) {
            call.wait_for_ready = plans.of(call.method).policies.wait_for_ready;
        }
        self.parts.layers.invoke(call)
    }
}

impl<C> Clone for Client<C> {
    fn clone(&self) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
        }
    }
}

impl<C> fmt::Debug for Client<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("service", self.parts.governed.service)
            .finish_non_exhaustive()
    }
}
