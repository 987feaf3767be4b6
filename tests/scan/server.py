"""A GraphQL server over a schema file, in the words of graphql-js: whatever a client gets wrong is
answered with suggestions, which is what clairvoyance reads. It has no protection and no introspection.

Prints its address, and then each request as a line of JSON: its tag, its body, the coordinates that
were executed for it, and what it said was wrong.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    NoSchemaIntrospectionCustomRule,
    build_schema,
    execute,
    parse,
    specified_rules,
    validate,
)

RULES = [*specified_rules, NoSchemaIntrospectionCustomRule]
WRITING = threading.Lock()
SCALARS = {"Int": 1, "Float": 1.5, "Boolean": True}


def invent(schema, of, coordinate):
    """A value of a type: lists have one item, and abstract types are the first of theirs."""
    if isinstance(of, GraphQLNonNull):
        return invent(schema, of.of_type, coordinate)
    if isinstance(of, GraphQLList):
        return [invent(schema, of.of_type, coordinate)]
    if isinstance(of, GraphQLEnumType):
        return next(iter(of.values.values())).value
    if isinstance(of, (GraphQLInterfaceType, GraphQLUnionType)):
        return {"__typename": schema.get_possible_types(of)[0].name}
    if isinstance(of, GraphQLObjectType):
        return {"__typename": of.name}
    return SCALARS.get(of.name, coordinate)


def answer(schema, body):
    """The response, and what was executed."""
    executed = []

    def resolve(_, info, **_arguments):
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        executed.append(coordinate)
        return invent(schema, info.return_type, coordinate)

    try:
        request = json.loads(body)
        document = parse(request["query"])
        errors = validate(schema, document, RULES)
        if errors:
            return {"errors": [error.formatted for error in errors]}, executed
        result = execute(
            schema,
            document,
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
            field_resolver=resolve,
        )
        return result.formatted, executed
    except Exception as error:  # pylint: disable=broad-except
        return {"errors": [{"message": str(error)}]}, executed


def handler(schema):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            response, executed = answer(schema, body)
            line = {
                "tag": self.headers.get("x-request-tag"),
                "body": body,
                "executed": executed,
                "errors": [error["message"] for error in response.get("errors", [])],
            }
            with WRITING:
                print(json.dumps(line), flush=True)
            text = json.dumps(response).encode()
            self.send_response(200 if "data" in response else 400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    return Handler


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = build_schema(file.read())
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(schema))
    print("%s:%d" % server.server_address, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
