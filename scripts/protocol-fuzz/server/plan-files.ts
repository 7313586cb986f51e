import type { DeletionForm, ErrorFilePlan, ExportPlan } from './export-plan.ts';
import { type CurrentVersion, type PastDeletion, type ServedWorld, toResource } from './world.ts';

/** A file of a hostile export without any fault. */
export interface HostileFile {
  readonly name: string;
  readonly section: 'output' | 'deleted' | 'error';
  /** The type that the manifest should name; undefined for a mixed file. */
  readonly type: string | undefined;
  readonly content: Buffer;
  /** The number of resources in it. */
  readonly count: number;
  /** The status that is sent instead of the file. */
  readonly status?: number;
}

/** Distributes the resources of an export over files. */
export function planFiles(options: {
  readonly world: ServedWorld;
  readonly period: number;
  readonly since: string | undefined;
  readonly plan: ExportPlan;
}): HostileFile[] {
  const { world, period, plan } = options;
  const since = plan.ignoresSince ? undefined : options.since;
  const versions = world.current({ period, since });
  const type = versions[0]?.type ?? 'Patient';
  const served = versions.filter((version) => version.type !== type || !plan.errors.some(losesItsType));
  return [
    ...outputFiles(plan, served),
    ...deletedFiles(plan.deletions, world.deletions({ period, since: options.since })),
    ...plan.errors.map((error, index) => errorFile({ error, index, type })),
  ];
}

/** Whether the type's resources are missing. With a warning, no client could detect the loss, so it is not allowed. */
function losesItsType({ losesType, severity, content }: ErrorFilePlan): boolean {
  return losesType && (content !== 'issue' || severity === 'error' || severity === 'fatal');
}

function outputFiles({ files, manifest }: ExportPlan, versions: readonly CurrentVersion[]): HostileFile[] {
  const byType = files.isMixed
    ? new Map([[undefined, [...versions]]])
    : Map.groupBy(versions, ({ type }) => type as string | undefined);
  const planned = [...byType].flatMap(([type, typeVersions]) =>
    Array.from({ length: files.perType }, (_, part) => {
      const partVersions = typeVersions.filter((_version, index) => index % files.perType === part);
      return outputFile({ name: `${type ?? 'mixed'}-${part}`, type, versions: partVersions, plan: files });
    }),
  );
  const empty: HostileFile = { name: 'empty', section: 'output', type: 'Patient', content: Buffer.alloc(0), count: 0 };
  const all = files.hasEmptyFile ? [...planned, empty] : planned;
  const losesLine = files.losesLine && manifest.counts === 'right';
  return all.map((file, index) => {
    if (index > 0) return file;
    return { ...file, ...(files.losesFirst ? { status: 404 } : {}), ...(losesLine ? withoutLastLine(file) : {}) };
  });
}

function outputFile(options: {
  readonly name: string;
  readonly type: string | undefined;
  readonly versions: readonly CurrentVersion[];
  readonly plan: ExportPlan['files'];
}): HostileFile {
  const { name, type, versions, plan } = options;
  const lines = versions.flatMap((version) => {
    const current = toLine(version, plan);
    const older = { ...version, version: version.version - 1, lastUpdated: '2023-01-01T00:00:00Z' };
    return [current, ...(plan.repeats ? [current] : []), ...(plan.hasOlderCopies ? [toLine(older, plan)] : [])];
  });
  const bad = Array.from({ length: plan.badLines }, (_, index) => `{"resourceType":"${type}","id":"bad${index}"`);
  const outcome = plan.outcome === 'none' ? [] : [JSON.stringify(operationOutcome({ severity: plan.outcome }))];
  const all = [...bad, ...lines, ...outcome];
  const content = Buffer.from(all.map((line) => `${line}\n`).join(''));
  return { name, section: 'output', type, content, count: lines.length + bad.length };
}

function withoutLastLine({ content }: HostileFile): Pick<HostileFile, 'content'> {
  return { content: content.subarray(0, content.lastIndexOf('\n', -2) + 1) };
}

function toLine(version: CurrentVersion, { metaIsLast }: ExportPlan['files']): string {
  const resource = toResource(version);
  const { meta, ...rest } = resource;
  return JSON.stringify(metaIsLast ? { ...rest, meta } : resource);
}

function deletedFiles(form: DeletionForm, deletions: readonly PastDeletion[]): HostileFile[] {
  if (form === 'none-listed' || deletions.length === 0) return [];
  const lines = deletionLines(form, deletions).map((line) => `${JSON.stringify(line)}\n`);
  return [
    {
      name: 'deleted',
      section: 'deleted',
      type: 'Bundle',
      content: Buffer.from(lines.join('')),
      // A file that lost its content has the original count. With a count of 0 it would really be empty.
      count: form === 'empty-file' ? deletions.length : lines.length,
    },
  ];
}

function deletionLines(form: DeletionForm, deletions: readonly PastDeletion[]): object[] {
  const remove = (url: string) => ({ request: { method: 'DELETE', url } });
  const bundle = (entry: object[], type = 'transaction') => ({ resourceType: 'Bundle', type, entry });
  const each = (toEntry: (deletion: PastDeletion) => object, type?: string) =>
    deletions.map((deletion) => bundle([toEntry(deletion)], type));
  switch (form) {
    case 'all-in-one':
      return [bundle(deletions.map(({ type, id }) => remove(`${type}/${id}`)))];
    case 'history':
      return each(
        ({ type, id, deletedAt }) => ({
          ...remove(`${type}/${id}`),
          response: { status: '204', lastModified: deletedAt },
        }),
        'history',
      );
    case 'full-url':
      return each(({ type, id }) => ({
        fullUrl: `https://ehr.example/fhir/${type}/${id}`,
        request: { method: 'DELETE' },
      }));
    case 'absolute':
      return each(({ type, id }) => remove(`https://ehr.example/fhir/${type}/${id}`));
    case 'reference':
      return deletions.map(({ type, id }) => ({ reference: `${type}/${id}` }));
    case 'conditional':
      return each(({ type, id }) => remove(`Observation?subject=https://ehr.example/fhir/${type}/${id}`));
    case 'bundle-without-entries':
      return [bundle([])];
    case 'empty-file':
      return [];
    default:
      return each(({ type, id }) => remove(`${type}/${id}`));
  }
}

function errorFile(options: {
  readonly error: ErrorFilePlan;
  readonly index: number;
  readonly type: string;
}): HostileFile {
  const { error, index, type } = options;
  const { severity, names, content } = error;
  const named = {
    none: {},
    expression: { expression: [`${type}.meta`] },
    text: { details: { text: `The ${type} file failed.` } },
  }[names];
  const line = `${JSON.stringify(operationOutcome({ severity, ...named }))}\n`;
  const text = { issue: line, empty: '', 'no-content': '', 'bad-json': line.slice(0, 20), missing: line }[content];
  const file: HostileFile = {
    name: `error-${index}`,
    section: 'error',
    type: 'OperationOutcome',
    content: Buffer.from(text),
    count: 1,
  };
  const status = { issue: undefined, empty: undefined, 'bad-json': undefined, 'no-content': 204, missing: 404 }[
    content
  ];
  return status === undefined ? file : { ...file, status };
}

function operationOutcome(issue: object) {
  return { resourceType: 'OperationOutcome', issue: [{ code: 'exception', ...issue }] };
}
