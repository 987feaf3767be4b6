// @apollo/server as it serves by itself: any path, its own reader of bodies.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { context, schema, serve } from './shared.mjs';

const server = new ApolloServer({
  schema,
  allowBatchedHttpRequests: true,
  csrfPrevention: false,
  introspection: true,
});
await serve({
  async start() {
    const { url } = await startStandaloneServer(server, {
      listen: { host: '127.0.0.1', port: 0 },
      context: async ({ req }) => context(req.headers),
    });
    return Number(new URL(url).port);
  },
});
