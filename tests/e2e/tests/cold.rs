//! What a token that never came before costs: beside Envoy's own `jwt_authn` without a cache, in CPU
//! time of the whole proxy over that of a listener without either; and beside a token that is known,
//! which is what the verification alone adds. `make cold` takes its time and asserts; otherwise the
//! figures are only printed, and what is asserted is that every token is accepted.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::load::Connection;
use fieldgate_e2e::stage::{GRANTED, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_e2e::token::{Algorithm, Keys, TokenRecipe};
use serde_json::{Value, json};

type Here = Arc<Held<Stage>>;

/// Rounds, of which the median counts; each asks all listeners in turn.
const ROUNDS: usize = 3;
const ROUNDS_LONG: usize = 15;
const REQUESTS: usize = 200;
/// A round begins with so many requests that do not count.
const WARM: usize = 20;
/// What verification adds may be so many times what `jwt_authn` adds.
const BOUND: f64 = 1.3;

/// The listeners, and whether each token comes once there.
const WAYS: [(&str, Tokens); 4] = [
    ("neither", Tokens::New),
    ("jwt_authn", Tokens::New),
    ("fieldgate", Tokens::New),
    ("fieldgate", Tokens::Known),
];

#[derive(Clone, Copy)]
enum Tokens {
    New,
    Known,
}

fn main() -> ExitCode {
    Suite::new(|| Stage::new(Build::Plain)).test("figures_cold_token", figures_cold_token).run()
}

fn long() -> bool {
    std::env::var_os("FIELDGATE_LONG").is_some()
}

async fn figures_cold_token(here: Here) -> Result<()> {
    let upstream = here.backend.address;
    let listener = |name: &str, change: fn(&mut Value)| Listener {
        name: name.to_owned(),
        upstream,
        ..here.listener(Template::Hold).changed(change)
    };
    let listeners = [
        listener(WAYS[0].0, |manager| change(manager, &json!([router()]))),
        listener(WAYS[1].0, |manager| change(manager, &json!([jwt_authn(), router()]))),
        listener(WAYS[2].0, |manager| {
            let filters = manager["http_filters"].clone();
            change(manager, &filters);
        }),
    ];
    let envoy = Envoy::start(&listeners).await?;
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let [neither, theirs, new, known] = measure(&here, &envoy, algorithm).await?;
        let theirs = theirs - neither;
        let verification = (new - known) / theirs;
        println!(
            "{}: a new token adds {theirs:.0} us of CPU in jwt_authn, {:.0} us in fieldgate, whose \
             authorization and record are in it: {:.2} times; a known token {:.0} us, so that \
             verification alone is {verification:.2} times; neither: {neither:.0} us in all",
            algorithm.name(),
            new - neither,
            (new - neither) / theirs,
            known - neither,
        );
        ensure!(!long() || verification < BOUND, "{}: {verification:.2} times", algorithm.name());
    }
    Ok(())
}

/// The CPU time of a request, in microseconds, by way.
async fn measure(stage: &Stage, envoy: &Envoy, algorithm: Algorithm) -> Result<[f64; 4]> {
    let mut rounds: [Vec<f64>; 4] = Default::default();
    let query = body(GRANTED);
    let count = if long() { ROUNDS_LONG } else { ROUNDS };
    for round in 0..count {
        for (at, (name, tokens)) in WAYS.iter().enumerate() {
            let mint = |nth: usize| {
                let jti = format!("{}-{round}-{at}-{nth}", algorithm.name());
                let claims = json!({ "groups": ["customers"], "jti": jti });
                let recipe = TokenRecipe { alg: algorithm, ..TokenRecipe::claims(claims) };
                recipe.mint(&stage.bundle.audience)
            };
            let tokens: Vec<String> = match tokens {
                Tokens::New => (0..WARM + REQUESTS).map(mint).collect(),
                Tokens::Known => vec![mint(0); WARM + REQUESTS],
            };
            let mut connection = Connection::open(envoy.address(name)).await?;
            let mut before = 0.0;
            for (nth, token) in tokens.iter().enumerate() {
                if nth == WARM {
                    before = envoy.cpu_microseconds()?;
                }
                let asked = connection.ask("cold", token, &query).await?;
                ensure!(asked.status == 200, "{name}: {} {:?}", asked.status, asked.body);
            }
            let spent = envoy.cpu_microseconds()? - before;
            rounds[at].push(spent / f64::from(u32::try_from(REQUESTS)?));
        }
    }
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all.get(count / 2).copied().context("a round")
    };
    let [neither, theirs, new, known] = rounds;
    Ok([median(neither)?, median(theirs)?, median(new)?, median(known)?])
}

/// The same answer for all, from the proxy itself, and no log.
fn change(manager: &mut Value, filters: &Value) {
    manager["http_filters"] = filters.clone();
    manager["access_log"] = json!([]);
}

fn router() -> Value {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    json!({ "name": "envoy.filters.http.router", "typed_config": { "@type": kind } })
}

fn jwt_authn() -> Value {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": kind,
            "providers": { "idp": {
                "local_jwks": { "inline_string": Keys::published().jwks().to_string() },
                "require_expiration": true,
            } },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "idp" } }],
        },
    })
}
