// graphql-yoga: GET, batches and multipart requests as it has them, persisted queries by hash.
import { createYoga } from 'graphql-yoga';
import { useAPQ } from '@graphql-yoga/plugin-apq';
import { context, schema, serve } from './shared.mjs';

await serve(
  createYoga({
    schema,
    batching: { limit: 100 },
    context: ({ request }) => context(request.headers),
    logging: false,
    plugins: [useAPQ()],
  }),
);
