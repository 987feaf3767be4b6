// The rules of the peers with graphql-shield, each asked once a request.
import { applyMiddleware } from 'graphql-middleware';
import { rule, shield } from 'graphql-shield';
import { schema } from './shared.mjs';

const has = (group) =>
  rule(group, { cache: 'contextual' })(
    (_parent, _args, { claims }) => claims?.groups?.includes(group) ?? false,
  );
const [employee, sre] = [has('employees'), has('sre')];

export const shielded = applyMiddleware(
  schema(),
  shield({
    Query: { entity: employee, viewer: employee },
    User: { email: employee },
    API: { definition: employee },
    Secret: { name: sre, value: sre },
  }),
);
