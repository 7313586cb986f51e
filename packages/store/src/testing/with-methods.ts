/**
 * Replaces methods of an object for its callers. The object does not change, and its own methods call each other as before. A spread would lose
 * the methods of a class, and an object with the class as its prototype could not read private members.
 */
export function withMethods<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name);
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
