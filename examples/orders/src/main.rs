//! Three checkouts: one that goes well, one whose card is refused, one whose payment is never answered. `cargo run -p
//! orders` tells it.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::{error::Error, sync::Arc};

use couplet::{Channel, Server, saga::Saga};
use orders::{Basket, OrdersServer, PaymentsServer, Shop, checkout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let shop = Arc::new(Shop::default());
    let server = Server::builder()
        .add(OrdersServer::from_arc(Arc::clone(&shop)))
        .add(PaymentsServer::from_arc(Arc::clone(&shop)))
        .bind("127.0.0.1:0")
        .await?;
    let address = server.local_addr().ok_or("a socket has an address")?;
    tokio::spawn(server.run());
    let channel = Channel::connect(format!("http://{address}")).await?;

    for (order, card) in [("1", "visa"), ("2", "stolen"), ("3", "slow")] {
        let basket = Basket {
            order: order.to_owned(),
            goods: "umbrella".to_owned(),
            card: card.to_owned(),
        };
        match checkout(Saga::new("checkout"), &channel, basket).await {
            Ok(receipt) => println!("order {order}: paid, receipt {receipt}"),
            Err(aborted) => {
                println!("order {order}: {aborted}");
                for step in &aborted.compensations {
                    println!("  step {}: {} {:?}", step.step, step.path, step.outcome);
                }
            }
        }
        let (orders, payments) = shop.counts();
        println!("  the shop has {orders} order(s) and {payments} payment(s)");
    }
    Ok(())
}
