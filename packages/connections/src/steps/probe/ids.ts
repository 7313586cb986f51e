/**
 * The id with `{practiceId}` instead of the id of the practice.
 * @returns undefined if it has no such part, or other numbers that could be ids of their own
 */
export function templateOf(id: string, practiceId: string): string | undefined {
  if (practiceId === '' || !id.includes(practiceId)) return undefined;
  const template = id.replace(practiceId, '{practiceId}');
  return /\d{4}/.test(template) || !/^[A-Za-z0-9.-]*\{practiceId\}[A-Za-z0-9.-]*$/.test(template)
    ? undefined
    : template;
}
