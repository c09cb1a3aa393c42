//! Hands on how much the call being served matters: the calls that its handler makes say the same, unless they say
//! otherwise.

use std::future::Future;

use http::HeaderValue;
use tonic::Status;

use crate::{
    call::{Call, Invoke, Reply, headers},
    context::Context,
    policy::limit::priority::Priority,
};

/// Writes the inherited priority into the head of every call.
#[derive(Debug)]
pub struct Inheriting<I> {
    inner: I,
}

/// Puts an [`Inheriting`] around what it is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct PriorityLayer;

impl<I> tower_layer::Layer<I> for PriorityLayer {
    type Service = Inheriting<I>;

    fn layer(&self, inner: I) -> Inheriting<I> {
        Inheriting { inner }
    }
}

impl<I: Invoke> Invoke for Inheriting<I> {
    #[inline(always)]
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        let inherited = Context::current_priority();
        if inherited != Priority::Default {
            hand_on(inherited, &mut call);
        }
        self.inner.invoke(call)
    }
}

#[inline(never)]
fn hand_on(inherited: Priority, call: &mut Call) {
    if !call.metadata.contains_key(headers::PRIORITY.as_str()) {
        let value = HeaderValue::from_static(inherited.name());
        headers::insert(&mut call.metadata, headers::PRIORITY, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tower_layer::Layer;

    use super::*;
    use crate::{
        fixture::{ECHO, Handler, echo, say},
        layer::deadline::Serving,
    };

    fn with(value: &'static str) -> Call {
        let mut call = say(&ECHO, "hi");
        let value = HeaderValue::from_static(value);
        headers::insert(&mut call.metadata, headers::PRIORITY, value);
        call
    }

    /// What a call says that a handler makes while it serves `served`.
    async fn made_while(served: Call, made: fn() -> Call) -> Option<String> {
        let said = Arc::new(std::sync::Mutex::new(None));
        let note = Arc::clone(&said);
        let outer = Handler(move |call| {
            let note = Arc::clone(&note);
            async move {
                let inner = PriorityLayer.layer(Handler(|call: Call| async {
                    let value = call.metadata.get(headers::PRIORITY.as_str());
                    *note.lock().unwrap() = value.map(|value| value.to_str().unwrap().to_owned());
                    echo(call).await
                }));
                inner.invoke(made()).await?;
                echo(call).await
            }
        });
        Serving::new(outer, Arc::default())
            .invoke(served)
            .await
            .unwrap();
        said.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn a_handler_hands_its_priority_to_the_calls_it_makes_unless_they_have_their_own() {
        let plain = || say(&ECHO, "");
        for said in ["critical", "sheddable", "batch"] {
            assert_eq!(made_while(with(said), plain).await.as_deref(), Some(said));
        }
        let own = made_while(with("critical"), || with("batch")).await;
        assert_eq!(own.as_deref(), Some("batch"));
        for hostile in ["default", "", "CRITICAL", "most critical of all"] {
            assert_eq!(made_while(with(hostile), plain).await, None, "{hostile:?}");
        }
    }
}
