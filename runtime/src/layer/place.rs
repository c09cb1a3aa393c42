//! A named place among the layers, where a user may put layers of their own; an empty one costs a branch.
//!
//! Which places there are, and where, is `stack`'s to say. What is put there wraps a [`Shared`], so that its type need not
//! be known: a layer of ours costs a box a call, a `tower::Layer` by [`FromTower`](super::tower::FromTower) two.

use std::{fmt, future::Future, sync::Arc};

use futures_util::future::Either;
use tonic::Status;
use tower_layer::Layer;

use crate::call::{Call, Invoke, Reply, Shared, share};

/// What users put at the places of a stack. Cheap to clone.
#[derive(Clone)]
pub struct Own<P>(Vec<(P, Wrap)>);

type Wrap = Arc<dyn Fn(Shared) -> Shared + Send + Sync>;

/// A place, and what stands there around `I`.
pub enum Place<I> {
    /// Nothing does.
    Empty(I),
    /// Layers of the user's do.
    Taken(Shared),
}

// === Own ===

impl<P: PartialEq> Own<P> {
    /// Puts `layer` at `place`, inside what was put there before.
    pub fn put<L>(&mut self, place: P, layer: L)
    where
        L: Layer<Shared> + Send + Sync + 'static,
        L::Service: Invoke + 'static,
    {
        let wrap = move |inner| share(layer.layer(inner));
        self.0.push((place, Arc::new(wrap)));
    }

    /// Stands around `inner` what belongs at `place`.
    pub fn around<I: Invoke + 'static>(&self, place: &P, inner: I) -> Place<I> {
        let mut here = self.0.iter().rev().filter(|(own, _)| own == place);
        match here.next() {
            None => Place::Empty(inner),
            Some((_, innermost)) => {
                let first = innermost(share(inner));
                Place::Taken(here.fold(first, |inner, (_, wrap)| wrap(inner)))
            }
        }
    }
}

impl<P> Default for Own<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: fmt::Debug> fmt::Debug for Own<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.0.iter().map(|(place, _)| place);
        formatter.debug_list().entries(places).finish()
    }
}

// === Place ===

impl<I: Invoke> Invoke for Place<I> {
    #[inline(always)]
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        match self {
            Self::Empty(inner) => Either::Left(inner.invoke(call)),
            Self::Taken(layers) => {
                // What it waits for there is not the peer's doing.
                call.started = None;
                Either::Right(layers.answer(call))
            }
        }
    }
}

impl<I> fmt::Debug for Place<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty(_) => "Empty",
            Self::Taken(_) => "Taken",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::fixture::{ECHO, Handler, echo, say};

    type Log = Arc<Mutex<Vec<&'static str>>>;

    /// Notes that a call passed.
    #[derive(Clone)]
    struct Noting(&'static str, Log);

    struct Noted<I>(I, Noting);

    impl<I> Layer<I> for Noting {
        type Service = Noted<I>;

        fn layer(&self, inner: I) -> Noted<I> {
            Noted(inner, self.clone())
        }
    }

    impl<I: Invoke> Invoke for Noted<I> {
        async fn invoke(&self, call: Call) -> Result<Reply, Status> {
            let Noting(name, log) = &self.1;
            log.lock().unwrap().push(name);
            self.0.invoke(call).await
        }
    }

    #[tokio::test]
    async fn what_is_put_first_sees_a_call_first_and_only_at_its_place() {
        let log = Log::default();
        let mut own = Own::default();
        own.put("here", Noting("first", Arc::clone(&log)));
        own.put("there", Noting("elsewhere", Arc::clone(&log)));
        own.put("here", Noting("second", Arc::clone(&log)));

        let here = own.around(&"here", Handler(echo));
        here.invoke(say(&ECHO, "hi")).await.unwrap();
        assert_eq!(*log.lock().unwrap(), ["first", "second"]);

        let nowhere = own.around(&"nowhere", Handler(echo));
        assert!(matches!(nowhere, Place::Empty(_)));
        nowhere.invoke(say(&ECHO, "hi")).await.unwrap();
        assert_eq!(log.lock().unwrap().len(), 2);
    }
}
