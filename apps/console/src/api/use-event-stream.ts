import { useEffect, useEffectEvent, useState } from 'react';

export type StreamState = 'connecting' | 'live' | 'lost' | 'ended';

/** After an answer that is no stream (the API restarts, too many streams): a browser itself would not try again. */
const reopenMs = 5000;

/**
 * Follows a stream of server-sent events while the component is on the page. A browser opens one again by itself where it ends.
 * @param options.url undefined: none
 * @param options.onEvent gets each event that is named in `events`, its data parsed
 */
export function useEventStream(options: {
  readonly url: string | undefined;
  readonly events: readonly string[];
  readonly onEvent: (event: string, data: unknown) => void;
}): StreamState {
  const { url, events } = options;
  const [state, setState] = useState<StreamState>('connecting');
  const onEvent = useEffectEvent(options.onEvent);
  const names = events.join(' ');

  useEffect(() => {
    if (url === undefined) return setState('ended');
    let source: EventSource;
    let timer: number | undefined;
    const open = () => {
      source = new EventSource(url);
      source.onopen = () => setState('live');
      source.onerror = () => {
        setState('lost');
        if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, reopenMs);
      };
      for (const name of names.split(' ')) {
        source.addEventListener(name, ({ data }: MessageEvent<string>) => onEvent(name, JSON.parse(data)));
      }
      source.addEventListener('end', () => {
        source.close();
        setState('ended');
      });
    };
    setState('connecting');
    open();
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, [url, names]);
  return state;
}
