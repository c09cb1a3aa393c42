//! Sagas over a peer that does to each call what a test wants.

mod crashes;
mod fallbacks;
mod logs;
mod random;
mod stories;

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex},
};

use tonic::{Code, Request, Response, Status};

use super::{Op, Outcome, SagaId, Step, Steps};
use crate::{
    call::{Call, Invoke, Mark, Reply, Service},
    codegen::{Outgoing, Prepared, Reversible, call},
    fixture::{ECHO, echo},
};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs and is answered.
    Works,
    /// It does not run, and says so.
    Fails(Code),
    /// The same, known for certain.
    Marked(Code, Mark),
    /// It runs, and the answer is lost.
    Lost(Code),
    /// It runs, and nobody ever answers.
    Hangs,
}

type Script = Box<dyn Fn(&SagaId) -> Fate + Send + Sync>;

/// A peer, and what it has run.
#[derive(Clone)]
pub(super) struct Peer {
    script: Arc<Script>,
    ran: Arc<Mutex<Vec<(SagaId, String)>>>,
}

impl Peer {
    pub(super) fn new(script: impl Fn(&SagaId) -> Fate + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(Box::new(script)),
            ran: Arc::default(),
        }
    }

    /// The steps whose action, or compensation, has run, and what with, in that order.
    pub(super) fn ran(&self, op: Op) -> Vec<(u32, String)> {
        let ran = self.ran.lock().unwrap();
        let those = ran.iter().filter(|(id, _)| id.op == op);
        those.map(|(id, text)| (id.step, text.clone())).collect()
    }

    /// The step that says `text`, taken back by what says `undo` and it, with the answer where there is one.
    pub(super) fn step(&self, text: &str) -> Step<'_, String> {
        self.step_over(self, text)
    }

    /// The same through a stack in front of the peer.
    pub(super) fn step_over<'a, I>(&self, stack: &'a I, text: &str) -> Step<'a, String>
    where
        I: Invoke + Clone + 'static,
    {
        let send = move |prepared: Prepared<String>| {
            call::unary::<_, String, String>(stack, &ECHO.methods[0], prepared)
        };
        let (action, undo) = (&ECHO.methods[0], &ECHO.methods[0]);
        let start = Reversible::<_, _, String>::new(send, stack, action, undo);
        Outgoing::new(Request::new(text.to_owned()), start).compensated_by(
            |request: &String, answer: Option<&String>| match answer {
                Some(answer) => format!("undo {request}, answered {answer}"),
                None => format!("undo {request}"),
            },
        )
    }

    /// Steps 1 to `last`, one after the other.
    pub(super) async fn steps(self, mut saga: Steps, last: u32) -> Result<u32, Status> {
        for step in 1..=last {
            let answer: Response<String> = saga.step(self.step(&step.to_string())).await?;
            assert_eq!(*answer.get_ref(), step.to_string());
        }
        Ok(last)
    }
}

impl Invoke for Peer {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        let this = self.clone();
        // A peer that is called goes on, whoever waits for it.
        Box::pin(async move {
            let id = SagaId::of(&call.metadata)?;
            let id = id.expect("every call of a saga says what it is");
            let fate = (this.script)(&id);
            let answer = echo(call).await?;
            let (message, _) = answer.body.one().await?;
            if matches!(fate, Fate::Works | Fate::Lost(_) | Fate::Hangs) {
                let text = message.decode::<String>()?;
                this.ran.lock().unwrap().push((id, text));
            }
            match fate {
                Fate::Works => Ok(Reply::new(crate::call::Body::One(message, None))),
                Fate::Fails(code) | Fate::Lost(code) => Err(Status::new(code, "as told")),
                Fate::Marked(code, mark) => Err(mark.on(Status::new(code, "as told"))),
                Fate::Hangs => pending().await,
            }
        }) as Pin<Box<dyn Future<Output = _> + Send>>
    }
}

/// The steps that were taken back, in that order.
pub(super) fn done(compensations: &[super::Compensated]) -> Vec<u32> {
    let done = compensations
        .iter()
        .filter(|step| matches!(step.outcome, Outcome::Done { .. }));
    done.map(|step| step.step).collect()
}

/// The contract of the peer.
pub(super) const CONTRACT: &Service = &ECHO;
