//! The shop, which stops the call of one method before or after it does anything, as a network would.

use std::{
    future::{Future, pending},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use couplet::{Request, Response, Status};
use orders::{
    CancelOrderReply, CancelOrderRequest, ChargeRequest, CreateOrderRequest, GetOrderRequest,
    Order, Orders, Payment, Payments, RefundReply, RefundRequest, Shop,
};
use tokio::{sync::Notify, task::JoinHandle};

/// Where a call is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// It is on its way, and comes late.
    Before,
    /// It has run, and its answer is lost.
    After,
}

/// A shop with one method that is stopped.
pub(crate) struct Held {
    pub(crate) shop: Arc<Shop>,
    method: &'static str,
    when: When,
    stops: AtomicBool,
    stopped: AtomicBool,
    reached: Notify,
    released: Arc<Notify>,
    late: Mutex<Vec<JoinHandle<()>>>,
}

impl Held {
    /// Stops the calls of `method`.
    pub(crate) fn at(method: &'static str, when: When) -> Self {
        Self {
            shop: Arc::default(),
            method,
            when,
            stops: AtomicBool::new(true),
            stopped: AtomicBool::new(false),
            reached: Notify::new(),
            released: Arc::default(),
            late: Mutex::default(),
        }
    }

    /// Waits until a call is stopped.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Stops no further call.
    pub(crate) fn let_through(&self) {
        self.stops.store(false, SeqCst);
    }

    /// Lets the calls come that were on their way, and waits for what becomes of them.
    pub(crate) async fn release(&self) {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        for call in late {
            self.released.notify_one();
            call.await.expect("a late call ends");
        }
    }

    async fn pass<T: Send + 'static>(
        &self,
        method: &str,
        work: impl Future<Output = Result<Response<T>, Status>> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        if !self.stops.load(SeqCst) {
            return work.await;
        }
        // After the one that is stopped none gets through, however soon the caller gives up.
        if self.stopped.load(SeqCst) {
            return pending().await;
        }
        if method != self.method {
            return work.await;
        }
        self.stopped.store(true, SeqCst);
        if self.when == When::Before {
            let released = Arc::clone(&self.released);
            let late = tokio::spawn(async move {
                released.notified().await;
                // Nobody waits for its answer any more.
                let _ = work.await;
            });
            self.late
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(late);
        } else {
            // Whatever it answers is lost.
            let _ = work.await;
        }
        self.reached.notify_one();
        pending().await
    }
}

impl Orders for Held {
    async fn create_order(
        &self,
        request: Request<CreateOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let shop = Arc::clone(&self.shop);
        self.pass(
            "CreateOrder",
            async move { shop.create_order(request).await },
        )
        .await
    }

    async fn cancel_order(
        &self,
        request: Request<CancelOrderRequest>,
    ) -> Result<Response<CancelOrderReply>, Status> {
        let shop = Arc::clone(&self.shop);
        self.pass(
            "CancelOrder",
            async move { shop.cancel_order(request).await },
        )
        .await
    }

    async fn get_order(
        &self,
        request: Request<GetOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let shop = Arc::clone(&self.shop);
        self.pass("GetOrder", async move { shop.get_order(request).await })
            .await
    }
}

impl Payments for Held {
    async fn charge(&self, request: Request<ChargeRequest>) -> Result<Response<Payment>, Status> {
        let shop = Arc::clone(&self.shop);
        self.pass("Charge", async move { shop.charge(request).await })
            .await
    }

    async fn refund(
        &self,
        request: Request<RefundRequest>,
    ) -> Result<Response<RefundReply>, Status> {
        let shop = Arc::clone(&self.shop);
        self.pass("Refund", async move { shop.refund(request).await })
            .await
    }
}
