import { createRequire } from 'node:module';

/*
 * The next window of changes begins two minutes before the last one ended. This shortens the two minutes to five seconds, so that a test finds
 * what is only in the window before: the process believes that MongoDB's
 * clock is ahead. Here MongoDB is one server, and stores a write within milliseconds.
 */
const aheadMs = 115_000;

interface Admin {
  command(this: Admin, document: object, options?: object): Promise<{ localTime: Date }>;
}

// The instance that the store uses.
const load = createRequire(new URL('../../packages/records/package.json', import.meta.url));
const { mongo } = load('mongoose') as { readonly mongo: { readonly Admin: { readonly prototype: Admin } } };
const { command } = mongo.Admin.prototype;
mongo.Admin.prototype.command = async function (document, options) {
  const answer = await command.call(this, document, options);
  if ('hello' in document) answer.localTime = new Date(answer.localTime.getTime() + aheadMs);
  return answer;
};
