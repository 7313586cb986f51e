import { invalidRequest } from '@bulkhead/base';

/** Whether a request is recorded. `if-shown`: only if the response contains data that must not be shown without a record (`isShown`). */
export type Audited = boolean | 'if-shown';

interface ActionRules {
  /** `client`: every API key, within its connections. `operator`: only keys of operators. */
  readonly keys: 'client' | 'operator';
  /** Of the people who log in: everyone, operators and admins, or admins alone, because it opens other data or deletes it. */
  readonly people: 'viewer' | 'operator' | 'admin';
  /** Default: true, so that an action leaves no event only if it says so. */
  readonly audited?: Audited;
}

/** What an endpoint does, in the audit log, and who may do it. */
export interface Action extends ActionRules {
  /** Of the form `noun.verb`. */
  readonly name: string;
}

/**
 * The actions on one subject. A name is never changed: events with it are stored for years. If an endpoint is removed, the name of its action is
 * added to `actionsWithoutEndpoint`.
 */
export function defineActions<Verb extends string>(
  subject: string,
  rules: Readonly<Record<Verb, ActionRules>>,
): Readonly<Record<Verb, Action>> {
  const nameOf = (verb: string) => `${subject}.${verb.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const actions = Object.entries<ActionRules>(rules).map(([verb, rule]) => [verb, { ...rule, name: nameOf(verb) }]);
  return Object.fromEntries(actions) as Record<Verb, Action>;
}

/** Log-ins, changes on Bull Board, commands and the ends of work. */
export const actionsWithoutEndpoint = [
  'authenticate',
  'command.create-api-key',
  'command.migrate',
  'command.rotate-encryption-key',
  'connection.authorized',
  'connection.erased',
  'patient.erased',
  'queue.change',
  'session.login',
  'session.logout',
  'token.issue',
] as const;

/** The names of the actions of endpoints. */
export function actionNames(endpoints: readonly { readonly action: Action | undefined }[]): ReadonlySet<string> {
  return new Set(endpoints.flatMap(({ action }) => action?.name ?? []));
}

/** @throws AppError `invalid-request` for an action that nothing does, because an empty answer would mean that it was never done */
export function checkAction(name: string, known: ReadonlySet<string>): void {
  if (known.has(name)) return;
  const [subject = ''] = name.split('.');
  // Most mistakes are in the verb.
  const similar = [...known].filter((action) => action.startsWith(`${subject}.`)).toSorted();
  const hint = similar.length > 0 ? ` Actions of ${subject}: ${similar.join(', ')}` : '';
  const message = `is not an action of the audit log, such as resource.read.${hint}`;
  throw invalidRequest([{ path: 'action', message }]);
}
