import { AppError } from '@bulkhead/base';
import { EhrHttpError, type Manifest, openFile, readExportStatus } from '@bulkhead/ehr';
import type { FactName } from '@bulkhead/ehr/providers';
import type { ProbeWork } from './probe-work.ts';

/** Decides by the counts of a manifest whether the EHR has left out what a parameter leaves out. */
export function noteHonoured(
  { sheet, patientIds }: ProbeWork,
  options: { readonly manifest: Manifest | undefined; readonly fact: FactName; readonly atMost: number },
): void {
  const { manifest, fact, atMost } = options;
  const counts = (manifest?.entries ?? [])
    .filter(({ section, type }) => section === 'output' && type === 'Patient')
    .map(({ count }) => count);
  // A file without a count has one patient, at least.
  const patients = counts.reduce<number>((sum, count = 1) => sum + count, 0);
  if (!manifest) sheet.unknown(fact, 'the export did not end while the probe waited');
  else if (patients > atMost) sheet.set(fact, false, 'an export with it had other patients, by its manifest');
  else if (counts.includes(undefined)) sheet.unknown(fact, 'the manifest has no counts');
  else if (patientIds.length <= atMost)
    sheet.unknown(fact, atMost === 0 ? 'no patient is stored yet' : 'only one patient is stored, so nothing shows it');
  else sheet.set(fact, true, 'an export with it had no other patients, by the counts of its manifest');
}

/** For all exports of a probe, half a minute apart: its job ends after a quarter of an hour. */
const mostStatusRequests = 16;
const statusRequests = 8;
/** Asked for by `Retry-After`, but never longer: an export that takes hours tells nothing more. */
const longestWaitMs = 30_000;
const usualWaitMs = 5000;

/** Waits for the manifest of an export, and measures the responses. @returns undefined if the probe cannot wait so long */
export async function awaitManifest(work: ProbeWork, statusUrl: string): Promise<Manifest | undefined> {
  const { limited, sheet, signal, wait } = work;
  try {
    for (let sent = 1; ; sent++) {
      work.statusRequests += 1;
      const status = await readExportStatus({ session: limited.session, statusUrl, signal });
      if (status.kind === 'complete') {
        noteExpiry(work);
        for (const name of ['retryAfterSeconds', 'progress'] as const)
          sheet.unknown(name, 'its export had ended at the first status request');
        return status.manifest;
      }
      noteRunning(work, status);
      if (sent >= statusRequests || work.statusRequests >= mostStatusRequests) return undefined;
      await wait(Math.min(longestWaitMs, status.retryAfterMs ?? usualWaitMs));
    }
  } catch (error) {
    if (!(error instanceof AppError) || limited.isSilent()) throw error;
    for (const name of ['retryAfterSeconds', 'progress'] as const)
      sheet.unknown(name, `a status request failed (${error.code})`);
  }
  return undefined;
}

function noteExpiry({ limited, sheet, deps }: ProbeWork): void {
  const { expires = '', date = '' } = limited.lastHead()?.headers ?? {};
  // By the clock of the EHR, if its response has the time.
  const sentAt = Date.parse(date) || deps.now().getTime();
  const seconds = Math.round((Date.parse(expires) - sentAt) / 1000);
  if (Number.isNaN(seconds)) sheet.unknown('filesExpireSeconds', 'the manifest came without a usable `Expires`');
  else sheet.set('filesExpireSeconds', Math.max(0, seconds), '`Expires` of the manifest');
}

function noteRunning(
  { sheet }: ProbeWork,
  { retryAfterMs, progress }: { readonly retryAfterMs: number | undefined; readonly progress?: string },
): void {
  const form = progress === undefined ? 'none' : /\d\s*%|^\d+$/.test(progress) ? 'percent' : 'text';
  sheet.set('progress', form, '`X-Progress` of a status response');
  if (retryAfterMs === undefined) sheet.unknown('retryAfterSeconds', 'a status response came without it');
  else sheet.set('retryAfterSeconds', Math.round(retryAfterMs / 1000), '`Retry-After` of a status response');
}

/** Requests a file without the token and then, if that works or with the token, a second time. The content is not read. */
export async function measureLink(work: ProbeWork, manifest: Manifest): Promise<void> {
  const { sheet } = work;
  const file = manifest.entries.find(({ section }) => section === 'output');
  if (!file) {
    for (const name of ['filesNeedToken', 'linkWorksTwice'] as const) sheet.unknown(name, 'the manifest had no file');
    return;
  }
  const isOfEhr = work.limited.session.mayHaveToken(file.url);
  const open = (sendsToken: boolean) => openLink(work, { url: file.url, sendsToken });
  let needsToken = false;
  let status = await open(false);
  if ((status === 401 || status === 403) && isOfEhr) {
    needsToken = true;
    status = await open(true);
  }
  if (status !== 200) {
    for (const name of ['filesNeedToken', 'linkWorksTwice'] as const)
      sheet.unknown(name, `the file could not be read (${status === 0 ? 'no usable answer' : status})`);
    return;
  }
  sheet.set(
    'filesNeedToken',
    needsToken,
    needsToken ? 'a file was refused without the token' : 'a file was sent without the token',
  );
  const again = await open(needsToken);
  sheet.set('linkWorksTwice', again === 200, `a second request for a file: ${again}`);
}

/** @returns the status, or 0 for an answer that cannot be used */
async function openLink(
  { limited, signal }: ProbeWork,
  { url, sendsToken }: { readonly url: string; readonly sendsToken: boolean },
): Promise<number> {
  const { session } = limited;
  // `openFile` would repeat a refused request with the token.
  const send: typeof session.send = (request) => session.send({ ...request, tokenIfRefused: false });
  try {
    const opened = await openFile({ session: { ...session, send }, url, requiresAccessToken: sendsToken, signal });
    opened.body.on('error', () => undefined).destroy();
    return 200;
  } catch (error) {
    if (error instanceof EhrHttpError) return error.status;
    if (!(error instanceof AppError) || limited.isSilent()) throw error;
    return 0;
  }
}
