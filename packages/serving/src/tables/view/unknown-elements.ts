import type { Fault } from '@bulkhead/base';
import { FaultList, isResourceType, nearestName } from '@bulkhead/fhir';
import { choiceTypes } from '../fhirpath/choice-elements.ts';
import { ExpressionError } from '../fhirpath/expression-error.ts';
import { type Expression, parseExpression } from '../fhirpath/parser.ts';
import { canBeAnything, elementNames, placesOf } from './r4-elements.ts';
import type { ViewDefinition, ViewSelect } from './view-definition.ts';

/*
 * FHIRPath computes nothing for an element that does not exist, so a misspelt name is a column of NULL. It is a warning and not a fault,
 * because what an EHR sends can have elements that R4 does not have. Expressions are followed by their types:
 *
 *     Patient --> contact: Patient.contact --> names: unknown. Did you mean `name`?
 */

/** The places where an item can be: none after an unknown element. Undefined: anything can be there, so nothing is said about it. */
type Places = ReadonlySet<string> | undefined;

/** Look-ups of an element at a place, some 50 ms. Views of people need some hundred. Behind this limit nothing is said. */
const maxLookUps = 50_000;

/** Types that lead to others lead to them within a few repetitions. */
const maxRepetitions = 4;

/** @param view a view that was compiled, so its expressions can be parsed. @returns a warning for each element that R4 does not have */
export function findUnknownElements(view: ViewDefinition): readonly Fault[] {
  const finder = new UnknownElements();
  const places = new Set([view.resource]);
  view.select.forEach((select, index) => {
    finder.select(select, { path: `select.${index}`, places });
  });
  view.where?.forEach(({ path }, index) => {
    finder.expression(path, { path: `where.${index}.path`, places });
  });
  return finder.warnings.all;
}

interface Here {
  readonly path: string;
  readonly places: Places;
}

class UnknownElements {
  readonly warnings = new FaultList<Fault>();
  readonly #lookUps: { left: number };

  constructor(lookUps = { left: maxLookUps }) {
    this.#lookUps = lookUps;
  }

  select(select: ViewSelect, { path, places: around }: Here): void {
    // Each part costs time, and no more warnings are taken.
    if (this.warnings.isFull) return;
    const places = this.#loop(select, { path, places: around });
    select.column?.forEach((column, index) => {
      this.expression(column.path, { path: `${path}.column.${index}.path`, places });
    });
    select.select?.forEach((nested, index) => {
      this.select(nested, { path: `${path}.select.${index}`, places });
    });
    select.unionAll?.forEach((branch, index) => {
      this.select(branch, { path: `${path}.unionAll.${index}`, places });
    });
  }

  #loop({ forEach, forEachOrNull, repeat }: ViewSelect, { path, places }: Here): Places {
    if (forEach !== undefined) return this.expression(forEach, { path: `${path}.forEach`, places });
    if (forEachOrNull !== undefined) return this.expression(forEachOrNull, { path: `${path}.forEachOrNull`, places });
    return repeat === undefined ? places : this.#repeat(repeat, { path: `${path}.repeat`, places });
  }

  /** A path can lead there from one item of the loop only, so it is checked with all places where they can be. */
  #repeat(paths: readonly string[], { path, places }: Here): Places {
    const silent = new UnknownElements(this.#lookUps);
    const parsed = paths.map((text) => ({ text, expression: parseExpression(text) }));
    const step = (from: Places) =>
      join(parsed.map(({ text, expression }) => silent.#walk(expression, { text, path, places: from })));
    let reached = step(places);
    for (let count = 0; count < maxRepetitions; count++) reached = join([reached, step(reached)]);
    const everywhere = join([places, reached]);
    paths.forEach((text, index) => {
      this.expression(text, { path: `${path}.${index}`, places: everywhere });
    });
    return reached;
  }

  expression(text: string, { path, places }: Here): Places {
    return this.#walk(parseExpression(text), { places, text, path });
  }

  #walk(expression: Expression, here: Here & { readonly text: string }): Places {
    switch (expression.kind) {
      case 'this':
        return here.places;
      case 'member':
        return this.#member(expression, here);
      case 'call':
        return this.#call(expression, here);
      case 'index':
        this.#walk(expression.index, here);
        return this.#walk(expression.target, here);
      case 'binary':
        this.#walk(expression.left, here);
        this.#walk(expression.right, here);
        return undefined;
      case 'negative':
        this.#walk(expression.operand, here);
        return undefined;
      default:
        return undefined;
    }
  }

  #member(
    expression: Extract<Expression, { readonly kind: 'member' }>,
    here: Here & { readonly text: string },
  ): Places {
    const { target, name, at } = expression;
    const places = target === undefined ? here.places : this.#walk(target, here);
    if (target === undefined && /^[A-Z]/.test(name)) return places?.has(name) ? new Set([name]) : undefined;
    if (places === undefined || places.size === 0) return places;
    if (name === 'resourceType' || [...places].some(canBeAnything)) return undefined;
    this.#lookUps.left -= places.size;
    if (this.#lookUps.left < 0) return undefined;
    const found = [...places].flatMap((place) => placesOf(place, name) ?? []);
    if (found.length > 0) return new Set(found);
    const shown = `\`${name.slice(0, 60)}\``;
    const meant = nearestName(name, new Set([...places].flatMap(elementNames)));
    const where = places.size === 1 ? [...places].join() : 'this element';
    const suggestion = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
    const reason = `${shown} is not an element of ${where} in FHIR R4, so it is empty.${suggestion}`;
    this.warnings.add({ path: here.path, message: new ExpressionError({ text: here.text, at, reason }).message });
    return new Set();
  }

  #call(expression: Extract<Expression, { readonly kind: 'call' }>, here: Here & { readonly text: string }): Places {
    const { target, name, args } = expression;
    const places = target === undefined ? here.places : this.#walk(target, here);
    if (name === 'ofType') return typesIn(args);
    // The argument is a type.
    if (name === 'getReferenceKey') return undefined;
    for (const argument of args) this.#walk(argument, { ...here, places });
    if (name === 'extension') return new Set(['Extension']);
    return name === 'where' || name === 'first' ? places : undefined;
  }
}

/** The type of `ofType(Quantity)` or `ofType(FHIR.Quantity)`. */
function typesIn([argument]: readonly Expression[]): Places {
  const name = argument?.kind === 'member' ? argument.name : '';
  return isResourceType(name) || choiceTypes.has(name) ? new Set([name]) : undefined;
}

function join(all: readonly Places[]): Places {
  const joined = new Set<string>();
  for (const places of all) {
    if (places === undefined) return undefined;
    for (const place of places) joined.add(place);
  }
  return joined;
}
