// What the servers have in common: the schema of argument 1, resolvers that write down what they
// execute, and a second port that gives it out.
//
// A server prints one JSON line when it is ready, { "port", "log" }, and ends when stdin does.
// `GET /` on the port `log` answers { TAG: [[COORDINATE, ARGUMENTS], ...] }: what was executed for
// each request, by its header `x-request-tag`.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import {
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  buildSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
} from 'graphql';

const TAG = 'x-request-tag';

// stdout is for the one line: what a library has to say goes to stderr.
console.log = console.error;
console.info = console.error;

// Some requests would end some servers: it is not what is looked at, and the next one has to come.
process.on('uncaughtException', console.error);
process.on('unhandledRejection', console.error);

const executed = new Map();

/** Writes down that a field was executed for a request. */
function note({ tag }, parent, field, given) {
  if (!executed.has(tag)) executed.set(tag, []);
  executed.get(tag).push([`${parent.name}.${field}`, given]);
}

/** The context of a request: its tag. Headers are Node's or those of a `Request`. */
export function context(headers) {
  return { tag: (headers.get?.(TAG) ?? headers[TAG] ?? '').toString() };
}

/** A value of the right shape. An object's type is the first word of its id, where that is one. */
function invent(schema, type, id) {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const item = getNamedType(nullable);
    const types = isAbstractType(item) ? schema.getPossibleTypes(item) : [item];
    return types.map((one) => invent(schema, one, `${one.name}:1`));
  }
  if (isLeafType(nullable)) {
    return { Int: 1, Float: 1.5, Boolean: true }[nullable.name] ?? `${id}`;
  }
  const [asked] = `${id}`.split(':');
  const types = isAbstractType(nullable) ? schema.getPossibleTypes(nullable) : [nullable];
  const chosen = types.find(({ name }) => name === asked) ?? types[0];
  return { __typename: chosen.name, id: `${id}` };
}

function read(file) {
  const schema = buildSchema(readFileSync(file, 'utf8'));
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const answer = (source, given) =>
        field.name in (source ?? {})
          ? source[field.name]
          : invent(schema, field.type, given.id ?? `${type.name}.${field.name}`);
      if (type === schema.getSubscriptionType()) {
        field.subscribe = async function* (source, given, context) {
          note(context, type, field.name, given);
          yield { [field.name]: answer(source, given) };
        };
      }
      field.resolve = (source, given, context) => {
        note(context, type, field.name, given);
        return answer(source, given);
      };
    }
  }
  // Introspection is executed like any other field: it is written down too.
  for (const field of [SchemaMetaFieldDef, TypeMetaFieldDef]) {
    const { resolve } = field;
    field.resolve = (source, given, context, info) => {
      note(context, info.parentType, field.name, given);
      return resolve(source, given, context, info);
    };
  }
  return schema;
}

export const schema = read(process.argv[2]);

/** Serves requests with a listener of Node's `http`, or with a server that listens by itself. */
export async function serve(handler) {
  const listen = async (server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  };
  const port =
    typeof handler === 'function' ? await listen(createServer(handler)) : await handler.start();
  const log = await listen(
    createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      // Half of a surrogate pair is no text, though JavaScript has it in strings.
      const told = (_name, value) => (typeof value === 'string' ? value.toWellFormed() : value);
      response.end(JSON.stringify(Object.fromEntries(executed), told));
    }),
  );
  process.stdout.write(`${JSON.stringify({ port, log })}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
}
