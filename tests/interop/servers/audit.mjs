// The audits of graphql-http, of the server at the URL that is argument 1, with the token that is
// argument 2, if there is one. Prints { ID: { "name", "status" }, ... }.
import { auditServer } from 'graphql-http';

const [url, token] = process.argv.slice(2);

async function fetchFn(target, { headers, ...init } = {}) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(target, { ...init, headers: { ...headers, ...authorization } });
}

const results = await auditServer({ url, fetchFn });
const told = results.map(({ id, name, status }) => [id, { name, status }]);
process.stdout.write(JSON.stringify(Object.fromEntries(told)));
