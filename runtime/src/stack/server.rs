//! The server's stack around one contract.

use std::sync::Arc;

use super::{
    LimitCounts, ServerPlace, ServerSettings,
    limits::{self, Limits},
    seat,
};
use crate::{
    call::{Method, Policies, Service},
    codegen::Contract,
    config::live::Follow,
    layer::{deadline, limit::Side, panics::Catch, place::Place, telemetry, version},
    policy::{
        plan::{Plan, Plans},
        retry::ThrottleConfig,
    },
};

/// The layers around a service.
pub type ServerLayers<C> = telemetry::Serving<
    deadline::Serving<version::Serving<Place<limits::Limited<Catch<seat::Handled<Place<C>>>>>>>,
>;

/// What the policies of a server's stack did so far.
#[derive(Debug, Clone, Default)]
pub struct ServerCounts {
    /// Deadlines.
    pub deadline: Arc<deadline::Counts>,
    /// Limits.
    pub limits: LimitCounts,
    /// Versions.
    pub version: Arc<version::Counts>,
}

/// Puts the server's layers around `contract`; they count into `counts`.
pub fn server<C: Contract>(
    contract: C,
    settings: &ServerSettings,
    counts: &ServerCounts,
) -> ServerLayers<C> {
    let own = &settings.layers;
    let contract = own.around(&ServerPlace::Handler, contract);
    let governed = Arc::new(Governed::new(C::SERVICE, settings, counts));
    let contract = seat::handled(contract, &governed.plans, settings);
    let contract = Catch::new(contract);
    let contract = governed.limits.around(contract);
    let contract = own.around(&ServerPlace::Arrival, contract);
    let contract = version::Serving::new(contract, Arc::clone(&counts.version));
    if let Some(live) = &settings.live {
        live.join(governed);
    }
    let contract = deadline::Serving::new(contract, Arc::clone(&counts.deadline));
    #[cfg(feature = "metrics")]
    return telemetry::Serving::new(
        contract,
        C::SERVICE,
        super::report::of_server(C::SERVICE, counts),
    );
    #[cfg(not(feature = "metrics"))]
    telemetry::Serving::new(contract, C::SERVICE)
}

/// What goes by the policies of a server's configuration. What the contract says is for clients: a server has many, and
/// each of them holds itself to its own share.
struct Governed {
    service: &'static Service,
    plans: Arc<Plans>,
    limits: Limits,
}

impl Governed {
    fn new(service: &'static Service, settings: &ServerSettings, counts: &ServerCounts) -> Self {
        let shared = settings.limits.clone();
        Self {
            service,
            plans: Arc::new(Plans::new(service, |_| Plan::new(Policies::UNSET))),
            limits: Limits::new(service, Side::Server, shared, &counts.limits),
        }
    }
}

impl Follow for Governed {
    fn service(&self) -> &'static Service {
        self.service
    }

    fn follow(&self, policies: &dyn Fn(&Method) -> Policies, _: &ThrottleConfig) {
        self.plans.swap(|method| Plan::new(policies(method)));
        self.limits.follow(policies);
    }
}
