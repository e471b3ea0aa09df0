// Makes src/wire.generated.ts of wire.schema.json, which `onboarding-agent wire` prints; with --check, only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const TARGET = 'src/wire.generated.ts';
const HEAD = `/** Generated from the models of the Python package \`core\`: \`onboarding-agent wire > wire.schema.json && npm run wire\`. */`;

/** Pydantic titles every field; each title would become a type of its own. */
const untitled = (value) =>
  Array.isArray(value)
    ? value.map(untitled)
    : value && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).flatMap(([key, part]) => (key === 'title' && typeof part === 'string' ? [] : [[key, untitled(part)]])))
      : value;

const schema = untitled(JSON.parse(await readFile('wire.schema.json', 'utf8')));
const types = await compile(schema, 'Wire', {
  bannerComment: HEAD,
  additionalProperties: false,
  ignoreMinAndMaxItems: true,
  unreachableDefinitions: true,
  style: { singleQuote: true, printWidth: 120 },
});
// What came over the wire, or goes there, is never changed; and where a type came from is no news.
const made = types
  .replace(/^export interface Wire \{.*?\}\n/ms, '')
  .replace(/\n \*\n \* This interface was referenced by .*\n.* via the .*/g, '')
  .replace(/\/\*\*\n \* This interface was referenced by .*\n.* via the .*\n \*\/\n/g, '')
  .replace(/^  (\w+\??:)/gm, '  readonly $1')
  .replace(/: (\w+)\[\]/g, ': readonly $1[]');
if (!process.argv.includes('--check')) await writeFile(TARGET, made);
else if (made !== (await readFile(TARGET, 'utf8'))) throw new Error(`${TARGET} is out of date: npm run wire`);
