// express-graphql, retired and still in use: its own reader of bodies and forms, and a URL query
// that goes before the body. On any path.
import express from 'express';
import { graphqlHTTP } from 'express-graphql';
import { context, schema, serve } from './shared.mjs';

const app = express();
app.use(graphqlHTTP(({ headers }) => ({ schema, context: context(headers) })));
await serve(app);
