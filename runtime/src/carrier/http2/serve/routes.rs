//! Which service answers which path. One look-up for a call of a contract, one more for a service of another kind.

use std::collections::{BTreeMap, HashMap};

use http::HeaderMap;
use tonic::Status;

use super::Foreign;
use crate::call::{Announced, Method, Route, Service};

/// The services of a server.
#[derive(Default)]
pub(crate) struct Routes {
    methods: HashMap<&'static str, Route>,
    services: BTreeMap<&'static str, Mounted>,
}

enum Mounted {
    /// A contract, and one of its routes where it has any methods.
    Contract(&'static Service, Option<Route>),
    Foreign(Foreign),
}

/// What a path leads to.
pub(super) enum Found<'a> {
    Route(&'a Route),
    Foreign(&'a Foreign),
    /// Nothing; the service that it names, if there is one, and what there is instead.
    Nothing(Option<&'static Service>, Status),
}

/// A service whose name is taken.
#[derive(Debug, thiserror::Error)]
#[error("the service `{0}` was added twice")]
pub(crate) struct Taken(pub(crate) &'static str);

// === Routes ===

impl Routes {
    /// Lets `routes` answer the calls of `service`.
    ///
    /// # Errors
    /// If there is a service of this name.
    pub(crate) fn add(
        &mut self,
        service: &'static Service,
        routes: impl IntoIterator<Item = Route>,
    ) -> Result<(), Taken> {
        let mut routes = routes.into_iter().peekable();
        let contract = Mounted::Contract(service, routes.peek().cloned());
        self.mount(service.name, contract)?;
        self.methods
            .extend(routes.map(|route| (route.method().path, route)));
        Ok(())
    }

    /// Lets `foreign` answer all calls of the service of this name.
    ///
    /// # Errors
    /// If there is a service of this name.
    pub(crate) fn add_foreign(
        &mut self,
        name: &'static str,
        foreign: Foreign,
    ) -> Result<(), Taken> {
        self.mount(name, Mounted::Foreign(foreign))
    }

    /// The names of all services.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.services.keys().copied()
    }

    /// Who answers `path`, and by which release a caller with these headers is told that nobody does.
    pub(super) fn find(&self, path: &str, headers: &HeaderMap) -> Found<'_> {
        if let Some(route) = self.methods.get(path) {
            return Found::Route(route);
        }
        let (service, method) = split(path);
        match self.services.get(service) {
            Some(Mounted::Foreign(foreign)) => Found::Foreign(foreign),
            Some(Mounted::Contract(newest, route)) => {
                let told_by = |route: &Route| route.release(&Announced::read(headers));
                let known = route.as_ref().map_or(*newest, told_by);
                Found::Nothing(Some(known), no_method(known, method))
            }
            None => Found::Nothing(None, no_service(service, self.names())),
        }
    }

    fn mount(&mut self, name: &'static str, mounted: Mounted) -> Result<(), Taken> {
        match self.services.insert(name, mounted) {
            Some(_) => Err(Taken(name)),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.names()).finish()
    }
}

/// The method of `service` that `path` names.
pub(super) fn find_in(service: &'static Service, path: &str) -> Result<&'static Method, Status> {
    let found = service.methods.iter().find(|method| method.path == path);
    found.ok_or_else(|| match split(path) {
        (name, method) if name == service.name => no_method(service, method),
        (name, _) => no_service(name, [service.name].into_iter()),
    })
}

fn split(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.rsplit_once('/').unwrap_or((path, ""))
}

fn no_method(service: &Service, method: &str) -> Status {
    let known = service.methods.iter().map(|method| method.name);
    Status::unimplemented(format!(
        "unknown method `{}` of {} {}; known: {}",
        shortened(method),
        service.name,
        service.version,
        listed(known)
    ))
}

fn no_service(service: &str, known: impl Iterator<Item = &'static str>) -> Status {
    Status::unimplemented(format!(
        "unknown service `{}`; known: {}",
        shortened(service),
        listed(known)
    ))
}

/// What a peer wrote is repeated, but not at any length.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

fn listed(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
