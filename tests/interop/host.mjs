// A host that calls back in whatever order it is told to: steps on standard input, and for each what the
// filter returned (or that it trapped), and how often a client was answered. Host calls succeed and do
// nothing; during the first of the name `during`, the steps `within` are taken.

import { readFileSync } from "node:fs";

const { module: file, steps } = JSON.parse(readFileSync(0, "utf8"));
const module = new WebAssembly.Module(readFileSync(file));
const taken = [];
let answers = 0;
let nested = null;

const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  imports[from] ??= {};
  imports[from][name] = () => {
    if (name === "proxy_send_local_response") answers += 1;
    if (name === nested?.during) {
      const { within } = nested;
      nested = null;
      within.forEach(take);
    }
    return 0;
  };
}
const { exports } = new WebAssembly.Instance(module, imports);

function take({ call: [name, ...args], during, within }) {
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
