//! A shop's contract in a folder of its own, which the stories change and release.

use std::fs;
use std::path::Path;

use couplet_codegen::Errors;
use couplet_codegen::release::{
    Check, History, Project, Release, Served, Standing, accept, check, release,
};

use crate::scratch::Scratch;

/// The file that most stories change.
pub(crate) const FILE: &str = "acme/store/v1/store.proto";

/// The first release of a shop.
pub(crate) const STORE: &str = r#"syntax = "proto3";
package acme.store.v1;
import "couplet/options.proto";

// Sells books.
service Books {
  option (couplet.service) = { version: "1.4.2" };
  // Finds a book.
  rpc Get(GetRequest) returns (Book);
}

service Loans {
  option (couplet.service) = { version: "0.3.1" };
  rpc Lend(LendRequest) returns (Loan);
}

message GetRequest {
  string isbn = 1;
}

message Book {
  string isbn = 1;
  int32 pages = 2;
}

message LendRequest {
  string isbn = 1;
}

message Loan {
  Book book = 1;
  int64 until = 2;
}

// Kept in a database, and in no message of a service.
message Stored {
  string key = 1;
}
"#;

/// A project in a folder that is gone when the story is over.
pub(crate) struct Store(Scratch);

impl Store {
    /// A project that was never released.
    pub(crate) fn new() -> Self {
        let store = Self(Scratch::new());
        store.write(&format!("proto/{FILE}"), STORE);
        store
    }

    /// A project whose first release is made, under the versions that it declares.
    pub(crate) fn released() -> Self {
        let store = Self::new();
        store.release();
        store
    }

    /// Writes a file below the project's folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("our own folder");
        fs::write(path, text).expect("our own folder");
    }

    /// The text of a file below the project's folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("it is there")
    }

    /// Removes a file below the project's folder.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.0.path().join(name)).expect("it is there");
    }

    /// Exchanges a piece of the contract for another one.
    #[track_caller]
    pub(crate) fn change(&self, from: &str, to: &str) {
        self.change_in(&format!("proto/{FILE}"), from, to);
    }

    /// Exchanges a piece of a file for another one.
    #[track_caller]
    pub(crate) fn change_in(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no `{from}`:\n{text}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Takes a service out of the contract.
    pub(crate) fn without(&self, service: &str) {
        let text = self.read(&format!("proto/{FILE}"));
        let start = text
            .find(&format!("service {service}"))
            .expect("it is there");
        let end = start + text[start..].find("\n}\n").expect("it ends") + 3;
        self.write(
            &format!("proto/{FILE}"),
            &[&text[..start], &text[end..]].concat(),
        );
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn project(&self) -> Project {
        Project::at(self.0.path()).expect("a project")
    }

    /// What a build would say.
    #[track_caller]
    pub(crate) fn check(&self) -> Check {
        let checked = check(&self.project());
        checked.unwrap_or_else(|errors| panic!("it cannot be compared:\n{errors}"))
    }

    /// What keeps it from being compared.
    #[track_caller]
    pub(crate) fn cannot_check(&self) -> String {
        match Project::at(self.0.path()).and_then(|project| check(&project)) {
            Ok(_) => panic!("it can be compared"),
            Err(errors) => self.said(&errors),
        }
    }

    /// Releases what is there.
    #[track_caller]
    pub(crate) fn release(&self) -> Release {
        let released = release(&self.project());
        let released = released.unwrap_or_else(|errors| panic!("it cannot be released:\n{errors}"));
        released.write().expect("our own folder");
        released
    }

    /// Why what is there cannot be released.
    #[track_caller]
    pub(crate) fn cannot_release(&self) -> String {
        match release(&self.project()) {
            Ok(_) => panic!("it can be released"),
            Err(errors) => self.said(&errors),
        }
    }

    /// Accepts the only change that is not covered, or the first one.
    #[track_caller]
    pub(crate) fn accept(&self, reason: &str) -> String {
        let check = self.check();
        let open = check.verdict().uncovered().next().expect("an open change");
        let fingerprint = open.change.fingerprint.clone();
        accept(&self.project(), &fingerprint, reason).expect("it can be accepted");
        fingerprint
    }

    pub(crate) fn history(&self) -> History {
        let check = self.check();
        check.history().cloned().expect("it was released")
    }

    /// What the history says of a service of this contract.
    pub(crate) fn served(&self, service: &str) -> Served {
        self.history().services[&format!("acme.store.v1.{service}")].clone()
    }

    /// Text without the folder, which is another one each time.
    pub(crate) fn short(&self, text: &str) -> String {
        let folder = self.0.path().display().to_string();
        text.replace(&format!("{folder}/"), "")
            .replace(&folder, "FOLDER")
    }

    fn said(&self, errors: &Errors) -> String {
        self.short(&errors.to_string())
    }
}

/// Where the version of a service of this contract stands.
pub(crate) fn standing<'a>(check: &'a Check, service: &str) -> &'a Standing {
    let service = format!("acme.store.v1.{service}");
    check.verdict().standing(&service).expect("it is declared")
}

/// The least version that a service of this contract needs.
pub(crate) fn needed(check: &Check, service: &str) -> String {
    let needed = standing(check, service).needed.as_ref();
    needed.expect("it was released").to_string()
}
