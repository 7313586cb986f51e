import { z } from 'zod';

/** The connections that a key or a client may use, without repetitions. */
export const connectionIdsSchema = z
  .array(z.string().min(1).max(100))
  .min(1, 'must contain a connection: omit the field for all connections')
  .max(1000)
  .transform((ids) => [...new Set(ids)])
  .optional();

/** Says which of the ids belong to no connection. */
export async function connectionIdFaults(
  ids: readonly string[] = [],
  connectionExists: (id: string) => Promise<boolean>,
): Promise<{ path: string; message: string }[]> {
  const faults = [];
  for (const [index, id] of ids.entries()) {
    if (await connectionExists(id)) continue;
    faults.push({ path: `connectionIds.${index}`, message: 'must be the id of a connection' });
  }
  return faults;
}
