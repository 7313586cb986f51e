import { createHash } from 'node:crypto';
import type { Immutable } from '@bulkhead/base';
import { z } from 'zod';
import type { ApiKey } from '../api-key.record.ts';

/** From the fewest rights to the most. */
export const personRoles = ['viewer', 'operator', 'admin'] as const;
export type PersonRole = (typeof personRoles)[number];

/** A person who has logged in at the identity provider of the hospital. */
export const personSchema = z.strictObject({
  /** `iss` and `sub` of the ID token identify a person for ever (OpenID Connect Core 1.0, section 5.7). */
  issuer: z.string(),
  subject: z.string(),
  name: z.string(),
  role: z.enum(personRoles),
});
export type Person = Immutable<z.output<typeof personSchema>>;

/** Who acts: an API key, or a person or a backend client in the form of one. */
export interface Principal extends ApiKey {
  readonly personRole?: PersonRole;
  /** The SMART scopes of the token of a backend client. */
  readonly grantedScope?: string;
}

/** The id of a person in sessions and in the audit log. */
export function personId({ issuer, subject }: Pick<Person, 'issuer' | 'subject'>): string {
  return `user_${createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('hex')
    .slice(0, 32)}`;
}

/** A viewer sees what a client key shows, and an operator or an admin what an operator's key shows. */
export function toPrincipal(person: Person, loggedInAt: Date): Principal {
  const role = person.role === 'viewer' ? 'client' : 'operator';
  return { id: personId(person), name: person.name, role, prefix: '', createdAt: loggedInAt, personRole: person.role };
}
