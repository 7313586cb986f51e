const everyMs = 5000;

/**
 * Measures the CPU time in which this machine parses an object with as many keys as an answer may have. Nothing can split that, so a reader of
 * input is judged by multiples of it: a busy machine takes twice the time for both.
 *
 * @returns a function that ends the measurement. It returns the longest time, in milliseconds
 */
export function startParseTime(): () => number {
  const text = `{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join()}}`;
  let longestMs = 0;
  const measure = () => {
    const before = process.threadCpuUsage();
    JSON.parse(text);
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
  };
  measure();
  const timer = setInterval(measure, everyMs).unref();
  return () => {
    clearInterval(timer);
    return longestMs;
  };
}
