import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

const script = join(import.meta.dirname, '../../docker/mongodb/create-user.js');

/** Runs the script that creates the user of the processes, as mongosh does. @returns the users that it creates, with their databases */
export function runUserScript(password: string) {
  const created: { readonly database: string; readonly user: MongodbUser }[] = [];
  const open = (database: string) => ({
    getSiblingDB: open,
    createUser: (user: MongodbUser) => created.push({ database, user }),
  });
  const context = { db: open('test'), process: { env: { MONGODB_PASSWORD: password } } };
  runInNewContext(readFileSync(script, 'utf8'), context);
  return created;
}

interface MongodbUser {
  readonly user: string;
  readonly pwd: string;
  readonly roles: readonly { readonly role: string; readonly db: string }[];
}
