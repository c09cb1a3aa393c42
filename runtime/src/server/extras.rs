//! Health and reflection, in tonic's implementations: made of what else is served, and told when the server drains.

use super::{Builder, ServeError};
#[cfg(any(feature = "health", feature = "reflection"))]
use crate::carrier::http2::serve::Foreign;

/// What the standard services need while the server lives.
#[derive(Debug, Default)]
pub(super) struct Extras {
    #[cfg(feature = "health")]
    pub(super) health: Option<tonic_health::server::HealthReporter>,
    #[cfg(feature = "health")]
    names: Vec<&'static str>,
}

impl Extras {
    /// Adds the standard services that were asked for.
    ///
    /// # Errors
    /// If the descriptors of a contract cannot be read.
    pub(super) fn add_to(builder: &mut Builder) -> Result<Self, ServeError> {
        let extras = Self::with_health(builder);
        #[cfg(feature = "reflection")]
        if builder.reflection {
            reflect(builder)?;
        }
        Ok(extras)
    }

    #[cfg(not(feature = "health"))]
    fn with_health(_: &mut Builder) -> Self {
        Self::default()
    }

    #[cfg(feature = "health")]
    fn with_health(builder: &mut Builder) -> Self {
        if !builder.health {
            return Self::default();
        }
        let contracts = builder.contracts.iter().map(|mounted| mounted.service.name);
        let foreign = builder.foreign.iter().map(|(name, _)| *name);
        let names = contracts.chain(foreign).collect();
        let (reporter, service) = tonic_health::server::health_reporter();
        builder
            .foreign
            .push((name(&service), Foreign::new(service)));
        Self {
            health: Some(reporter),
            names,
        }
    }

    /// Tells whether the server is ready, of all that it serves.
    pub(super) async fn tell(&self, ready: bool) {
        #[cfg(feature = "health")]
        if let Some(health) = &self.health {
            let status = match ready {
                true => tonic_health::ServingStatus::Serving,
                false => tonic_health::ServingStatus::NotServing,
            };
            for name in self.names.iter().chain(&[""]) {
                health.set_service_status(name, status).await;
            }
        }
        #[cfg(not(feature = "health"))]
        let _ = ready;
    }

    /// The server accepts no more calls. Whoever watches is told, and its stream ends: it would outlast the drain.
    pub(super) async fn closed(&mut self) {
        #[cfg(feature = "health")]
        if let Some(health) = &mut self.health {
            for name in self.names.iter().chain(&[""]) {
                health
                    .set_service_status(name, tonic_health::ServingStatus::NotServing)
                    .await;
                health.clear_service_status(name).await;
            }
        }
    }
}

/// Reflection lists what is served, no more and no less, whatever else the descriptors hold.
#[cfg(feature = "reflection")]
fn reflect(builder: &mut Builder) -> Result<(), ServeError> {
    use tonic_reflection::server::Builder as Reflection;

    let contracts = builder.contracts.iter().map(|mounted| mounted.service.name);
    let foreign = builder.foreign.iter().map(|(name, _)| *name);
    let own = [
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    let names: Vec<_> = contracts.chain(foreign).chain(own).collect();
    let described = builder
        .contracts
        .iter()
        .map(|mounted| mounted.service.descriptor);
    let mut descriptors: Vec<_> = described
        .chain(builder.descriptors.iter().copied())
        .collect();
    descriptors.push(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET);
    descriptors.push(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
    #[cfg(feature = "health")]
    descriptors.push(tonic_health::pb::FILE_DESCRIPTOR_SET);

    let configured = || {
        let named = names
            .iter()
            .copied()
            .fold(Reflection::configure(), Reflection::with_service_name);
        let described = descriptors.iter().copied();
        described.fold(named, Reflection::register_encoded_file_descriptor_set)
    };
    let v1 = configured().build_v1()?;
    let v1alpha = configured().build_v1alpha()?;
    builder.foreign.push((name(&v1), Foreign::new(v1)));
    builder
        .foreign
        .push((name(&v1alpha), Foreign::new(v1alpha)));
    Ok(())
}

#[cfg(any(feature = "health", feature = "reflection"))]
fn name<S: tonic::server::NamedService>(_: &S) -> &'static str {
    S::NAME
}
