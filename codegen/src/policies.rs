//! What a contract says of its methods' calls, for those who want to see it or hand it to clients of other languages.

use crate::emit::service_config::{Silence, service_config};
use crate::ir::Service;
use crate::proto::Errors;
use crate::release::Project;

/// The policies of a contract.
#[derive(Debug, Clone)]
pub struct Policies {
    services: Vec<Service>,
}

impl Policies {
    /// The policies of a project's contract.
    ///
    /// # Errors
    /// What a build finds wrong in the contract, or that its history cannot be read.
    pub fn of(project: &Project) -> Result<Self, Errors> {
        let services = project.services()?;
        Ok(Self { services })
    }

    /// The methods, such as `movies.v1.Movies/GetMovie`.
    pub fn methods(&self) -> impl Iterator<Item = String> {
        self.services.iter().flat_map(|service| {
            let methods = service.methods.iter();
            methods.map(|method| format!("{}/{}", service.full_name(), method.name))
        })
    }

    /// A gRPC service config that says the same, with our fields beside the standard ones: every gRPC client obeys what
    /// it knows of it. Fields that gRPC asks for and the contract leaves open have their defaults.
    pub fn service_config(&self) -> String {
        service_config(&self.services, Silence::Filled)
    }

    /// The same with what the contract says, and nothing else.
    pub fn declared(&self) -> String {
        service_config(&self.services, Silence::Kept)
    }
}
