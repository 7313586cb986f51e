// usage: node scripts/check/readers.mjs
// Finds every function and class of shipped code that reads input from outside, and checks that a test of linear time
// feeds it. A reader takes parsed JSON, bytes, a stream, a request, or a part of one of these. Exit 1 if a reader is not
// fed, or if `fedByOthers` names one that does not exist.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The types of input from outside, and of parts of it. */
const outside = new Set([
  ...['Buffer', 'Uint8Array', 'Readable', 'IncomingMessage', 'Request'],
  ...['Resource', 'NdjsonLine', 'JsonLine', 'SearchPage', 'SearchEntry', 'Manifest', 'ManifestEntry', 'OutcomeIssue'],
  ...['Attachment', 'QuarantinedLine', 'ResourceDocument', 'PatientDocument'],
]);
/** Parameters of the type `unknown` that are errors and not input. */
const ofErrors = new Set(['error', 'cause', 'reason']);
/** Readers that no test feeds by themselves, each with the reason. A reason that is a name says which reader calls it. */
const fedByOthers = JSON.parse(readFileSync(join(root, 'scripts/check/readers.json'), 'utf8'));

const files = globSync('{apps,packages}/*/src/**/*.ts', { cwd: root });
const isTest = (file) => /\.test\.ts$|\/testing\/|\/tests\/|\.fixture\.ts$|\/bench\//.test(file);
const isShipped = (file) =>
  !isTest(file) && !/^apps\/(ehr-simulator|console|cli)\/|^packages\/(testing|embedded|client)\//.test(file);
const readers = files.filter(isShipped).flatMap((file) => readersIn(file).map((name) => ({ file, name })));
const fed = new Set(files.filter((file) => file.endsWith('linear-time.test.ts')).flatMap(importsOf));

const faults = [
  ...readers
    .filter(({ name }) => !fed.has(name) && !(name in fedByOthers))
    .map(({ file, name }) => `${file}: no test of linear time feeds ${name}`),
  ...Object.keys(fedByOthers)
    .filter((name) => fed.has(name) || !readers.some((reader) => reader.name === name))
    .map((name) => `scripts/check/readers.json: ${name} does not exist, or a test feeds it`),
];
for (const fault of faults) console.error(fault);
console.log(`${readers.length} readers, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

function parse(file) {
  return parseSync(readFileSync(join(root, file), 'utf8'), { syntax: 'typescript' });
}

function importsOf(file) {
  return parse(file).body.flatMap(({ type, specifiers }) =>
    type === 'ImportDeclaration' ? specifiers.map(({ imported, local }) => (imported ?? local).value) : [],
  );
}

function readersIn(file) {
  const { body } = parse(file);
  const types = new Map(
    body.flatMap((item) => {
      const declared = item.type === 'ExportDeclaration' ? item.declaration : item;
      return declared.type === 'TsInterfaceDeclaration' ? [[declared.id.value, declared]] : [];
    }),
  );
  return body.flatMap(({ type, declaration }) => {
    if (type !== 'ExportDeclaration') return [];
    return parametersOf(declaration)
      .filter(({ parameters }) => parameters.some((each) => isOutside(each, types)))
      .map(({ name }) => name);
  });
}

function parametersOf(declaration) {
  const { type, identifier } = declaration;
  if (type === 'FunctionDeclaration')
    return [{ name: identifier.value, parameters: declaration.params.map(({ pat }) => pat) }];
  if (type === 'ClassDeclaration') {
    const methods = declaration.body.filter((member) => member.type === 'ClassMethod' || member.type === 'Constructor');
    const parameters = methods.flatMap((method) =>
      (method.function?.params ?? method.params ?? []).map((each) => each.pat ?? each),
    );
    return [{ name: identifier.value, parameters }];
  }
  if (type !== 'VariableDeclaration') return [];
  return declaration.declarations.flatMap(({ id, init }) =>
    init?.type === 'ArrowFunctionExpression' ? [{ name: id.value, parameters: init.params }] : [],
  );
}

function isOutside(parameter, types) {
  if (ofErrors.has(parameter.value)) return false;
  return contains(parameter.typeAnnotation, types, new Set());
}

/** Whether a type names one from outside: itself, in one of its members, or in an interface of the same file. */
function contains(node, types, seen) {
  if (node === null || typeof node !== 'object') return false;
  if (Array.isArray(node)) return node.some((each) => contains(each, types, seen));
  if (node.type === 'TsFunctionType') return false;
  if (node.type === 'TsPropertySignature' && ofErrors.has(node.key.value)) return false;
  if (node.type === 'TsKeywordType') return node.kind === 'unknown';
  const name = node.type === 'TsTypeReference' ? node.typeName.value : undefined;
  if (name !== undefined && outside.has(name)) return true;
  if (name !== undefined && types.has(name) && !seen.has(name)) {
    seen.add(name);
    if (contains(types.get(name).body, types, seen)) return true;
  }
  return Object.values(node).some((each) => contains(each, types, seen));
}
