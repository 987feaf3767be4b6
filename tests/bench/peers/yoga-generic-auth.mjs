// graphql-yoga with the generic-auth plugin of envelop: directives on fields, groups as scopes.
import { useGenericAuth } from '@envelop/generic-auth';
import { createYoga } from 'graphql-yoga';
import { claims, schema, serve } from './shared.mjs';

await serve(
  createYoga({
    schema: schema((group) => `@requiresScopes(scopes: [["${group}"]])`),
    logging: false,
    plugins: [
      useGenericAuth({
        mode: 'protect-granular',
        rejectUnauthenticated: false,
        resolveUserFn: ({ request }) => claims(request.headers.get('authorization')),
        extractScopes: (user) => user?.groups ?? [],
      }),
    ],
  }),
);
