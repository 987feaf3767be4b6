//! The `cel` crate with the same request: what it says of the same texts.

use std::sync::Arc;
use std::thread;

use cel::{Context, Env, Program, Value, extensions};
use serde_json::Value as Json;

use crate::support::{owners, tables, world};

/// A condition that the crate has read, and the request.
pub(crate) struct Prepared {
    program: Program,
    context: Context<'static, 'static>,
}

impl Prepared {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut env = Env::stdlib();
        env.add_extension(extensions::strings).unwrap();
        let env = Arc::new(env);
        let program = env.compile(text).map_err(|error| error.to_string())?;
        Ok(Self { program, context: context(env) })
    }

    /// What the crate says; `Err` for whatever is no boolean.
    pub(crate) fn evaluate(&self) -> Result<bool, String> {
        match self.program.execute(&self.context) {
            Ok(Value::Bool(value)) => Ok(value),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What the crate says of a text. A debug build of its parser has more on its stack than a test has.
pub(crate) fn evaluate(text: &str) -> Result<bool, String> {
    let work = || Prepared::read(text)?.evaluate();
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, work);
        thread.unwrap().join().unwrap()
    })
}

fn context(env: Arc<Env>) -> Context<'static, 'static> {
    let mut context = Context::with_env(env);
    for (name, json) in world().as_object().unwrap() {
        context.add_variable_from_value(name.clone(), value(json));
    }
    let owners = owners();
    let all_of = move |text: &str| {
        let lower = text.to_lowercase();
        let full = if lower.contains(':') { lower } else { format!("component:default/{lower}") };
        owners.get(&full).cloned().unwrap_or_default()
    };
    let all = all_of.clone();
    let first =
        move |text: Arc<String>| all(&text).first().cloned().map_or(Value::Null, Value::from);
    context.add_function("owner", first).unwrap();
    context.add_function("owners", move |text: Arc<String>| Value::from(all_of(&text))).unwrap();
    let tables = tables();
    let entry = move |table: Arc<String>, key: Arc<String>| {
        tables[&*table].get(&*key).map_or(Value::Null, value)
    };
    context.add_function("data", entry).unwrap();
    context
}

/// Integers are `int` where they fit: the crate's own conversion makes each `uint` that can be one.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            let int = number.as_i64().map(Value::Int);
            let int = int.or_else(|| number.as_u64().map(Value::UInt));
            int.unwrap_or_else(|| Value::Float(number.as_f64().unwrap()))
        }
        Json::String(text) => text.clone().into(),
        Json::Array(elements) => Value::List(elements.iter().map(value).collect::<Vec<_>>().into()),
        Json::Object(members) => {
            let members = members.iter().map(|(name, json)| (name.clone(), value(json)));
            members.collect::<std::collections::HashMap<_, _>>().into()
        }
    }
}
