//! A management server: offers fieldgate's resource to every Envoy that subscribes to it, over ADS
//! in both of its variants, and keeps what Envoy answers to each push.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use envoy_types::pb::envoy::config::core::v3::TypedExtensionConfig;
use envoy_types::pb::envoy::service::discovery::v3::aggregated_discovery_service_server::{
    AggregatedDiscoveryService, AggregatedDiscoveryServiceServer,
};
use envoy_types::pb::envoy::service::discovery::v3::{
    DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse, Resource,
};
use envoy_types::pb::google::protobuf::Any;
use fieldgate_policy::manifest::NAME;
use prost::Name;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::{BoxStream, async_trait};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::subscriber::Verdict;

/// Envoy tries to reach a server again after up to 30 seconds.
const PATIENCE: Duration = Duration::from_secs(40);

/// A management server that runs until it is dropped, and its streams with it.
pub struct ManagementServer {
    pub address: SocketAddr,
    offers: watch::Sender<Offer>,
    answers: watch::Receiver<Vec<Answer>>,
    /// Ends the server with its connections when it is dropped.
    _stop: oneshot::Sender<()>,
}

/// What is offered; nothing while the version is 0. The version, which goes up with every push, is the nonce too.
#[derive(Clone, Debug, Default)]
struct Offer {
    version: u32,
    resource: Option<Any>,
}

/// What an Envoy answered to a push.
#[derive(Clone, Debug)]
struct Answer {
    version: String,
    verdict: Verdict,
}

/// A request of either variant, as far as it matters here.
struct Heard {
    subscribes: bool,
    nonce: String,
    refused: Option<String>,
}

/// The service: one conversation with each Envoy.
struct Service {
    offers: watch::Receiver<Offer>,
    answers: watch::Sender<Vec<Answer>>,
}

impl ManagementServer {
    /// A server that has nothing to offer yet, on a port of its own.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start() -> Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// A server that has nothing to offer yet.
    ///
    /// # Errors
    /// The address is not to be had.
    pub async fn start_at(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await.context("no port for a server")?;
        let address = listener.local_addr()?;
        let (offers, offered) = watch::channel(Offer::default());
        let (answering, answers) = watch::channel(Vec::new());
        let service = Service { offers: offered, answers: answering };
        let service = AggregatedDiscoveryServiceServer::new(service);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let stopped = async {
                let _dropped = stopped.await;
            };
            let served = Server::builder().serve_with_incoming_shutdown(service, incoming, stopped);
            served.await.expect("the server serves");
        });
        Ok(Self { address, offers, answers, _stop: stop })
    }

    /// Offers a resource, in place of the last one, and does not wait.
    pub fn offer(&self, resource: Any) {
        self.replace(Some(resource));
    }

    /// Offers a resource and waits for what Envoy says.
    ///
    /// # Errors
    /// It says nothing.
    pub async fn push(&self, resource: Any) -> Result<Verdict> {
        let version = self.replace(Some(resource));
        self.verdict(version).await
    }

    /// Takes the resource away and waits for what Envoy says.
    ///
    /// # Errors
    /// It says nothing.
    pub async fn withdraw(&self) -> Result<Verdict> {
        let version = self.replace(None);
        self.verdict(version).await
    }

    /// What Envoy said to what is offered now.
    ///
    /// # Errors
    /// It says nothing.
    pub async fn verdict_so_far(&self) -> Result<Verdict> {
        let version = self.offers.borrow().version;
        self.verdict(version).await
    }

    fn replace(&self, resource: Option<Any>) -> u32 {
        self.offers.send_modify(|offer| {
            offer.version += 1;
            offer.resource = resource;
        });
        self.offers.borrow().version
    }

    async fn verdict(&self, version: u32) -> Result<Verdict> {
        let version = version.to_string();
        let mut answers = self.answers.clone();
        let answered = |all: &Vec<Answer>| all.iter().any(|one| one.version == version);
        let all = timeout(PATIENCE, answers.wait_for(answered)).await;
        let all = all.with_context(|| format!("no answer to version {version}"))??;
        let answer = all.iter().find(|one| one.version == version);
        Ok(answer.context("the answer waited for")?.verdict.clone())
    }
}

impl Service {
    /// Starts a conversation: says what is offered, now and at each change, to whoever subscribes.
    fn converse<Q: Send + 'static, A: Send + 'static>(
        &self,
        mut requests: Streaming<Q>,
        hear: fn(Q) -> Heard,
        say: fn(&Offer) -> A,
    ) -> Response<BoxStream<A>> {
        let (mut offers, answers) = (self.offers.clone(), self.answers.clone());
        let (saying, said) = mpsc::channel(1);
        tokio::spawn(async move {
            let (mut subscribed, mut last) = (false, 0);
            loop {
                tokio::select! {
                    request = requests.message() => {
                        let Ok(Some(request)) = request else { return };
                        let Heard { subscribes, nonce, refused } = hear(request);
                        subscribed |= subscribes;
                        if !nonce.is_empty() {
                            let verdict = refused.map_or(Verdict::Accepted, Verdict::Rejected);
                            answers.send_modify(|all| all.push(Answer { version: nonce, verdict }));
                        }
                    }
                    changed = offers.changed() => {
                        if changed.is_err() {
                            return;
                        }
                    }
                }
                let offer = offers.borrow_and_update().clone();
                if subscribed && offer.version > last {
                    last = offer.version;
                    if saying.send(Ok(say(&offer))).await.is_err() {
                        return;
                    }
                }
            }
        });
        Response::new(Box::pin(ReceiverStream::new(said)))
    }
}

#[async_trait]
impl AggregatedDiscoveryService for Service {
    type StreamAggregatedResourcesStream = BoxStream<DiscoveryResponse>;
    type DeltaAggregatedResourcesStream = BoxStream<DeltaDiscoveryResponse>;

    async fn stream_aggregated_resources(
        &self,
        request: Request<Streaming<DiscoveryRequest>>,
    ) -> Result<Response<Self::StreamAggregatedResourcesStream>, Status> {
        let hear = |request: DiscoveryRequest| Heard {
            subscribes: is_ours(&request.type_url, &request.resource_names),
            nonce: request.response_nonce,
            refused: request.error_detail.map(|status| status.message),
        };
        let say = |offer: &Offer| DiscoveryResponse {
            version_info: offer.version.to_string(),
            nonce: offer.version.to_string(),
            type_url: TypedExtensionConfig::type_url(),
            resources: offer.resource.iter().cloned().collect(),
            ..DiscoveryResponse::default()
        };
        Ok(self.converse(request.into_inner(), hear, say))
    }

    async fn delta_aggregated_resources(
        &self,
        request: Request<Streaming<DeltaDiscoveryRequest>>,
    ) -> Result<Response<Self::DeltaAggregatedResourcesStream>, Status> {
        let hear = |request: DeltaDiscoveryRequest| Heard {
            subscribes: is_ours(&request.type_url, &request.resource_names_subscribe),
            nonce: request.response_nonce,
            refused: request.error_detail.map(|status| status.message),
        };
        let say = |offer: &Offer| {
            let version = offer.version.to_string();
            let named = |resource: Any| Resource {
                name: NAME.to_owned(),
                version: version.clone(),
                resource: Some(resource),
                ..Resource::default()
            };
            let removed = if offer.resource.is_none() { vec![NAME.to_owned()] } else { Vec::new() };
            DeltaDiscoveryResponse {
                system_version_info: version.clone(),
                nonce: version.clone(),
                type_url: TypedExtensionConfig::type_url(),
                resources: offer.resource.clone().map(named).into_iter().collect(),
                removed_resources: removed,
                ..DeltaDiscoveryResponse::default()
            }
        };
        Ok(self.converse(request.into_inner(), hear, say))
    }
}

fn is_ours(type_url: &str, names: &[String]) -> bool {
    type_url == TypedExtensionConfig::type_url() && names.iter().any(|name| name == NAME)
}
