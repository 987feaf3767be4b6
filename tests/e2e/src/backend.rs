//! A GraphQL server over any bundle's schema that writes down everything it sees: what came, how
//! much of it, and which coordinates were executed. It trusts everybody: it stands for the
//! unmodified server behind the filter, so it answers any method on any path.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use async_graphql::Executor;
use async_graphql::dynamic::Schema;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

mod answer;
pub mod data;
mod reading;
pub mod schema;

use data::World;
use reading::Reader;
use schema::Types;

/// The header by which a request is found again at the backend and in the access log.
pub const TAG: &str = "x-request-tag";

/// A request that reached the backend.
#[derive(Clone, Debug)]
pub struct Seen {
    id: usize,
    pub tag: String,
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    /// The whole body; none if it never came to its end.
    pub body: Option<Bytes>,
    /// `Type.field` of every field executed, in order.
    pub executed: Vec<String>,
    /// With what arguments each of them was.
    pub arguments: Vec<Value>,
}

impl Seen {
    /// The body as JSON, null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        let body = self.body.as_deref().unwrap_or_default();
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// A backend that runs until it is dropped.
pub struct Backend {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    schema: Schema,
    reader: Reader,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    arrivals: AtomicUsize,
}

/// The coordinates executed for one request, with their arguments.
#[derive(Clone, Default)]
struct Executed(Arc<Mutex<Vec<(String, Value)>>>);

/// The subject of the forwarded token, which is not verified here.
#[derive(Clone)]
struct Caller(Option<String>);

impl Backend {
    /// Starts a backend over a bundle folder's schema and data.
    ///
    /// # Errors
    /// The bundle's schema or data is not readable.
    pub async fn start(bundle: &Path) -> Result<Self> {
        let sdl = bundle.join("schema.graphql");
        let sdl = std::fs::read_to_string(&sdl).with_context(|| sdl.display().to_string())?;
        Self::serve(&sdl, World::load(bundle)?).await
    }

    /// Starts a backend over a schema and a world.
    ///
    /// # Errors
    /// The schema is not readable.
    pub async fn serve(sdl: &str, world: World) -> Result<Self> {
        Self::reading(Reader::Plain, sdl, world).await
    }

    /// Starts a backend that reads requests as the library does by itself, with everything on: GET,
    /// batches, multipart requests, any media type.
    ///
    /// # Errors
    /// The schema is not readable.
    pub async fn permissive(sdl: &str) -> Result<Self> {
        Self::reading(Reader::Library, sdl, World::invented()).await
    }

    async fn reading(reader: Reader, sdl: &str, world: World) -> Result<Self> {
        let schema = schema::build(&Arc::new(Types::read(sdl)?), &Arc::new(world))?;
        let shared = Arc::new(Shared {
            schema,
            reader,
            seen: Mutex::default(),
            connections: AtomicUsize::default(),
            arrivals: AtomicUsize::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the backend")?;
        let address = listener.local_addr()?;
        let counting = Counting { listener, shared: Arc::clone(&shared) };
        let app = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            axum::serve(counting, app).await.expect("the backend serves");
        });
        Ok(Self { address, shared, task })
    }

    /// Every request with this tag, whole or not, in the order of arrival.
    #[must_use]
    pub fn seen(&self, tag: &str) -> Vec<Seen> {
        let seen = self.shared.seen.lock().expect("no panic while recording");
        seen.iter().filter(|one| one.tag == tag).cloned().collect()
    }

    /// Every request so far.
    #[must_use]
    pub fn all(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("no panic while recording").clone()
    }

    /// Every request with this tag that came with its whole body.
    #[must_use]
    pub fn complete(&self, tag: &str) -> Vec<Seen> {
        let mut seen = self.seen(tag);
        seen.retain(|one| one.body.is_some());
        seen
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many requests arrived so far, whole or not.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.seen.lock().expect("no panic while recording").len()
    }

    /// Hands out all requests so far and forgets them.
    #[must_use]
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.shared.seen.lock().expect("no panic while recording"))
    }

    /// Forgets all requests.
    pub fn clear(&self) {
        self.shared.seen.lock().expect("no panic while recording").clear();
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Counting {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Listener for Counting {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let accepted = Listener::accept(&mut self.listener).await;
        self.shared.connections.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    // Written down before the body is read: a head alone counts as having arrived.
    let id = shared.arrivals.fetch_add(1, Ordering::SeqCst);
    shared.seen.lock().expect("no panic while recording").push(Seen {
        id,
        tag: text(TAG).unwrap_or_default().to_owned(),
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head.headers.clone(),
        body: None,
        executed: Vec::new(),
        arguments: Vec::new(),
    });
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return Body::empty().into_response();
    };
    shared.note(id, |seen| seen.body = Some(body.clone()));
    let executed = Executed::default();
    let caller = Caller(text("authorization").and_then(subject));
    let answer = match shared.reader.read(&head, &body).await {
        Some(request) => {
            let request = request.data(executed.clone()).data(caller);
            let response = shared.schema.execute_batch(request).await;
            serde_json::to_value(response).expect("a response is JSON")
        }
        None => json!({ "errors": [{ "message": "not a GraphQL request" }] }),
    };
    let executed = std::mem::take(&mut *executed.0.lock().expect("no panic while recording"));
    shared.note(id, |seen| (seen.executed, seen.arguments) = executed.into_iter().unzip());
    Json(answer).into_response()
}

impl Shared {
    /// Changes a request's entry, unless it was cleared meanwhile.
    fn note(&self, id: usize, change: impl FnOnce(&mut Seen)) {
        let mut seen = self.seen.lock().expect("no panic while recording");
        // It is one of the last.
        seen.iter_mut().rev().find(|one| one.id == id).map(change);
    }
}

fn subject(authorization: &str) -> Option<String> {
    let payload = authorization.split(' ').nth(1)?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims["sub"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::data::World;
    use super::{Backend, TAG};
    use serde_json::{Value, json};

    const SDL: &str = "
        interface Node { id: ID! }
        type Product implements Node { id: ID! name: String! price: Float tags: [String!]! }
        type User implements Node { id: ID! email: String }
        union Hit = Product | User
        enum Order { ASC DESC }
        input By { order: Order = ASC }
        type Query { node(id: ID!): Node hits(by: By): [Hit!]! viewer: User }
        extend type Query { extra: Order! }
    ";

    #[tokio::test]
    async fn answers_anything_and_writes_it_down() {
        let backend = Backend::serve(SDL, World::invented()).await.unwrap();
        let client = crate::client::Client::new(backend.address);
        let query = "{ node(id: \"User:1\") { id __typename ... on User { email } } \
                     hits { ... on Product { name price tags } } extra viewer { id } }";
        let body = json!({ "query": query }).to_string();
        let request = client.post("/any").header(TAG, "t").body(body);
        let answer: Value = request.send().await.unwrap().json();
        assert_eq!(answer["errors"], Value::Null);
        assert_eq!(
            answer["data"],
            json!({
                "node": { "id": "User:1", "__typename": "User", "email": "User.email" },
                "hits": [{ "name": "Product.name", "price": 1.5, "tags": ["Product.tags"] }],
                "extra": "ASC",
                "viewer": { "id": "anonymous" },
            })
        );
        let seen = backend.complete("t");
        assert_eq!(seen.len(), 1);
        assert!(seen[0].executed.contains(&"User.email".to_owned()));
        assert!(!seen[0].executed.contains(&"Product.id".to_owned()));
        assert_eq!(backend.connections(), 1);
    }

    /// What a library adds to a subgraph's schema is what the policy takes it to add.
    #[tokio::test]
    async fn is_a_subgraph_where_there_are_keys() {
        let sdl = "type Query { user: User }
            type User @key(fields: \"id\") { id: ID! name: String }
            type Known @key(fields: \"id\", resolvable: false) { id: ID! }";
        let backend = Backend::serve(sdl, World::invented()).await.unwrap();
        let client = crate::client::Client::new(backend.address);
        let query = "{ _entities(representations: [{ __typename: \"User\", id: \"7\" }]) { \
                     ... on User { id name } } _service { sdl } \
                     union: __type(name: \"_Entity\") { possibleTypes { name } } \
                     any: __type(name: \"_Any\") { kind } \
                     __schema { queryType { fields { name args { name } } } } }";
        let body = json!({ "query": query }).to_string();
        let answer = client.post("/any").header(TAG, "t").body(body).send().await.unwrap().json();
        assert_eq!(answer["errors"], Value::Null);
        let data = &answer["data"];
        assert_eq!(data["_entities"], json!([{ "id": "7", "name": "User.name" }]));
        assert!(data["_service"]["sdl"].as_str().is_some_and(|sdl| sdl.contains("type User")));
        assert_eq!(data["union"]["possibleTypes"], json!([{ "name": "User" }]));
        assert_eq!(data["any"]["kind"], "SCALAR");
        let fields = data["__schema"]["queryType"]["fields"].as_array().unwrap();
        let names: Vec<&str> = fields.iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["user", "_service", "_entities"]);
        assert_eq!(fields[2]["args"], json!([{ "name": "representations" }]));
        assert_eq!(backend.complete("t")[0].executed, ["Query._entities", "User.id", "User.name"]);
    }
}
