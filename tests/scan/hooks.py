"""What schemathesis writes for the schema's own scalars."""

import schemathesis
from hypothesis import strategies
from schemathesis.graphql import nodes

TIMES = ["2026-11-24T08:30:00Z", "yesterday"]
VALUES = ["", "{}", "a text"]

schemathesis.graphql.scalar("DateTime", strategies.sampled_from(TIMES).map(nodes.String))
schemathesis.graphql.scalar("JSON", strategies.sampled_from(VALUES).map(nodes.String))
