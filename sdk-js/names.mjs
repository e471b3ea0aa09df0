/**
 * Which property names stay within the script, so that the build may shorten them. Derived from the types, so that the
 * list cannot fall behind: a name is internal when our interfaces declare it and nothing else may ever look it up: no object
 * of the browser's that our code meets, no host, no server, no storage, no computed name.
 */
import { resolve } from 'node:path';
import ts from 'typescript';

const SOURCES = resolve('src');
/** Everything declared here travels as JSON, or between the two scripts. */
const WIRE = [resolve('src/wire.ts'), resolve('src/wire.generated.ts'), resolve('src/chat/port.ts')];
/** What its exports say, hosts write and read. */
const ENTRY = resolve('src/index.ts');

export function internalNames() {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const program = ts.createProgram([ENTRY, resolve('src/script.ts'), resolve('src/chat/en.ts'), resolve('src/chat/ar.ts')], { ...options, types: [] });
  const checker = program.getTypeChecker();
  const kept = publicNames(program, checker);
  const declared = new Set();

  const keepMembers = memberKeeper(checker, kept);

  for (const file of program.getSourceFiles().filter(isOurs)) {
    const visit = (node) => {
      if (isMember(node)) (WIRE.includes(file.fileName) ? kept : declared).add(node.name.text);
      else if (ts.isStringLiteralLike(node)) kept.add(node.text);
      else if (ts.isObjectLiteralExpression(node)) keepUndeclared(node, checker, kept);
      if (ts.isExpression(node) || ts.isBindingName(node)) keepMembers(checker.getTypeAtLocation(node));
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return [...declared].filter((name) => !kept.has(name)).sort();
}

const isOurs = ({ fileName }) => fileName.startsWith(SOURCES);
const isMember = (node) => (ts.isPropertySignature(node) || ts.isMethodSignature(node)) && ts.isIdentifier(node.name);

/** Keeps what the standard libraries declare of a type: objects of theirs may come in the guise of an interface of ours. */
function memberKeeper(checker, kept) {
  const seen = new Set();
  return function keep(type) {
    if (seen.has(type)) return;
    seen.add(type);
    for (const part of type.types ?? []) keep(part);
    for (const { name, declarations } of checker.getPropertiesOfType(checker.getApparentType(type))) {
      if (!declarations?.every((node) => isOurs(node.getSourceFile()))) kept.add(name);
    }
  };
}

/** A literal that fills no interface of ours may be the properties of an event, headers, or options of the browser. */
function keepUndeclared(literal, checker, kept) {
  const expected = checker.getContextualType(literal);
  for (const { name } of literal.properties) {
    if (!name || !ts.isIdentifier(name)) continue;
    const declarations = expected && checker.getPropertyOfType(expected, name.text)?.declarations;
    if (!declarations?.every((node) => isOurs(node.getSourceFile()))) kept.add(name.text);
  }
}

/** Names of all that can be reached from what the entry exports: members, parameters' members, and so on. */
function publicNames(program, checker) {
  const names = new Set();
  const seen = new Set();
  const follow = (type) => {
    if (seen.has(type)) return;
    seen.add(type);
    for (const part of [...(type.types ?? []), ...(checker.getTypeArguments?.(type) ?? [])]) follow(part);
    for (const signature of type.getCallSignatures()) {
      for (const parameter of signature.parameters) follow(checker.getTypeOfSymbol(parameter));
      follow(signature.getReturnType());
    }
    for (const property of type.getProperties()) {
      if (!property.declarations?.some((node) => isOurs(node.getSourceFile()))) continue;
      names.add(property.name);
      follow(checker.getTypeOfSymbol(property));
    }
  };
  const entry = checker.getSymbolAtLocation(program.getSourceFile(ENTRY));
  for (const symbol of checker.getExportsOfModule(entry)) {
    names.add(symbol.name);
    const found = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const isValue = found.flags & ts.SymbolFlags.Value;
    follow(isValue ? checker.getTypeOfSymbol(found) : checker.getDeclaredTypeOfSymbol(found));
  }
  return names;
}
