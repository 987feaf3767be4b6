// Reads a JSON array of document texts on stdin; writes, for each, whether graphql-js parses it.
import { readFileSync } from 'node:fs';
import { parse } from 'graphql';

const texts = JSON.parse(readFileSync(0, 'utf8'));
const accepts = (text) => {
  try {
    parse(text, { noLocation: true });
    return true;
  } catch {
    return false;
  }
};
process.stdout.write(JSON.stringify(texts.map(accepts)));
