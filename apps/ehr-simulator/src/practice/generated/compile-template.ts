import { type SlotName, type Slots, slotNames } from './slots.ts';

/** Writes one resource as JSON text. */
export type Template = (slots: Slots) => string;

/**
 * Turns a resource with slots into a function that joins texts. Ten times as fast as building and serialising objects,
 * and the only way to write a decimal with the digits it shall have.
 */
export function compileTemplate(resource: object): Template {
  const parts = JSON.stringify(resource)
    .replace(/"\{\{#(\w+)\}\}"/g, '{{$1}}')
    .split(/\{\{(\w+)\}\}/);
  const texts = parts.filter((_, index) => index % 2 === 0);
  const names = parts.filter((_, index) => index % 2 === 1).map(checkedName);
  const first = texts.shift() ?? '';
  return (slots) => {
    let text = first;
    for (let index = 0; index < names.length; index += 1) {
      text += slots[names[index] as SlotName] + (texts[index] as string);
    }
    return text;
  };
}

function checkedName(name: string): SlotName {
  const known = slotNames.find((slot) => slot === name);
  if (known) return known;
  throw new Error(`A template names the slot ${name}, which does not exist.`);
}
