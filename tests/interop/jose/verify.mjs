// What npm `jose` makes of tokens. Reads JSON lines on stdin. The first is the setting:
//
//   { "issuers": [{ "issuer", "audience", "algorithms", "secret", "jwks" }, ...],
//     "sets": [{ "issuer", "jwks" }, ...], "types": [...], "leeway": SECONDS, "now": SECONDS }
//
// `jwks` is the text of a key set, of secrets or of public keys. Every further line is
// { "token", "set" }, where `set` is what one issuer has in place of its own, and gets a line on
// stdout: the issuer's position with what was read, or why not.
import { createInterface } from 'node:readline';
import { createLocalJWKSet, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { issuers, sets, types, leeway, now } = JSON.parse((await lines.next()).value);

/** The keys of a set's text, or why there are none; read once. */
const read = new Map();
function keysOf(text, secret) {
  if (!read.has(text)) {
    try {
      const set = JSON.parse(text);
      read.set(text, secret ? secretsOf(set) : createLocalJWKSet(set));
    } catch (error) {
      read.set(text, () => { throw error; });
    }
  }
  return read.get(text);
}

/** `jose` has no sets of secrets: those that fit by name and algorithm, as its own sets do it. */
function secretsOf({ keys }) {
  return async ({ alg, kid }) => {
    const fits = (key) => key.kty === 'oct' && (kid === undefined || key.kid === kid)
      && (key.alg === undefined || key.alg === alg) && (key.use === undefined || key.use === 'sig')
      && (key.key_ops === undefined || key.key_ops.includes('verify'));
    const found = keys.filter(fits);
    if (found.length === 1) return importJWK(found[0], alg);
    if (found.length === 0) throw new errors.JWKSNoMatchingKey();
    const several = new errors.JWKSMultipleMatchingKeys();
    several[Symbol.asyncIterator] = async function* each() {
      for (const key of found) yield await importJWK(key, alg);
    };
    throw several;
  };
}

/** `typ` has to be one of the types where there is one; `jose` compares with one at a time. */
function typesOf(token) {
  let typ;
  try {
    ({ typ } = decodeProtectedHeader(token));
  } catch {
    // `jwtVerify` says what is wrong.
  }
  return typ === undefined ? [undefined] : types;
}

/** With each of the keys that fit, where a token names none: as its documentation has it. */
async function withAnyKey(token, keys, options) {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let last = error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (other) {
        last = other;
      }
    }
    throw last;
  }
}

async function verify(token, keys, { issuer, audience, algorithms }) {
  const options = {
    issuer,
    audience,
    algorithms,
    requiredClaims: ['iss', 'sub', 'aud', 'exp'],
    clockTolerance: leeway,
    currentDate: new Date(now * 1000),
  };
  let last;
  for (const typ of typesOf(token)) {
    try {
      return await withAnyKey(token, keys, { ...options, typ });
    } catch (error) {
      if (error.claim !== 'typ') throw error;
      last = error;
    }
  }
  throw last;
}

/** By the first issuer that accepts it; the reason is that of the one with another set. */
async function judge({ token, set }) {
  const other = sets[set];
  let refused;
  for (const [issuer, rules] of issuers.entries()) {
    const jwks = issuer === other.issuer ? other.jwks : rules.jwks;
    try {
      const { payload } = await verify(token, keysOf(jwks, rules.secret), rules);
      const { sub, groups = [], jti = null, exp } = payload;
      return { issuer, sub, groups: [...new Set([groups].flat())], jti, exp };
    } catch (error) {
      if (issuer === other.issuer) {
        refused = typeof error.code === 'string' ? error.code : error.name;
      }
    }
  }
  return { refused };
}

// A string of JSON may hold half a character, which no text can carry on.
const whole = (_name, value) => (typeof value === 'string' ? value.toWellFormed() : value);

// A batch at a time: its signatures are verified beside each other.
let batch = [];
async function say() {
  const judged = await Promise.all(batch.map((line) => judge(JSON.parse(line))));
  process.stdout.write(judged.map((one) => `${JSON.stringify(one, whole)}\n`).join(''));
  batch = [];
}

for await (const line of lines) {
  batch.push(line);
  if (batch.length === 256) await say();
}
await say();
