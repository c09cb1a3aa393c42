//! Logs that fail, that are shared, and that are taken up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use tonic::{Code, Status};

use super::{
    Fate, Peer,
    stories::{run, steps},
};
use crate::saga::{
    Config, Op, Outcome, Recovery, Saga,
    log::{LogError, MemoryLog, Misfit, Pending, Record, SagaLog, Unfinished},
};

/// A log that fails from some record on.
struct Failing {
    log: MemoryLog,
    left: AtomicU32,
}

impl SagaLog for Failing {
    fn append(&self, record: Record) -> Pending<'_, ()> {
        let left = self
            .left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.log.append(record),
            Err(_) => Box::pin(std::future::ready(Err(LogError::Foreign("full".into())))),
        }
    }

    fn claim(&self) -> Pending<'_, Vec<Unfinished>> {
        self.log.claim()
    }
}

#[tokio::test]
async fn wherever_the_log_fails_the_saga_does_and_all_that_ran_is_taken_back() {
    // Begun, started and done of two steps, committed: six records.
    for records in 0..6 {
        let peer = Peer::new(|_| Fate::Works);
        let log = Failing {
            log: MemoryLog::default(),
            left: AtomicU32::new(records),
        };
        let saga = Saga::new("unwritten").log(Arc::new(log));
        let aborted = run(saga, &peer, 2).await.unwrap_err();
        assert_eq!(aborted.status.code(), Code::Internal, "{records}");
        assert!(aborted.log.is_some(), "{records}");
        let mut ran = steps(peer.ran(Op::Action));
        ran.reverse();
        assert_eq!(steps(peer.ran(Op::Compensation)), ran, "{records}");
    }
}

#[tokio::test]
async fn one_name_is_one_saga_at_a_time() {
    let (log, peer) = (Arc::new(MemoryLog::default()), Peer::new(|_| Fate::Works));
    let (outer, inner) = (Saga::new("one").gid("7"), Saga::new("two").gid("7"));
    let again = inner.log(log.clone());
    let run = outer.log(log).run(move |_| async move {
        let refused = run(again, &peer, 1).await.unwrap_err();
        assert!(matches!(
            refused.log.as_deref(),
            Some(LogError::Misfit(Misfit::Twice(_)))
        ));
        assert!(peer.ran(Op::Action).is_empty());
        Ok(())
    });
    run.await.unwrap();
}

#[tokio::test]
async fn a_recovery_leaves_what_it_cannot_reach_and_what_others_work_on() {
    let log = Arc::new(MemoryLog::default());
    let peer = Peer::new(|id| match id.op {
        Op::Action => Fate::Works,
        Op::Compensation => Fate::Fails(Code::Internal),
    });
    let config = Config {
        compensation_deadline: Duration::from_millis(1),
        ..Config::default()
    };
    let saga = Saga::new("stuck").config(config).log(log.clone());
    let body = peer.clone();
    let stuck = saga.run(move |saga| async move {
        body.steps(saga, 1).await?;
        Err::<(), _>(Status::aborted("no"))
    });
    stuck.await.unwrap_err();

    // While another saga is under way, a recovery without services finds the stuck one, and leaves it as it is.
    let (shared, seen) = (log.clone(), log.clone());
    let run = Saga::new("under way").log(log).run(move |_| async move {
        let recovered = Recovery::new(shared).run().await.unwrap();
        let [stuck] = &recovered[..] else {
            panic!("{recovered:?}");
        };
        assert_eq!(stuck.name, "stuck");
        assert!(!stuck.is_over());
        assert!(matches!(
            stuck.compensations[0].outcome,
            Outcome::GaveUp { attempts: 0, .. }
        ));
        Ok(())
    });
    run.await.unwrap();
    assert_eq!(seen.claim().await.unwrap().len(), 1);
}
