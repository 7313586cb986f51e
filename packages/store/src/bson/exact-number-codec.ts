import { ExactNumber } from '@bulkhead/fhir';
import mongoose from 'mongoose';
import { decimalBytes } from './decimal-text.ts';

const { Decimal128 } = mongoose.mongo;

/** The path of a number in a resource, and the text that the server wrote. */
export interface NumberText {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/**
 * Replaces every ExactNumber by a Decimal128, which keeps up to 34 digits and trailing zeros. If Decimal128 would change the
 * text of a number (`1e2`, 40 digits), the document holds a double and `numberTexts` holds the text.
 */
export function encodeExactNumbers(value: unknown): { readonly value: unknown; readonly numberTexts: NumberText[] } {
  const numberTexts: NumberText[] = [];
  const path: (string | number)[] = [];
  // Objects without such a number are not copied, so very little of a resource is copied.
  const encode = (node: unknown): unknown => {
    if (node instanceof ExactNumber) return encodeNumber(node.text);
    if (typeof node !== 'object' || node === null) return node;
    const isList = Array.isArray(node);
    const fields = node as Record<string, unknown>;
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(fields)) {
      path.push(isList ? Number(key) : key);
      const encoded = encode(fields[key]);
      path.pop();
      if (encoded === fields[key]) continue;
      copy ??= (isList ? [...node] : { ...node }) as Record<string, unknown>;
      copy[key] = encoded;
    }
    return copy ?? node;
  };
  const encodeNumber = (text: string): unknown => {
    const bytes = decimalBytes(text);
    if (bytes) return new Decimal128(bytes);
    const decimal = toDecimal(text);
    if (decimal?.toString() === text) return decimal;
    numberTexts.push({ path: [...path], text });
    return Number(text);
  };
  return { value: encode(value), numberTexts };
}

/** Restores the exact text of every number in a value that was read from the database. It may modify `value`. */
export function decodeExactNumbers(value: unknown, numberTexts: readonly NumberText[] = []): unknown {
  if (numberTexts.length === 0) return decodeDecimals(value);
  const texts = new Map(numberTexts.map(({ path, text }) => [JSON.stringify(path), text]));
  const decode = (node: unknown, path: readonly (string | number)[]): unknown => {
    if (node instanceof Decimal128) return new ExactNumber(node.toString());
    if (typeof node === 'number') {
      const text = texts.get(JSON.stringify(path));
      return text === undefined ? node : new ExactNumber(text);
    }
    if (Array.isArray(node)) return node.map((item, index) => decode(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, decode(item, [...path, key])]));
  };
  return decode(value, []);
}

/** Works in place, because few resources hold a decimal and copying every resource would limit the speed of a stream. */
function decodeDecimals(node: unknown): unknown {
  if (node instanceof Decimal128) return new ExactNumber(node.toString());
  if (typeof node !== 'object' || node === null) return node;
  const fields = node as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (typeof field === 'object' && field !== null) fields[key] = decodeDecimals(field);
  }
  return node;
}

function toDecimal(text: string) {
  try {
    return Decimal128.fromString(text);
  } catch {
    // The text has more than 34 digits or an exponent out of range, so the caller keeps it.
    return undefined;
  }
}
