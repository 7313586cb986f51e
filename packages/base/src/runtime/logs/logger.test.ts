import { expect, test } from '@jest/globals';
import { createLogger, type LogFields, withLogContext } from './logger.ts';

function makeLogger(level: 'debug' | 'info' | 'silent' = 'debug') {
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', level, destination: { write: (line) => lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') };
}

class AppError extends Error {
  override readonly name = 'AppError';
  readonly code = 'ehr-rejected';
  readonly context = { status: 400, host: 'ehr.example', token: 'planted', patient: 'planted' };
}

test('a log line is JSON with a fixed message, the process and the time', () => {
  const { logger, lines, last } = makeLogger();
  logger.info('job completed', { jobId: 'poll.job_1', durationMs: 12 });
  expect(lines).toEqual([expect.stringMatching(/^\{.*\}\n$/)]);
  expect(last()).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    name: 'test',
    pid: process.pid,
    jobId: 'poll.job_1',
    durationMs: 12,
    msg: 'job completed',
  });
});

test('a log line has no field that is not allowed', () => {
  const { logger, lines } = makeLogger();
  const fields = {
    token: 'planted',
    body: { id: 'planted' },
    headers: 'planted',
    resource: 'planted',
    msg: 'planted',
  };
  logger.warn('something', fields as LogFields);
  withLogContext({ authorization: 'planted', payload: 'planted' }, () => logger.warn('something'));
  expect(lines.join()).not.toContain('planted');
});

test.each([
  { url: 'https://ehr.example/Patient?name=planted', shown: 'https://ehr.example/Patient' },
  { url: '/file.ndjson?signature=planted#planted', shown: '/file.ndjson' },
  { url: 'https://ehr.example/a#planted\nplanted', shown: 'https://ehr.example/a' },
  { url: 'https://user:planted@ehr.example/a', shown: 'https://ehr.example/a' },
  { url: 'https://ehr.example/fhir/r4/Patient/a@b', shown: 'https://ehr.example/fhir/r4/Patient/a@b' },
])('a log line shows $url without its secrets', ({ url, shown }) => {
  const { logger, last } = makeLogger();
  logger.info('request', { url });
  expect(last().url).toBe(shown);
});

test('a log line has the message and the allowed context of an AppError', () => {
  const { logger, lines, last } = makeLogger();
  logger.error('job failed', { error: new AppError('The EHR refused the request.') });
  expect(last().error).toMatchObject({
    name: 'AppError',
    code: 'ehr-rejected',
    message: 'The EHR refused the request.',
    context: { status: 400, host: 'ehr.example' },
  });
  expect(lines.join()).not.toContain('planted');
});

test('a log line has the class, code and frames of a foreign error, but not its message', () => {
  const { logger, lines, last } = makeLogger();
  const error = Object.assign(new TypeError('cannot read planted\n    at planted (body:1:1)'), {
    code: 'ECONNRESET',
  });
  logger.error('job failed', { error });
  expect(last().error).toMatchObject({ name: 'TypeError', code: 'ECONNRESET' });
  expect(last().error.frames[0]).toContain('logger.test.ts');
  expect(last().error).not.toHaveProperty('message');
  expect(lines.join()).not.toContain('planted');
});

test('a log line has the code of an error reply of Redis, but not its other words', () => {
  const { logger, lines, last } = makeLogger();
  const full = Object.assign(new Error('OOM command not allowed, planted'), { name: 'ReplyError' });
  logger.warn('redis connection failed', { error: full });
  expect(last().error).toMatchObject({ name: 'ReplyError', code: 'OOM' });
  expect(lines.join()).not.toContain('planted');
});

test('a log line shows causes by the same rules', () => {
  const { logger, lines, last } = makeLogger();
  const cause = new SyntaxError('planted', { cause: new RangeError('planted') });
  logger.error('job failed', { error: Object.assign(new AppError('ours'), { cause }) });
  expect(last().error.cause).toMatchObject({ name: 'SyntaxError', cause: { name: 'RangeError' } });
  expect(lines.join()).not.toContain('planted');
});

test.each([
  { what: 'a string', error: 'planted', name: 'string' },
  { what: 'null', error: null, name: 'object' },
  { what: 'an object', error: { message: 'planted' }, name: 'object' },
])('a log line shows only the type of $what that was thrown', ({ error, name }) => {
  const { logger, lines, last } = makeLogger();
  logger.error('job failed', { error });
  expect(last().error).toEqual({ name });
  expect(lines.join()).not.toContain('planted');
});

test('an error that is its own cause is logged', () => {
  const { logger, last } = makeLogger();
  const error: Error & { cause?: unknown } = new Error('planted');
  error.cause = error;
  logger.error('job failed', { error });
  expect(last().msg).toBe('job failed');
});

test('messages below the level are not logged', () => {
  const { logger, lines } = makeLogger('info');
  logger.debug('request');
  makeLogger('silent').logger.error('request');
  expect(lines).toEqual([]);
});
