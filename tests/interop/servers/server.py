"""The servers in Python, by name (argument 1), on any path: ariadne and strawberry, with GET,
batches and multipart requests where they have them. The schema is argument 2; everything else is
as in `shared.mjs`: one JSON line, a second port with what was executed, an end with stdin.
"""

import asyncio
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import graphql
import uvicorn

TAG = "x-request-tag"
executed: dict[str, list] = {}


def note(info, parent, field, given):
    """Writes down that a field was executed for a request."""
    tag = info.context["request"].headers.get(TAG, "")
    # What Python takes for JSON and is not, such as NaN, becomes text.
    given = json.loads(json.dumps(given, default=str), parse_constant=str)
    executed.setdefault(tag, []).append([f"{parent}.{field}", given])


def invent(schema, kind, id):
    """A value of the right shape. An object's type is the first word of its id, where that is one."""
    nullable = graphql.get_nullable_type(kind)
    if graphql.is_list_type(nullable):
        item = graphql.get_named_type(nullable)
        types = schema.get_possible_types(item) if graphql.is_abstract_type(item) else [item]
        return [invent(schema, one, f"{one.name}:1") for one in types]
    if graphql.is_leaf_type(nullable):
        return {"Int": 1, "Float": 1.5, "Boolean": True}.get(nullable.name, id)
    abstract = graphql.is_abstract_type(nullable)
    types = schema.get_possible_types(nullable) if abstract else [nullable]
    asked = id.split(":")[0]
    chosen = next((one for one in types if one.name == asked), types[0])
    return {"__typename": chosen.name, "id": id}


def resolver(schema, parent, name, field):
    def resolve(source, info, **given):
        note(info, parent, name, given)
        if isinstance(source, dict) and name in source:
            return source[name]
        return invent(schema, field.type, str(given.get("id", f"{parent}.{name}")))

    return resolve


def introspected(name, resolve):
    def noted(source, info, **given):
        note(info, info.parent_type.name, name, given)
        return resolve(source, info, **given)

    return noted


def read(file):
    with open(file, encoding="utf-8") as text:
        schema = graphql.build_schema(text.read())
    for kind in schema.type_map.values():
        if graphql.is_object_type(kind) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = resolver(schema, kind.name, name, field)
    for name in ("__schema", "__type"):
        field = graphql.SchemaMetaFieldDef if name == "__schema" else graphql.TypeMetaFieldDef
        field.resolve = introspected(name, field.resolve)
    return schema


def ariadne(schema):
    from ariadne.asgi import GraphQL

    return GraphQL(
        schema,
        context_value=lambda request, _data: {"request": request},
        execute_get_queries=True,
    )


def strawberry(schema):
    import strawberry
    from strawberry.asgi import GraphQL
    from strawberry.schema.config import StrawberryConfig

    # A schema of strawberry's is made of classes: this one is only there to hold the other.
    holder = strawberry.Schema(
        query=strawberry.type(type("Query", (), {"open": "", "__annotations__": {"open": str}})),
        config=StrawberryConfig(batching_config={"max_operations": 100}),
    )
    holder._schema = schema
    schema._strawberry_schema = holder

    class Server(GraphQL):
        async def get_context(self, request, response):
            return {"request": request, "response": response}

    return Server(holder, allow_queries_via_get=True, multipart_uploads_enabled=True)


class Log(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        text = json.dumps(executed, default=str, ensure_ascii=False)
        # Half of a surrogate pair is no text, though Python has it in strings.
        self.wfile.write(text.encode(errors="replace"))

    def log_message(self, *_words):
        pass


async def main(name, file):
    logging.disable(logging.CRITICAL)
    app = {"ariadne": ariadne, "strawberry": strawberry}[name](read(file))
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http="h11")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    log = ThreadingHTTPServer(("127.0.0.1", 0), Log)
    threading.Thread(target=log.serve_forever, daemon=True).start()
    port = server.servers[0].sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "log": log.server_port}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.should_exit = server.force_exit = True
    await serving


asyncio.run(main(*sys.argv[1:]))
