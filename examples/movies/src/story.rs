//! The story that `cargo run -p movies` tells, scene by scene.

use crate::{Outcome, scenes, stage::Stage, storm};

/// Tells it.
pub(crate) async fn tell() -> Outcome {
    let stage = Stage::set().await?;
    println!(
        "A server of movies.v1.Movies 1.4.2 listens at {}.\n",
        stage.address
    );
    scenes::a_call(&stage).await?;
    scenes::streams(&stage).await?;
    scenes::a_deadline_two_hops_down(&stage).await?;
    scenes::a_version_that_does_not_fit(&stage).await?;
    scenes::a_breaker(&stage).await?;
    storm::tell(&stage).await?;
    stage.clear().await?;
    println!(
        "Both servers drained and are gone. The contract: examples/movies-api/proto/movies/v1/movies.proto"
    );
    Ok(())
}
