// graphql-http, the reference of GraphQL over HTTP, on any path.
import { createHandler } from 'graphql-http/lib/use/http';
import { context, schema, serve } from './shared.mjs';

await serve(createHandler({ schema, context: ({ headers }) => context(headers) }));
