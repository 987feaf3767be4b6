//! Tests that share what is slow to start: a real Envoy and what stands around it. Each is a test
//! of its own in the output, and all of it ends with the suite.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// Tests over a shared `S`, which is started when the first of them runs.
pub struct Suite<S> {
    shared: Arc<Shared<S>>,
    trials: Vec<Trial>,
}

type Starting<S> = Pin<Box<dyn Future<Output = Result<S>> + Send>>;

struct Shared<S> {
    runtime: Runtime,
    start: Box<dyn Fn() -> Starting<S> + Send + Sync>,
    /// The error of the first start, so that there is no second one.
    stage: OnceCell<Result<S, String>>,
}

impl<S: Send + Sync + 'static> Suite<S> {
    /// A suite whose shared part `start` makes.
    ///
    /// # Panics
    /// The machine gives no threads.
    pub fn new<F: Future<Output = Result<S>> + Send + 'static>(
        start: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().expect("threads for a runtime");
        let start: Box<dyn Fn() -> Starting<S> + Send + Sync> = Box::new(move || Box::pin(start()));
        let shared = Shared { runtime, start, stage: OnceCell::new() };
        Self { shared: Arc::new(shared), trials: Vec::new() }
    }

    /// Adds a test.
    #[must_use]
    pub fn test<F>(mut self, name: &str, test: fn(Arc<Held<S>>) -> F) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        self.trials.push(Trial::test(name, move || shared.run(test)));
        self
    }

    /// Runs them as the command line asks.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let conclusion = libtest_mimic::run(&Arguments::from_args(), self.trials);
        // Ends Envoy, before the process does.
        let shared = Arc::into_inner(self.shared).map(Mutex::new);
        drop(shared);
        conclusion.exit_code()
    }
}

/// The shared part, as a test holds it.
pub struct Held<S>(Arc<Shared<S>>);

impl<S> std::ops::Deref for Held<S> {
    type Target = S;

    fn deref(&self) -> &S {
        match self.0.stage.get() {
            Some(Ok(stage)) => stage,
            _ => panic!("a test runs after the start"),
        }
    }
}

impl<S: Send + Sync + 'static> Shared<S> {
    fn run<F>(self: Arc<Self>, test: fn(Arc<Held<S>>) -> F) -> Result<(), Failed>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let ran = self.runtime.block_on(async {
            let start = async || (self.start)().await.map_err(|error| format!("{error:#}"));
            let stage = self.stage.get_or_init(start).await;
            stage.as_ref().map_err(|error| anyhow::anyhow!("{error}")).context("the start")?;
            test(Arc::new(Held(Arc::clone(&self)))).await
        });
        ran.map_err(|error| format!("{error:#}").into())
    }
}
