//! What the suite runs over in this process, and what is only resolved.

use std::path::PathBuf;

use super::{
    super::{Endpoint, File, Fixed, Memory, Resolver, Snapshot, registry, resolver},
    suite::{addresses, flaps, registers_and_withdraws, sees_ten_thousand, until},
};

#[tokio::test]
async fn memory_registers_and_withdraws() {
    let memory = Memory::new();
    registers_and_withdraws(&memory, &memory.service("test.Echo")).await;
}

#[tokio::test]
async fn memory_flaps() {
    let memory = Memory::new();
    flaps(&memory, &memory.service("test.Echo")).await;
}

#[tokio::test]
async fn memory_sees_ten_thousand() {
    let memory = Memory::new();
    sees_ten_thousand(&memory, &memory.service("test.Echo")).await;
}

#[tokio::test]
async fn the_memory_of_the_process_is_one() {
    let registry = registry("memory:///").unwrap();
    let found = resolver("memory:///test.Echo").unwrap().unwrap();
    registers_and_withdraws(&*registry, &*found).await;
}

#[tokio::test]
async fn a_list_is_what_it_is() {
    let list = resolver("static:///10.0.0.1:1,10.0.0.2:1")
        .unwrap()
        .unwrap();
    let seen = until(&mut list.watch(), Snapshot::is_fresh).await;
    assert_eq!(addresses(&seen), ["10.0.0.1:1", "10.0.0.2:1"]);
    let list = Fixed::new([Endpoint::new("a:1").with_weight(3)]);
    let seen = until(&mut list.watch(), Snapshot::is_fresh).await;
    assert_eq!(seen.endpoints[0].weight, 3);
}

/// A file of its own, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("couplet-{name}-{}.json", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// Replaces what is there as a whole.
    fn write(&self, text: &str) {
        let next = self.0.with_extension("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, &self.0).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_file_is_followed_and_what_is_wrong_with_it_changes_nothing() {
    let scratch = Scratch::new("followed");
    let mut watch = File::new(&scratch.0).watch();
    let absent = until(&mut watch, |seen| seen.trouble().is_some()).await;
    assert!(
        absent
            .trouble()
            .unwrap()
            .contains(&*scratch.0.to_string_lossy())
    );

    scratch.write(r#"["10.0.0.1:1", {"address": "10.0.0.2:1", "weight": 2}]"#);
    let seen = until(&mut watch, |seen| {
        seen.is_fresh() && !seen.endpoints.is_empty()
    })
    .await;
    assert_eq!(addresses(&seen), ["10.0.0.1:1", "10.0.0.2:1"]);

    scratch.write(r#"["10.0.0.1:1", {"address": 7}]"#);
    let stale = until(&mut watch, |seen| seen.trouble().is_some()).await;
    assert_eq!(
        addresses(&stale),
        addresses(&seen),
        "the last good list stands"
    );
    let why = stale.trouble().unwrap();
    assert!(
        why.ends_with("[1]: `address` is 7; it must be a text in quotes"),
        "{why}"
    );

    scratch.write("[]");
    until(&mut watch, |seen| {
        seen.is_fresh() && seen.endpoints.is_empty()
    })
    .await;
}
