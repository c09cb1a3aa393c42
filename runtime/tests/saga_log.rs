//! The file of a log: what is in it after its process is gone, and who may have it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use couplet::saga::{
    OnAmbiguous, Undo,
    log::{Event, FileLog, LogError, Record, SagaLog},
};

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run has left there is none of this one's.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the test's own folder");
    folder
}

fn record(gid: &str, event: Event) -> Record {
    let gid = gid.parse().expect("a name");
    Record { gid, event }
}

fn begun() -> Event {
    Event::Begun {
        name: "the checkout of a \n strange name".to_owned(),
        on_ambiguous: OnAmbiguous::Compensate,
    }
}

fn started(step: u32, size: usize) -> Event {
    let path = "/orders.v1.Orders/CancelOrder".to_owned();
    let request = vec![step as u8; size].into();
    let undo = Undo { path, request };
    Event::Started { step, undo }
}

async fn write(log: &FileLog, gid: &str, events: impl IntoIterator<Item = Event>) {
    for event in events {
        let written = log.append(record(gid, event)).await;
        written.expect("the disk has room");
    }
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again_and_what_is_over_is_not() {
    let path = folder("saga-reopened").join("sagas.log");
    let log = FileLog::open(&path).expect("a new log");
    write(&log, "over", [begun(), started(1, 3), Event::Committed]).await;
    let open = [
        begun(),
        started(1, 3),
        started(2, 0),
        Event::Compensated { step: 1 },
    ];
    write(&log, "open", open).await;
    // Somebody works on it, until the process is gone.
    assert!(log.claim().await.expect("it can be read").is_empty());
    drop(log);

    for _ in 0..3 {
        let log = FileLog::open(&path).expect("a log");
        let [saga] = &log.claim().await.expect("it can be read")[..] else {
            panic!("one saga is open");
        };
        assert_eq!(saga.gid.as_str(), "open");
        assert_eq!(saga.name, "the checkout of a \n strange name");
        let steps: Vec<_> = saga.steps.iter().map(|open| open.step).collect();
        assert_eq!(steps, [2]);
        assert!(log.claim().await.expect("it can be read").is_empty());
    }
}

#[tokio::test]
async fn one_process_has_it_at_a_time_and_once() {
    let path = folder("saga-locked").join("sagas.log");
    let log = FileLog::open(&path).expect("a new log");
    let second = FileLog::open(&path).expect_err("it is in use");
    assert!(matches!(&second, LogError::InUse { path } if path.ends_with("sagas.log.lock")));
    drop(log);
    FileLog::open(&path).expect("it was let go of");
}

#[tokio::test]
async fn a_file_that_is_something_else_is_told_by_path_and_place_and_left_alone() {
    let path = folder("saga-foreign").join("sagas.log");
    fs::write(&path, "dear diary\n").expect("the test's own folder");
    let told = FileLog::open(&path).expect_err("it is no log").to_string();
    let expected = format!(
        "{}, line 1 (byte 0): this is no saga log: its first line would be `couplet saga log 1`",
        path.display()
    );
    assert_eq!(told, expected);
    let text = fs::read_to_string(&path).expect("it is there");
    assert_eq!(text, "dear diary\n");

    let nowhere = folder("saga-nowhere").join("no/such/folder/sagas.log");
    assert!(matches!(FileLog::open(nowhere), Err(LogError::Io { .. })));
}

#[tokio::test]
async fn a_record_that_makes_no_sense_is_refused_and_what_comes_after_it_is_not() {
    let path = folder("saga-misfit").join("sagas.log");
    let log = FileLog::open(&path).expect("a new log");
    let refused = log.append(record("nobody", Event::Committed)).await;
    assert!(matches!(refused, Err(LogError::Misfit(_))));
    write(&log, "a", [begun()]).await;
    let twice = log.append(record("a", begun())).await;
    assert!(matches!(twice, Err(LogError::Misfit(_))));
    drop(log);
    let log = FileLog::open(&path).expect("only what makes sense is in it");
    assert_eq!(log.claim().await.expect("it can be read").len(), 1);
}

#[tokio::test]
async fn many_sagas_at_once_share_it_and_it_does_not_grow_with_those_that_are_over() {
    let path = folder("saga-shared").join("sagas.log");
    let log = Arc::new(FileLog::open(&path).expect("a new log"));
    write(&log, "open", [begun(), started(1, 10)]).await;
    let mut tasks = Vec::new();
    for task in 0..4 {
        let log = Arc::clone(&log);
        tasks.push(tokio::spawn(async move {
            for saga in 0..16 {
                let gid = format!("{task}-{saga}");
                write(&log, &gid, [begun(), started(1, 100_000), Event::Committed]).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("it writes");
    }
    // 64 sagas of 200 kB each went through it.
    let length = fs::metadata(&path).expect("it is there").len();
    assert!(length < 6_000_000, "{length}");
    drop(log);
    let log = FileLog::open(&path).expect("a log");
    assert_eq!(log.claim().await.expect("it can be read").len(), 1);
}
