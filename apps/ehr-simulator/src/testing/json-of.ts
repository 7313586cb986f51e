/** A response's JSON, as untyped as a test wants it: what it expects is what it checks. */
// biome-ignore lint/suspicious/noExplicitAny: a wrong shape fails the test, which is its purpose.
export async function jsonOf(response: Response | Promise<Response>): Promise<any> {
  return (await response).json();
}
