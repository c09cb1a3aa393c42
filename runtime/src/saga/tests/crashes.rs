//! A process may end after any record: from what was written until then another one takes back what may have run.

use std::sync::{Arc, Mutex};

use tonic::{Code, Status};

use super::{CONTRACT, Fate, Peer, done};
use crate::saga::{
    Op, Recovery, Saga,
    log::{Event, MemoryLog, Pending, Record, SagaLog, Unfinished},
};

/// Keeps every record, each with what had run before it was written.
#[derive(Default)]
struct Recorder {
    records: Mutex<Vec<(Record, Ran)>>,
    peer: Mutex<Option<Peer>>,
}

/// The actions and the compensations that have run.
type Ran = (Vec<u32>, Vec<u32>);

fn ran(peer: &Peer) -> Ran {
    let steps = |op| peer.ran(op).into_iter().map(|(step, _)| step).collect();
    (steps(Op::Action), steps(Op::Compensation))
}

impl SagaLog for Recorder {
    fn append(&self, record: Record) -> Pending<'_, ()> {
        let ran = self.peer.lock().unwrap().as_ref().map(ran);
        let entry = (record, ran.unwrap_or_default());
        self.records.lock().unwrap().push(entry);
        Box::pin(std::future::ready(Ok(())))
    }

    fn claim(&self) -> Pending<'_, Vec<Unfinished>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// A saga of three steps that ends in this way, record by record.
async fn recorded(end: Result<(), Code>) -> Vec<(Record, Ran)> {
    let peer = Peer::new(|_| Fate::Works);
    let log = Arc::new(Recorder::default());
    *log.peer.lock().unwrap() = Some(peer.clone());
    let caller = peer.clone();
    let saga = Saga::new("recorded").log(log.clone());
    let run = saga.run(move |saga| async move {
        caller.steps(saga, 3).await?;
        end.map_err(|code| Status::new(code, "the body is not content"))
    });
    // Either way is one to look at.
    let _ = run.await;
    let mut records = log.records.lock().unwrap().clone();
    let after = (records[0].0.clone(), ran(&peer));
    records.push(after);
    records
}

#[tokio::test(start_paused = true)]
async fn whatever_record_was_the_last_all_that_may_have_run_is_taken_back_in_reverse() {
    for end in [Ok(()), Err(Code::FailedPrecondition)] {
        let records = recorded(end).await;
        let gid = records[0].0.gid.clone();
        // The last one is no record: it says what had run after all of them.
        for last in 1..records.len() {
            let log = Arc::new(MemoryLog::default());
            for (record, _) in &records[..last] {
                log.append(record.clone()).await.unwrap();
            }
            let last_event = &records[last - 1].0.event;
            let over = matches!(last_event, Event::Committed | Event::RolledBack);
            if !over {
                let (gid, event) = (gid.clone(), Event::Left);
                log.append(Record { gid, event }).await.unwrap();
            }
            let peer = Peer::new(|_| Fate::Works);
            let recovery = Recovery::new(log.clone()).service(CONTRACT, peer.clone());
            let recovered = recovery.run().await.unwrap();
            let order: Vec<u32> = match &recovered[..] {
                [] => Vec::new(),
                [saga] => done(&saga.compensations),
                more => panic!("{more:?}"),
            };
            assert!(order.is_sorted_by(|one, next| one > next), "{order:?}");

            // Whatever had run before the process ended, and was not taken back, is taken back now.
            let (actions, compensated) = &records[last].1;
            let open = actions.iter().filter(|step| !compensated.contains(step));
            for step in open {
                assert!(over || order.contains(step), "{step} after {last_event:?}");
            }
            assert_eq!(over, recovered.is_empty());
            assert!(log.claim().await.unwrap().is_empty(), "it is over");
        }
    }
}
