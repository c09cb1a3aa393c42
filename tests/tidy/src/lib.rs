//! The rules of this workspace that reading its sources can check, each as a test that names every place that breaks it.
//!
//! It reads text, not syntax: what rustc and clippy can hold is held by `[workspace.lints]` and `clippy.toml` instead.
//! To add a rule about words, add its line to the table in `words`.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod files;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod source;
#[cfg(test)]
mod words;
