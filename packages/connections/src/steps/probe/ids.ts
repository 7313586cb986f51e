import { factSchemas } from '@bulkhead/ehr/providers';

/**
 * The id with `{practiceId}` instead of the id of the practice.
 * @returns undefined if it has no such part, or other numbers that could be ids of their own
 */
export function templateOf(id: string, practiceId: string): string | undefined {
  if (practiceId === '' || !id.includes(practiceId)) return undefined;
  const template = id.replace(practiceId, '{practiceId}');
  return factSchemas.practiceId.safeParse(template).success ? template : undefined;
}
