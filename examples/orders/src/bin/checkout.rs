//! One checkout in a process of its own, written down in a file: `checkout URL LOG CARD`. It takes up first what an earlier
//! one has left.
#![expect(clippy::print_stdout, reason = "a program says what it did")]

use std::{error::Error, sync::Arc};

use couplet::{
    Channel,
    saga::{Gid, Recovery, Saga, log::FileLog},
};
use orders::{Basket, OrdersClient, PaymentsClient, checkout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, path, card] = &arguments[..] else {
        return Err("usage: checkout URL LOG CARD".into());
    };
    let log = Arc::new(FileLog::open(path)?);
    let channel = Channel::connect(url).await?;
    let recovery = Recovery::new(log.clone())
        .client(&OrdersClient::new(&channel))
        .client(&PaymentsClient::new(&channel));
    for saga in recovery.run().await? {
        println!(
            "took up `{}` ({}): {:?}",
            saga.name, saga.gid, saga.compensations
        );
    }

    let saga = Saga::new("checkout").log(log);
    let basket = Basket {
        order: Gid::unique().to_string(),
        goods: "umbrella".to_owned(),
        card: card.clone(),
    };
    let receipt = checkout(saga, &channel, basket).await?;
    println!("paid, receipt {receipt}");
    Ok(())
}
