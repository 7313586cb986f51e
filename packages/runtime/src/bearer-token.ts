import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an `Authorization` header carries this token; the time that it takes tells nothing about the token. */
export function carriesToken({
  authorization,
  token,
}: {
  readonly authorization: string | undefined;
  readonly token: string;
}): boolean {
  const given = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** Of equal length, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
