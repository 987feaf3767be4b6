// A host that calls back in whatever order it is told to: steps on standard input, and for each what the
// filter returned (or that it trapped), and how often a client was answered. Host calls succeed and do
// nothing, but that one of a name in `gives` (name -> bytes in base64) returns the bytes from then on;
// during the first of the name `during`, the steps `within` are taken.

import { readFileSync } from "node:fs";

const { module: file, steps } = JSON.parse(readFileSync(0, "utf8"));
const module = new WebAssembly.Module(readFileSync(file));
const taken = [];
let answers = 0;
let nested = null;
let given = {};

const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  imports[from] ??= {};
  imports[from][name] = (...args) => {
    if (name === "proxy_send_local_response") answers += 1;
    if (name === nested?.during) {
      const { within } = nested;
      nested = null;
      within.forEach(take);
    }
    if (name in given) give(Buffer.from(given[name], "base64"), args.slice(-2));
    return 0;
  };
}
const { exports } = new WebAssembly.Instance(module, imports);

// Host calls that return bytes have two last arguments: where their address goes, and their size.
function give(bytes, [address, size]) {
  const at = exports.proxy_on_memory_allocate(bytes.length);
  new Uint8Array(exports.memory.buffer).set(bytes, at);
  const memory = new DataView(exports.memory.buffer);
  memory.setUint32(address, at, true);
  memory.setUint32(size, bytes.length, true);
}

function take({ call: [name, ...args], gives = given, during, within }) {
  given = gives;
  if (during) nested = { during, within };
  const before = answers;
  let returned;
  try {
    returned = exports[name](...args) ?? null;
  } catch (error) {
    returned = `${error}`;
  }
  taken.push([name, ...args, returned, answers - before]);
}

steps.forEach(take);
console.log(JSON.stringify(taken));
