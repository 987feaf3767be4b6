// Apollo Server, by itself, with graphql-shield.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { claims, serve } from './shared.mjs';
import { shielded } from './shield.mjs';

const server = new ApolloServer({ schema: shielded, includeStacktraceInErrorResponses: false });
await serve({
  start: async () => {
    const { url } = await startStandaloneServer(server, {
      listen: { host: '127.0.0.1', port: 0 },
      context: async ({ req }) => ({ claims: await claims(req.headers.authorization) }),
    });
    return Number(new URL(url).port);
  },
});
