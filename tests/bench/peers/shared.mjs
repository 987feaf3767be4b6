// What the peers have in common: the schema around the page's query, its data, who asks, and the port.
//
// The argument is a JSON text, { "issuer", "audience", "jwks" }. A peer prints one JSON line when it
// is ready, { "port" }, and ends when stdin does.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { buildSchema } from 'graphql';
import { createLocalJWKSet, jwtVerify } from 'jose';

// stdout is for the one line.
console.log = console.error;
console.info = console.error;

const { issuer, audience, jwks } = JSON.parse(process.argv[2]);
const keys = createLocalJWKSet(jwks);

/** The claims of a request's token, verified each time: none of these libraries keeps tokens. */
export async function claims(authorization) {
  const [scheme, token] = (authorization ?? '').split(' ');
  if (scheme !== 'Bearer') return null;
  try {
    return (await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] })).payload;
  } catch {
    return null;
  }
}

/** The schema; `guard` gives what stands behind a field with a rule, by the group that it is for. */
export function schema(guard = () => '') {
  const built = buildSchema(`
    directive @authenticated on FIELD_DEFINITION
    directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION
    type Query {
      entity(ref: String!): Entity ${guard('employees')}
      viewer: User ${guard('employees')}
    }
    interface Entity { kind: String! name: String! owner: Group }
    type Component implements Entity {
      kind: String!
      name: String!
      owner: Group
      secrets: [Secret!]
      annotations: [String!]
      dependsOn: [Entity!]!
      apis: [API!]!
    }
    type API implements Entity {
      kind: String!
      name: String!
      owner: Group
      definition: String ${guard('employees')}
    }
    type Group { name: String! members(first: Int): [User!]! }
    type User { name: String! email: String ${guard('employees')} groups: [String!]! }
    type Secret { name: String ${guard('sre')} value: String ${guard('sre')} }
  `);
  const { entity, viewer } = built.getQueryType().getFields();
  entity.resolve = () => component;
  viewer.resolve = () => mira;
  return built;
}

const user = (name) => ({ name, email: `${name}@example.com`, groups: ['platform'] });
const mira = user('mira');
const members = [mira, user('tomas'), user('ines')];
const owner = { name: 'checkout', members: ({ first }) => members.slice(0, first ?? members.length) };
const thing = (type, name) => ({ __typename: type, kind: type, name, owner });
const component = {
  ...thing('Component', 'checkout'),
  secrets: [{ name: 'psp-key', value: 'hunter2' }],
  annotations: ['tier: 1'],
  dependsOn: [thing('Component', 'ledger'), thing('Component', 'mail')],
  apis: [{ ...thing('API', 'payments'), definition: 'openapi: 3.1.0' }],
};

/** Serves requests with a listener of Node's `http`, or with a server that listens by itself. */
export async function serve(handler) {
  let port;
  if (typeof handler === 'function') {
    const server = createServer(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address());
  } else {
    port = await handler.start();
  }
  process.stdout.write(`${JSON.stringify({ port })}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
}
