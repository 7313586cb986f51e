import { z } from 'zod';
import { connectionBodySchema } from '../connection.schema.ts';

const { environment, practiceId, groupId } = connectionBodySchema.shape;
const scope = z.string().min(1).max(5000).optional();

/** An existing connection, or what a new one needs. */
const fields = { connectionId: z.string().min(1).max(100).optional(), environment, practiceId, groupId, scope };
const onlyOne = {
  path: ['connectionId'],
  error: 'stands alone: the other fields are those of a new connection',
};
const standsAlone = ({ connectionId, ...others }: Readonly<Record<string, unknown>>) =>
  connectionId === undefined || Object.values(others).every((value) => value === undefined);

/** Of a browser's address: no secret stands in one. */
export const authorizeQuerySchema = z.strictObject(fields).refine(standsAlone, onlyOne);

export const authorizeBodySchema = z
  .strictObject({
    ...fields,
    clientId: z.string().min(1).max(500).optional(),
    clientSecret: z.string().min(1).max(5000).optional(),
  })
  .refine(standsAlone, onlyOne);
export type AuthorizeBody = z.output<typeof authorizeBodySchema>;

export const launchQuerySchema = z.object({ iss: z.url().max(2000), launch: z.string().min(1).max(2000) });

/** RFC 6749 4.1.2; what else a server adds is ignored. */
export const callbackQuerySchema = z.object({
  state: z.string().min(1).max(500),
  code: z.string().min(1).max(5000).optional(),
  error: z.string().max(200).optional(),
  iss: z.string().max(2000).optional(),
});
export type CallbackQuery = z.output<typeof callbackQuerySchema>;
