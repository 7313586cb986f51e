/** Whether it is a zone of the IANA database, such as `America/New_York`; an offset has no summer time and is refused. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return /^[A-Za-z]/.test(timeZone);
  } catch {
    return false;
  }
}
