/** Replaces methods of an object for its callers. The object does not change. A spread would lose the methods of a class. */
export function withMethods<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return Object.assign(Object.create(target), methods);
}
