/**
 * Which property names stay within the script, so that the build may shorten them. Derived from the types, so that the
 * list cannot fall behind: a name is internal when our interfaces declare it and nothing else may ever look it up, neither
 * a browser, the host, a server, the storage nor an expression.
 */
import { resolve } from 'node:path';
import ts from 'typescript';

const SOURCES = resolve('src');
/** Everything declared here travels as JSON. */
const WIRE = resolve('src/wire.ts');
/** What its exports say, hosts write and read. */
const ENTRY = resolve('src/index.ts');

export function internalNames() {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const program = ts.createProgram([ENTRY, resolve('src/script.ts')], { ...options, types: [] });
  const checker = program.getTypeChecker();
  const kept = publicNames(program, checker);
  const declared = new Set();

  for (const file of program.getSourceFiles()) {
    const isOurs = file.fileName.startsWith(SOURCES);
    const visit = (node) => {
      if (!isOurs) keepMember(node, kept);
      else if (isMember(node)) (file.fileName === WIRE ? kept : declared).add(node.name.text);
      else if (ts.isStringLiteralLike(node)) kept.add(node.text);
      else if (ts.isObjectLiteralExpression(node)) keepUndeclared(node, checker, kept);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return [...declared].filter((name) => !kept.has(name)).sort();
}

const isMember = (node) => (ts.isPropertySignature(node) || ts.isMethodSignature(node)) && ts.isIdentifier(node.name);

/** A browser may look up any member that the standard libraries declare. */
function keepMember({ name, kind }, kept) {
  if (name?.text && kind !== ts.SyntaxKind.Parameter) kept.add(name.text);
}

/** A literal that fills no interface of ours may be the properties of an event, headers, or options of the browser. */
function keepUndeclared(literal, checker, kept) {
  const expected = checker.getContextualType(literal);
  for (const { name } of literal.properties) {
    if (name && ts.isIdentifier(name) && !(expected && checker.getPropertyOfType(expected, name.text))) kept.add(name.text);
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
      if (!property.declarations?.some((node) => node.getSourceFile().fileName.startsWith(SOURCES))) continue;
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
