// An OpenID provider on a free port of the loopback: npm `oidc-provider` with what a test needs
// around it. Tokens come from its own token endpoint (client credentials), as JWTs of RFC 9068 for
// the audience `api`; who can ask is argument 1: { "CLIENT": { "groups": [...] }, ... }.
//
// Prints one JSON line when it is ready, and ends when stdin does. A second port takes orders:
//
//   POST /rotate      {"old": "keep" | "withdraw"}  new keys, which sign from now on
//   POST /listener    {"up": bool}                  closes the provider's port, or opens it again
//   POST /answers     {"path", ...}                 what is said on a path: `Answers`
//   GET  /requests                                  how often each path was asked
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import Provider from 'oidc-provider';

// stdout is for the one line: the provider's notices go to stderr.
console.info = console.error;

const AUDIENCE = 'api';
const SCOPES = 'catalog:read catalog:write';
const SECRET = 'of-a-test';
const clients = JSON.parse(process.argv[2]);

let generation = 0;

/** One key for each algorithm, private, with names that tell the generation. */
function generate() {
  generation += 1;
  const jwk = (alg, kind, options) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    kid: `${alg.toLowerCase()}-${generation}`,
    alg,
    use: 'sig',
  });
  return [
    jwk('RS256', 'rsa', { modulusLength: 2048 }),
    jwk('ES256', 'ec', { namedCurve: 'P-256' }),
  ];
}

/** The provider reads its keys when it is made: other keys are another provider, of the same name. */
function provider(issuer, keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: Object.keys(clients).map((client_id) => ({
      client_id,
      client_secret: SECRET,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    scopes: SCOPES.split(' '),
    cookies: { keys: ['of-a-test'] },
    ttl: { ClientCredentials: 300 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // `https://api.example.com/ES256`: the API, and the algorithm that its tokens are signed with.
        getResourceServerInfo: (_context, resource) => ({
          audience: AUDIENCE,
          scope: SCOPES,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: resource.split('/').at(-1) } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({ groups: clients[token.clientId].groups }),
  }).callback();
}

/**
 * What is said on a path in place of the provider's answer, or beside it:
 * `status`, `headers`, `body` (or `filler`: a body of so many bytes), `delay` in milliseconds.
 * Without `status` the provider answers, with these headers added.
 */
class Answers {
  #given = new Map();

  give({ path, ...answer }) {
    if (Object.keys(answer).length === 0) this.#given.delete(path);
    else this.#given.set(path, answer);
  }

  async say(path, request, response, proper) {
    const { status, headers = {}, body = '', filler = 0, delay = 0 } = this.#given.get(path) ?? {};
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (status === undefined) return proper(request, response);
    response.writeHead(status);
    return response.end(filler > 0 ? Buffer.alloc(filler, ' ') : body);
  }
}

const answers = new Answers();
const requests = {};
let keys = generate();
let proper;

const server = createServer((request, response) => {
  const [path] = request.url.split('?');
  requests[path] = (requests[path] ?? 0) + 1;
  answers.say(path, request, response, proper).catch(() => response.destroy());
});

async function listen(server, port) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

const port = await listen(server, 0);
const issuer = `http://127.0.0.1:${port}`;
proper = provider(issuer, keys);

const ORDERS = {
  'POST /rotate': ({ old }) => {
    const fresh = generate();
    // The first key that fits signs.
    keys = old === 'keep' ? [...fresh, ...keys] : fresh;
    proper = provider(issuer, keys);
    return { kids: keys.map(({ kid }) => kid) };
  },
  'POST /listener': async ({ up }) => {
    if (up && !server.listening) await listen(server, port);
    if (!up && server.listening) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
    return { up: server.listening };
  },
  'POST /answers': (answer) => {
    answers.give(answer);
    return {};
  },
  'GET /requests': () => requests,
};

const control = createServer(async (request, response) => {
  try {
    const chunks = await request.toArray();
    const order = ORDERS[`${request.method} ${request.url}`];
    if (order === undefined) throw new Error(`no order ${request.method} ${request.url}`);
    const given = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : {};
    response.end(JSON.stringify(await order(given)));
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});

const ready = { issuer, port, control: await listen(control, 0), secret: SECRET };
process.stdout.write(`${JSON.stringify(ready)}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
