import { choiceNames, unnamedChoices } from './choice-elements.ts';
import { isElement, toCollection } from './collections.ts';
import type { Evaluate } from './compiled.ts';

/** How many names are looked up in the time of a step. */
const namesOfStep = 2;

/** Reads an element of an item. */
export function readerOf(name: string): Evaluate {
  const readPlain: Evaluate = (item, { budget }) => {
    if (!isElement(item)) return undefined;
    const value = item[name];
    // `constructor` is not an element.
    return typeof value === 'function' ? undefined : toCollection(value, budget);
  };
  if (!unnamedChoices.has(name)) return readPlain;
  const names = choiceNames(name);
  return (item, scope) => {
    const plain = readPlain(item, scope);
    if (plain !== undefined || !isElement(item)) return plain;
    scope.budget.spend(names.length / namesOfStep);
    const typed = names.find((candidate) => item[candidate] !== undefined);
    return typed === undefined ? undefined : toCollection(item[typed], scope.budget);
  };
}
