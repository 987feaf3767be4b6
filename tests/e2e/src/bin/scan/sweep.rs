//! What a reader of answers who is better than any scanner could learn: every word in every place, and
//! whether the answer tells a denied field from one that there is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::client::{Answer, Client};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Places for a word, each with the type that it is of there. The last two are within something that
/// the caller may have.
const PLACES: [(&str, &str); 4] = [
    ("Query", "query { FUZZ }"),
    ("Mutation", "mutation { FUZZ }"),
    ("User", "query { viewer { FUZZ } }"),
    ("Component", "query { component(name: \"checkout\") { FUZZ } }"),
];
/// What a word can look like: a leaf, something with a selection, something with an argument.
const FORMS: [&str; 3] = ["WORD", "WORD { lol }", "WORD(lol: 7)"];
const AT_ONCE: usize = 8;

/// The tag of the requests, and the token in them.
type Caller<'a> = (&'a str, Option<&'a str>);

/// How many requests there were, and how many of them for each kind of word.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    pub(crate) requests: usize,
    pub(crate) denied: usize,
    pub(crate) unknown: usize,
}

/// Sends every word in every place and form. What is denied has to be answered as what there is not.
pub(crate) async fn sweep(
    client: Client,
    caller: Caller<'_>,
    words: &BTreeSet<String>,
    exists: &BTreeSet<String>,
    granted: &BTreeSet<String>,
) -> Result<Swept> {
    let mut swept = Swept::default();
    for (of, place) in PLACES {
        for form in FORMS {
            let answers = ask(client, caller, words, &place.replace("FUZZ", form)).await?;
            swept.requests += answers.len();
            // By answer: a word that is denied, and one that there is not.
            let mut groups: BTreeMap<String, [Option<&str>; 2]> = BTreeMap::new();
            for (word, answer) in &answers {
                let coordinate = format!("{of}.{word}");
                if granted.contains(&coordinate) {
                    continue;
                }
                let is_there = exists.contains(&coordinate);
                swept.denied += usize::from(is_there);
                swept.unknown += usize::from(!is_there);
                let [denied, unknown] = groups.entry(answer.clone()).or_default();
                *(if is_there { denied } else { unknown }) = Some(word);
            }
            ensure!(groups.len() == 1, "{place} {form}: {groups:#?}");
        }
    }
    ensure!(swept.denied > 0 && swept.unknown > 0, "nothing was compared: {swept:?}");
    Ok(swept)
}

/// The answer to each word.
async fn ask(
    client: Client,
    (tag, token): Caller<'_>,
    words: &BTreeSet<String>,
    document: &str,
) -> Result<BTreeMap<String, String>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for word in words {
        let query = document.replace("WORD", word);
        let request = client.post("/graphql").header(TAG, tag);
        let request = request.body(json!({ "query": query }).to_string());
        let request = token.into_iter().fold(request, |request, token| request.bearer(token));
        let (turns, word) = (Arc::clone(&turns), word.clone());
        running.spawn(async move {
            let _turn = turns.acquire().await?;
            anyhow::Ok((word, all_of(&request.send().await?)))
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(done) = running.join_next().await {
        let (word, answer) = done??;
        answers.insert(word, answer);
    }
    Ok(answers)
}

/// Everything of an answer that does not differ by itself.
fn all_of(answer: &Answer) -> String {
    let own = ["date", "x-envoy-upstream-service-time", "x-request-id"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    format!("{} {} {}", answer.status, headers.join(", "), answer.text())
}
