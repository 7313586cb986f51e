import type { Immutable } from '@bulkhead/base';
import { isResourceType } from '@bulkhead/fhir';
import { z } from 'zod';

/*
 * What a probe measures at an EHR, one schema for each fact. No value can hold data of a patient: it is a number, a word of a closed list, a
 * type of FHIR, a scope, the name of a header, or an id whose only digits are `{practiceId}`.
 */

const kickOffAnswer = z.enum(['accepted', 'refused']);
/** 0 is a valid wait. A year is more than any server means. */
const seconds = z.int().min(0).max(31_536_000);
/** A number of four digits could be the id of another practice, or of a patient. */
const template = z
  .string()
  .max(100)
  .regex(
    /^(?!.*\d{4})[A-Za-z0-9.-]*\{practiceId\}[A-Za-z0-9.-]*$/,
    'must be an id that contains {practiceId}, and no number of four digits beside it',
  );
const types = z.array(z.string().refine(isResourceType, 'is not a resource type of FHIR R4')).max(150);

export const factSchemas = {
  exportLevel: z.enum(['group', 'patient']).describe('the level at which an export starts'),
  groupIdTemplate: template.describe('the id of the Group of a practice, with its case'),
  grantedScopes: z
    .array(z.string().regex(/^(system|user|patient)\/([A-Za-z]{1,40}|\*)\.[a-z*]{1,5}$/))
    .max(500)
    .describe('the scopes that the EHR grants'),
  scopeTypes: types.min(1).describe('the types that the granted scopes name'),
  since: kickOffAnswer.describe('`_since` at a kick-off'),
  sinceHonoured: z.boolean().describe('whether `_since` leaves out what is older'),
  typeFilter: kickOffAnswer.describe('`_typeFilter` at a kick-off'),
  typeFilterHonoured: z.boolean().describe('whether `_typeFilter` leaves out what does not match'),
  typeList: kickOffAnswer.describe('`_type` as a list with commas'),
  typeRepeated: kickOffAnswer.describe('`_type` as a repeated parameter'),
  post: kickOffAnswer.describe('a kick-off by POST'),
  patient: kickOffAnswer.describe('`patient` at a kick-off by POST'),
  patientHonoured: z.boolean().describe('whether `patient` leaves out other patients'),
  until: kickOffAnswer.describe('`_until` at a kick-off'),
  untilHonoured: z.boolean().describe('whether `_until` leaves out what is newer'),
  lenient: kickOffAnswer.describe('`Prefer: respond-async, handling=lenient`'),
  kickOffPostponed: z.enum(['too-recent', 'busy']).describe('why the EHR refused a kick-off for its time'),
  limitHeaders: z
    .record(
      z.string().regex(/^[a-z][a-z-]{1,60}$/, 'must be the name of a header'),
      z.string().regex(/^[\d.,;=wq :TZ+-]{1,60}$/),
    )
    .describe('the headers of limits in responses, with their last values'),
  requestsPerDay: z.int().min(1).max(1e9).describe('the requests of a day that headers state'),
  filesExpireSeconds: seconds.describe('how long after its manifest a file is kept, by `Expires`'),
  filesNeedToken: z.boolean().describe('whether the link of a file needs the access token'),
  linkWorksTwice: z.boolean().describe('whether the link of a file works a second time'),
  retryAfterSeconds: seconds.describe('the `Retry-After` of a running export'),
  progress: z.enum(['percent', 'text', 'none']).describe('the `X-Progress` of a running export'),
  deleteStatus: z.int().min(200).max(499).describe('the status of the deletion of an export'),
  nextLinks: z.boolean().describe('whether a page of a search links to the next one'),
  pageSize: z.int().min(1).max(1000).describe('the largest page of a search'),
  defaultPageSize: z.int().min(1).max(1000).describe('the page of a search without `_count`'),
  typesNotStored: types.describe('the types that are declared and covered by the token, and not stored here'),
  practiceId: template.describe('the id of the resource of the practice'),
  groupIds: z.array(template).max(20).describe('the ids of Groups that contain the id of the practice'),
  otherGroups: z.int().min(0).describe('how many other Groups a search shows'),
} as const;
export type FactName = keyof typeof factSchemas;
export const factNames = Object.keys(factSchemas) as FactName[];
export type FactValue<Name extends FactName> = Immutable<z.output<(typeof factSchemas)[Name]>>;

/** What each fact is called for people. */
export function titleOf(name: FactName): string {
  return factSchemas[name].description ?? name;
}

const how = z.string().min(1).max(300).describe('How it was measured, or why it is unknown.');

function measured<Value extends z.ZodType>(value: Value) {
  return z.strictObject({
    value: value.exactOptional(),
    how,
    known: value.exactOptional().describe('What the provider had before. Absent if it had nothing.'),
    differs: z.boolean().exactOptional().describe('Whether the value is another than what was known.'),
  });
}

type OptionalFacts = {
  readonly [Name in FactName]: z.ZodExactOptional<ReturnType<typeof measured<z.ZodType<FactValue<Name>>>>>;
};

export const factsSchema = z.strictObject(
  Object.fromEntries(
    factNames.map((name) => [
      name,
      measured(factSchemas[name] as z.ZodType)
        .exactOptional()
        .describe(`${titleOf(name).replace(/^[a-z]/, (first) => first.toUpperCase())}. Absent if it was not measured.`),
    ]),
  ) as unknown as OptionalFacts,
);
export type Facts = Immutable<z.output<typeof factsSchema>>;
