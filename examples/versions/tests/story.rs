//! The example holds what it promises.

use std::process::Command;

#[test]
fn clients_of_both_versions_are_served_by_one_core_and_told_when_they_are_not() {
    let output = Command::new(env!("CARGO_BIN_EXE_versions"))
        .output()
        .expect("versions runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "1.4 asks: Solaris takes 167 minutes",
            "2.1 asks: Solaris takes 9990 seconds",
            "1.4 lists: Metropolis, 153 minutes",
            "1.4 lists: Solaris, 167 minutes",
            "1.4 lists: Le voyage dans la Lune, 13 minutes",
            "2.1 rates: Metropolis has 5 stars",
            "2.1 is told: FailedPrecondition: movies.v1.Movies: client 2.1.0 and server 1.4.2 are of different major \
             versions, the server serves clients 1.0 to 1.4: build both against the same major version",
            "2.1 is told: Unimplemented: Movies/Rate came in 2.1.0; this server is 1.4.2 (unknown method `Rate` of \
             movies.v1.Movies 1.4.2; known: GetMovie, ListMovies)",
        ]
    );
}
