//! What a service config may say, what it must not, and what comes of it.

mod accepted;
mod balancing;
mod defaults;
mod properties;
mod refused;
