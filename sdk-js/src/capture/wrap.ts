/** Methods of the page with a look of ours around them. */

import { type Scope, guard } from '../scope';

type Method = (this: unknown, ...args: never[]) => unknown;

/** Puts a method around one of the page's own; it is put back at the end unless somebody else wrapped it meanwhile. */
export const wrap = guard(<O extends object>(scope: Scope, owner: O, name: keyof O & string, around: (original: Method) => Method): void => {
  const methods = owner as Record<string, Method>;
  const original = methods[name]!;
  const replacement = (methods[name] = around(original));
  scope.own(() => {
    if (methods[name] === replacement) methods[name] = original;
  });
});
