//! Two branches that have both released, merged by the real git: what is said, and that it helps.

use std::process::{Command, Output};

use crate::store::{FILE, Store};

/// A branch whose version control has merged what it could of another one's release.
struct Merge(Store);

impl Merge {
    /// `mine` and `other` are the version of a service as it was and as the branch declares it.
    fn of(mine: (&str, &str), other: (&str, &str)) -> Self {
        let merge = Self(Store::released());
        merge.git("init -q -b main .");
        merge.commit("first");
        merge.git("checkout -q -b other");
        let store = &merge.0;
        store.change(
            "message LendRequest {",
            "message LendRequest {\n  string to = 2;",
        );
        store.change("0.3.1", "0.3.2");
        store.change(other.0, other.1);
        store.release();
        merge.commit("other");
        merge.git("checkout -q main");
        store.change(
            "  int64 until = 2;",
            "  int64 until = 2;\n  int64 since = 3;",
        );
        store.change("0.3.1", "0.3.2");
        store.change(mine.0, mine.1);
        store.release();
        merge.commit("mine");
        let merged = merge.run("merge -q other");
        assert!(!merged.status.success(), "both have released: {merged:?}");
        merge
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        command.args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath="]);
        command
            .args(arguments.split(' '))
            .current_dir(self.0.path());
        command.output().expect("git is there")
    }

    fn git(&self, arguments: &str) {
        let output = self.run(arguments);
        assert!(output.status.success(), "git {arguments}: {output:?}");
    }

    fn commit(&self, message: &str) {
        self.git("add -A");
        self.git(&format!("commit -q -m {message}"));
    }

    /// Both sides of every conflict, as somebody leaves them who only takes the markers out.
    fn without_markers(&self, file: &str) {
        let text = self.0.read(file);
        let is_marker = |line: &&str| {
            ["<<<<<<<", "=======", ">>>>>>>"].contains(&line.get(..7).unwrap_or_default())
        };
        let lines: Vec<_> = text.lines().filter(|line| !is_marker(line)).collect();
        self.0.write(file, &(lines.join("\n") + "\n"));
    }

    /// Does what the help says.
    fn take_the_other_side(&self, said: &str) {
        let command = "git -C FOLDER checkout --no-overlay MERGE_HEAD -- released";
        assert!(said.contains(&format!("`{command}`")), "{said}");
        self.git("checkout --no-overlay MERGE_HEAD -- released");
    }
}

#[test]
fn one_side_is_taken_whole_and_the_other_released_after_it() {
    let merge = Merge::of(("1.4.2", "1.4.3"), ("1.4.2", "1.5.0"));
    let store = &merge.0;
    let said = store.cannot_check();
    assert!(
        said.contains("two branches have both released: this file has conflict markers"),
        "{said}"
    );
    merge.take_the_other_side(&said);
    merge.without_markers(&format!("proto/{FILE}"));
    store.change("  option (couplet.service) = { version: \"1.4.3\" };\n", "");
    // What this side changed was never released now.
    assert!(!store.check().verdict().passes());
    store.change("0.3.2", "0.3.3");
    store.release();
    assert!(store.check().verdict().passes());
}

#[test]
fn who_only_takes_the_markers_out_is_told_that_it_was_a_merge() {
    // Both sides have moved one service to different versions, or another one to the same.
    for (mine, other) in [("1.4.3", "1.5.0"), ("1.4.2", "1.4.2")] {
        let merge = Merge::of(("1.4.2", mine), ("1.4.2", other));
        merge.without_markers("released/history.toml");
        let said = merge.0.cannot_check();
        let title = "two branches have both released: this file has parts of both";
        assert!(said.contains(title), "{said}");
        merge.take_the_other_side(&said);
    }
}

#[test]
fn a_mixture_of_two_released_texts_is_no_release() {
    let merge = Merge::of(("// Sells", "// Sells"), ("// Sells", "// Sells"));
    // The history of one side, and what git has made of the text of both.
    merge.git("checkout --ours released/history.toml");
    let said = merge.0.cannot_check();
    assert!(
        said.contains("`released/proto` is not the text that was released last"),
        "{said}"
    );
    merge.take_the_other_side(&said);
    assert!(!merge.0.check().verdict().passes());
}
