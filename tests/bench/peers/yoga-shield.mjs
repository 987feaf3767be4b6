// graphql-yoga with graphql-shield.
import { createYoga } from 'graphql-yoga';
import { claims, serve } from './shared.mjs';
import { shielded } from './shield.mjs';

await serve(
  createYoga({
    schema: shielded,
    context: async ({ request }) => ({ claims: await claims(request.headers.get('authorization')) }),
    logging: false,
  }),
);
