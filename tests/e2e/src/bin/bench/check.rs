//! What is measured has to be what it is called: before anything is measured, every row is asked what
//! it must answer, and what it must refuse.

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::envoy::Envoy;
use fieldgate_e2e::load::{Asked, Connection};
use fieldgate_e2e::token::{Signing, TokenRecipe};

use crate::measure::recipe;
use crate::servers::SECRET;
use crate::way::{FEW, Refuses, Way};

/// # Errors
/// A row is not what it is called.
pub(crate) async fn check(way: &Way, envoy: &Envoy) -> Result<()> {
    let name = way.name;
    let sound = recipe(way, "sound");
    let answered = ask(way, envoy, &sound).await?;
    ensure!(answered.status == way.status, "{name} answers {answered:?}");
    if way.refuses != Refuses::Nothing {
        let forged = TokenRecipe { signing: Signing::OtherKey, ..recipe(way, "forged") };
        let answered = ask(way, envoy, &forged).await?;
        ensure!(!shows(&answered, SECRET), "{name} takes a forged token: {answered:?}");
    }
    if way.refuses == Refuses::Fields && way.status == 200 {
        let answered = ask(way, envoy, &sound).await?;
        ensure!(shows(&answered, SECRET), "{name} does not show what is granted: {answered:?}");
        ensure!(!shows(&answered, "\"errors\""), "{name} has errors: {answered:?}");
        let other = Way { groups: FEW, ..way.clone() };
        let answered = ask(&other, envoy, &recipe(&other, "other")).await?;
        ensure!(!shows(&answered, SECRET), "{name} shows what is not granted: {answered:?}");
        ensure!(shows(&answered, "\"errors\""), "{name} denies without a word: {answered:?}");
    }
    Ok(())
}

async fn ask(way: &Way, envoy: &Envoy, recipe: &TokenRecipe) -> Result<Asked> {
    let mut open = Connection::open(way.address(envoy)).await.context(way.name)?;
    open.ask("", &recipe.mint(&way.audience), &way.body).await.context(way.name)
}

fn shows(asked: &Asked, text: &str) -> bool {
    asked.body.windows(text.len()).any(|window| window == text.as_bytes())
}
