// @apollo/server in express, on the path `/graphql` as express takes it: GET, batches, forms, uploads, and no CSRF prevention.
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import graphqlUploadExpress from 'graphql-upload/graphqlUploadExpress.mjs';
import { context, schema, serve } from './shared.mjs';

const server = new ApolloServer({
  schema,
  allowBatchedHttpRequests: true,
  csrfPrevention: false,
  introspection: true,
});
await server.start();
const app = express();
app.use(express.json(), express.urlencoded({ extended: true }), graphqlUploadExpress());
app.use('/graphql', expressMiddleware(server, { context: async ({ req }) => context(req.headers) }));
await serve(app);
