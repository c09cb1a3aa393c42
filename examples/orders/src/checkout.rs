//! The saga: an order and its payment.

use std::time::Duration;

use couplet::{
    Channel,
    saga::{Aborted, Saga},
};

use crate::{
    CancelOrderRequest, ChargeRequest, CreateOrderRequest, GetOrderRequest, OrdersClient,
    PaymentsClient, RefundRequest,
};

/// What somebody wants to buy, and how it is paid.
#[derive(Debug, Clone)]
pub struct Basket {
    /// The order, by an id that the buyer chose.
    pub order: String,
    /// What is bought.
    pub goods: String,
    /// What it is paid with.
    pub card: String,
}

/// Orders and pays what is in `basket`, or does neither; the receipt.
///
/// # Errors
/// If it was taken back: why, and whether all of it was.
pub async fn checkout(saga: Saga, channel: &Channel, basket: Basket) -> Result<u64, Aborted> {
    let (orders, payments) = (OrdersClient::new(channel), PaymentsClient::new(channel));
    saga.run(|mut saga| async move {
        let create = CreateOrderRequest::default()
            .with_id(&basket.order)
            .with_goods(basket.goods);
        let create = orders
            .create_order(create)
            .compensated_by(|create, _| CancelOrderRequest::default().with_id(&create.id));
        saga.step(create).await?;

        // No step: there is nothing to take back of what only reads.
        let get = GetOrderRequest::default().with_id(&basket.order);
        let order = orders.get_order(get).await?.into_inner();

        let charge = ChargeRequest::default()
            .with_order(&order.id)
            .with_card(basket.card)
            .with_amount(order.price);
        let charge = payments
            .charge(charge)
            .timeout(Duration::from_millis(500))
            .compensated_by(|charge, payment| {
                // In doubt there is no payment to speak of: the order says enough.
                let receipt = payment.map_or(0, |payment| payment.receipt);
                RefundRequest::default()
                    .with_order(&charge.order)
                    .with_receipt(receipt)
            });
        Ok(saga.step(charge).await?.into_inner().receipt)
    })
    .await
}
