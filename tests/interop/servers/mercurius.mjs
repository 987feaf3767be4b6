// mercurius in fastify: GET, batches, uploads, persisted queries by hash, paths in every spelling
// that fastify can be lenient about.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import upload from 'mercurius-upload';
import { context, schema, serve } from './shared.mjs';

const app = Fastify({
  routerOptions: {
    caseSensitive: false,
    ignoreDuplicateSlashes: true,
    ignoreTrailingSlash: true,
    useSemicolonDelimiter: true,
  },
});
await app.register(upload.default ?? upload, {});
await app.register(mercurius, {
  schema,
  allowBatchedQueries: true,
  context: (request) => context(request.headers),
  persistedQueryProvider: mercurius.persistedQueryDefaults.automatic(),
});
await serve({
  async start() {
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app.server.address().port;
  },
});
