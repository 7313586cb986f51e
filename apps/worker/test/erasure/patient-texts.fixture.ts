import { patientMarkOf } from '@bulkhead/store';
import type { z } from 'zod';

interface Parts {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
}

/** The names of the texts of a record that can be about a patient, such as `error.ehrText`, and the value that fills all of them. */
export function fillTexts(
  schema: z.ZodType,
  options: { readonly value: unknown; readonly text: string; readonly path?: string },
): { readonly names: readonly string[]; readonly value: unknown } {
  const { value, text, path = '' } = options;
  const { shape, element, innerType } = schema.def as Parts;
  if (patientMarkOf(schema)) return { names: [path], value: text };
  if (innerType) return fillTexts(innerType, options);
  if (element) {
    const [first] = (value ?? []) as readonly unknown[];
    const filled = fillTexts(element, { ...options, value: first });
    return filled.names.length === 0
      ? { names: [], value }
      : { ...filled, value: [...((value ?? []) as []), filled.value] };
  }
  if (!shape) return { names: [], value };
  const members = Object.entries(shape).map(([name, member]) => {
    const current = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
    return { name, ...fillTexts(member, { text, value: current, path: path === '' ? name : `${path}.${name}` }) };
  });
  const filled = members.filter(({ names }) => names.length > 0);
  return {
    names: filled.flatMap(({ names }) => names),
    value: { ...(value as object), ...Object.fromEntries(filled.map((member) => [member.name, member.value])) },
  };
}
