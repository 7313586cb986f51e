import { type Fault, type Immutable, invalidRequest, validate } from '@bulkhead/base';
import type { DeclaredParameter } from '@bulkhead/fhir';
import { z } from 'zod';
import type { RateLimit } from '../../rate-limiter/index.ts';
import { limitCountsBy, unstatedRateLimit } from '../connection-budgets.ts';
import type { Provider } from '../provider.ts';
import { type FactName, type Facts, type FactValue, factNames, factsSchema } from './facts.ts';

/** A file of facts, which a probe writes and `apply` reads. */
export const factsFileSchema = z
  .strictObject({
    provider: z.string().min(1).max(50).describe('The provider whose entry it corrects.'),
    environment: z.string().min(1).max(100).describe('The environment in which it was measured.'),
    measuredAt: z.iso.datetime().describe('When the probe ended.'),
    version: z.string().max(50).describe('The version of Bulkhead that measured.'),
    used: z
      .strictObject({
        requests: z.int().min(0).describe('Requests that were sent, with those for tokens.'),
        exports: z.int().min(0).describe('Exports that were started and deleted.'),
      })
      .describe('How many requests the probe sent, and how many exports it started.'),
    facts: factsSchema.describe('The facts by their name. A fact without a `value` is unknown.'),
  })
  .meta({ id: 'FactsFile', description: 'What a probe has measured at an EHR, without data of patients.' });
export type FactsFile = Immutable<z.output<typeof factsFileSchema>>;

/** Facts of which the second says nothing, or the opposite, unless the first is `accepted`. */
const dependent: readonly (readonly [FactName, FactName])[] = [
  ['since', 'sinceHonoured'],
  ['typeFilter', 'typeFilterHonoured'],
  ['post', 'patient'],
  ['patient', 'patientHonoured'],
  ['until', 'untilHonoured'],
];

/** Facts that cannot both be true. */
function contradictionsIn(facts: Facts): Fault[] {
  const value = <Name extends FactName>(name: Name) => facts[name]?.value as FactValue<Name> | undefined;
  const faults: Fault[] = dependent
    .filter(
      ([first, second]) => value(first) === 'refused' && value(second) !== undefined && value(second) !== 'refused',
    )
    .map(([first, second]) => ({
      path: `facts.${second}`,
      message: `contradicts \`facts.${first}\`, which is refused`,
    }));
  const [size, usual] = [value('pageSize'), value('defaultPageSize')];
  if (size !== undefined && usual !== undefined && usual > size)
    faults.push({ path: 'facts.defaultPageSize', message: 'is larger than `facts.pageSize`, the largest page' });
  if (value('exportLevel') === 'patient' && value('groupIdTemplate') !== undefined)
    faults.push({ path: 'facts.groupIdTemplate', message: 'contradicts `facts.exportLevel`, which is `patient`' });
  const granted = value('grantedScopes');
  const uncovered = value('scopeTypes')?.find(
    (type) => granted && !granted.some((scope) => scope.includes(`/${type}.`)),
  );
  if (uncovered !== undefined)
    faults.push({ path: 'facts.scopeTypes', message: `names ${uncovered}, which \`facts.grantedScopes\` does not` });
  return faults;
}

/** @throws AppError `invalid-request` with every fault and its path */
export function readFactsFile(content: unknown): FactsFile {
  const result = validate(factsFileSchema, content);
  if (!result.isValid) throw invalidRequest(result.faults);
  const faults = contradictionsIn(result.data.facts);
  if (faults.length > 0) throw invalidRequest(faults);
  return result.data;
}

/** What the entry of a provider says of a fact. Undefined if it says nothing. */
function knownFact(
  name: FactName,
  { provider, environment }: { readonly provider: Provider; readonly environment: string },
) {
  switch (name) {
    case 'groupIdTemplate':
      return provider.groupIdTemplate;
    case 'scopeTypes':
      return provider.scopeTypes;
    case 'requestsPerDay':
      return (ownEnvironment(provider, environment)?.rateLimit ?? provider.rateLimit)?.perDay;
    case 'pageSize':
      return provider.search?.pageSize;
    default:
      return ownEnvironment(provider, environment)?.measured?.facts[name]?.value;
  }
}

/** Adds to each fact what is known of it. */
export function compareFacts(facts: Facts, at: { readonly provider: Provider; readonly environment: string }): Facts {
  const compared = factNames.flatMap((name) => {
    const fact = facts[name];
    if (!fact) return [];
    const { value, how } = fact;
    const known = knownFact(name, at);
    if (value === undefined || known === undefined)
      return [[name, { ...fact, ...(known === undefined ? {} : { known }) }]];
    return [[name, { value, how, known, differs: !isSame(value, known) }]];
  });
  return Object.fromEntries(compared);
}

function isSame(value: unknown, known: unknown): boolean {
  const comparable = (one: unknown) => JSON.stringify(Array.isArray(one) ? one.toSorted() : one);
  return comparable(value) === comparable(known);
}

/**
 * The part of a provider's entry that a file of facts changes. Every fact is kept in the `measured` part of its environment. Those that the
 * entry has too change what Bulkhead does, except for `scopeTypes`: the scopes of one application say nothing about those of another.
 */
export function toOverlay({ facts, provider: id, environment, measuredAt, version }: FactsFile, provider: Provider) {
  const { groupIdTemplate, requestsPerDay, pageSize } = facts;
  const perDay = requestsPerDay?.value;
  const parameters = [...new Set([...(provider.kickOff?.parameters ?? []), ...honoured(facts)])];
  return {
    id,
    ...(groupIdTemplate?.value === undefined ? {} : { groupIdTemplate: groupIdTemplate.value }),
    ...(pageSize?.value === undefined ? {} : { search: { pageSize: pageSize.value } }),
    ...(parameters.length === 0 ? {} : { kickOff: { parameters } }),
    ...(perDay === undefined ? {} : { limitCountsBy: limitCountsBy({ environment }, provider) }),
    environments: {
      [environment]: {
        ...(perDay === undefined ? {} : { rateLimit: { ...statedLimit(provider, environment), perDay } }),
        measured: { measuredAt, version, facts },
      },
    },
  };
}

function statedLimit(provider: Provider, environment: string): RateLimit {
  return ownEnvironment(provider, environment)?.rateLimit ?? provider.rateLimit ?? unstatedRateLimit;
}

/** The parameters of kick-offs that the EHR accepts, and does not ignore. */
function honoured({ patient, patientHonoured, until, untilHonoured }: Facts): DeclaredParameter[] {
  const isUsable = (accepted?: { readonly value?: unknown }, kept?: { readonly value?: unknown }) =>
    accepted?.value === 'accepted' && kept?.value !== false;
  return [
    ...(isUsable(patient, patientHonoured) ? (['patient'] as const) : []),
    ...(isUsable(until, untilHonoured) ? (['_until'] as const) : []),
  ];
}

/** `hasOwn`, because names such as `constructor` are not environments. */
function ownEnvironment({ environments }: Pick<Provider, 'environments'>, name: string) {
  return Object.hasOwn(environments, name) ? environments[name] : undefined;
}
