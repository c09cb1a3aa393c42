//! Both services in memory. Each method that is a part of a saga does its work behind the barrier.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use couplet::{
    Request, Response, Status,
    saga::barrier::{Barrier, Memory},
};

use crate::{
    CancelOrderReply, CancelOrderRequest, ChargeRequest, CreateOrderRequest, GetOrderRequest,
    Order, Orders, Payment, Payments, RefundReply, RefundRequest,
};

/// A shop: its orders, and what was paid for them.
#[derive(Debug)]
pub struct Shop {
    barrier: Barrier,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    orders: BTreeMap<String, Order>,
    payments: BTreeMap<String, Payment>,
    receipts: u64,
}

impl Default for Shop {
    fn default() -> Self {
        // The books are in memory like the barrier's: what it does not know is not in the books either.
        Self {
            barrier: Barrier::new(Memory::default().complete()),
            books: Mutex::default(),
        }
    }
}

impl Shop {
    /// How many orders there are, and how many payments.
    pub fn counts(&self) -> (usize, usize) {
        let books = self.books();
        (books.orders.len(), books.payments.len())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self, id: &str) -> Result<Order, Status> {
        let order = self.books().orders.get(id).cloned();
        order.ok_or_else(|| Status::not_found(format!("there is no order {id}")))
    }

    fn payment(&self, order: &str) -> Result<Payment, Status> {
        let payment = self.books().payments.get(order).cloned();
        payment.ok_or_else(|| Status::not_found(format!("nothing was paid for {order}")))
    }
}

impl Books {
    fn take_payment(&mut self, order: &str) -> Payment {
        self.receipts += 1;
        let payment = Payment::default().with_receipt(self.receipts);
        self.payments.insert(order.to_owned(), payment.clone());
        payment
    }
}

impl Orders for Shop {
    async fn create_order(
        &self,
        request: Request<CreateOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let id = &request.get_ref().id;
        let work = async || {
            if request.get_ref().goods == "unicorn" {
                return Err(Status::failed_precondition("unicorns are sold out"));
            }
            let order = Order::default().with_id(id).with_price(25);
            self.books().orders.insert(id.clone(), order.clone());
            Ok(order)
        };
        match self.barrier.guard(&request, work).await?.run() {
            Some(order) => Ok(Response::new(order)),
            None => self.order(id).map(Response::new),
        }
    }

    async fn cancel_order(
        &self,
        request: Request<CancelOrderRequest>,
    ) -> Result<Response<CancelOrderReply>, Status> {
        let work = async || {
            self.books().orders.remove(&request.get_ref().id);
            Ok(CancelOrderReply::default())
        };
        let outcome = self.barrier.guard(&request, work).await?;
        Ok(Response::new(outcome.run().unwrap_or_default()))
    }

    async fn get_order(
        &self,
        request: Request<GetOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        self.order(&request.get_ref().id).map(Response::new)
    }
}

impl Payments for Shop {
    async fn charge(&self, request: Request<ChargeRequest>) -> Result<Response<Payment>, Status> {
        let ChargeRequest { order, card, .. } = request.get_ref();
        let work = async || {
            if card == "stolen" {
                return Err(Status::failed_precondition("the card is refused"));
            }
            let payment = self.books().take_payment(order);
            if card == "slow" {
                // The money is taken, and the answer never comes.
                std::future::pending::<()>().await;
            }
            Ok(payment)
        };
        match self.barrier.guard(&request, work).await?.run() {
            Some(payment) => Ok(Response::new(payment)),
            None => self.payment(order).map(Response::new),
        }
    }

    async fn refund(
        &self,
        request: Request<RefundRequest>,
    ) -> Result<Response<RefundReply>, Status> {
        let work = async || {
            self.books().payments.remove(&request.get_ref().order);
            Ok(RefundReply::default())
        };
        let outcome = self.barrier.guard(&request, work).await?;
        Ok(Response::new(outcome.run().unwrap_or_default()))
    }
}
