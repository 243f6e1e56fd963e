// Asks again while somebody watches: soon while something moves, ever more seldom while nothing does.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const SOON_MS = 1500;
const SELDOM_MS = 30_000;

/**
 * load: gives what is shown. isLive: whether what it gave will change soon. key: what is asked for; another one asks at
 * once. The answer: {data, error, at, again}; data is the last that came, error why the last attempt failed.
 */
export function usePolled(key, load, isLive = () => false) {
  const [state, setState] = useState({ data: null, error: null, at: null, key });
  const latest = useRef({ load, isLive });
  latest.current = { load, isLive };
  const kick = useRef(() => {});

  useEffect(() => {
    let timer = null;
    let wait = SOON_MS;
    let ended = false;
    let busy = false;
    let before = null;
    const stop = new AbortController();
    setState((old) => (old.key === key ? old : { data: null, error: null, at: null, key }));

    const ask = async () => {
      clearTimeout(timer);
      if (ended || busy || document.hidden) return;
      busy = true;
      try {
        const data = await latest.current.load(stop.signal);
        if (ended) return;
        setState({ data, error: null, at: Date.now(), key });
        const text = JSON.stringify(data);
        const quiet = text === before && !latest.current.isLive(data);
        wait = quiet ? Math.min(SELDOM_MS, wait * 1.5) : latest.current.isLive(data) ? SOON_MS : Math.max(3000, SOON_MS);
        before = text;
      } catch (error) {
        if (ended || error.name === "AbortError") return;
        wait = Math.min(SELDOM_MS, Math.max(3000, wait * 2));
        setState((old) => ({ ...old, error, key }));
        if (error.status === 404 || error.status === 400) return;
      } finally {
        busy = false;
      }
      timer = setTimeout(ask, wait);
    };
    const shown = () => !document.hidden && ask();
    kick.current = () => {
      wait = SOON_MS;
      return ask();
    };
    document.addEventListener("visibilitychange", shown);
    ask();
    return () => {
      ended = true;
      clearTimeout(timer);
      stop.abort();
      document.removeEventListener("visibilitychange", shown);
    };
  }, [key]);

  const again = useCallback(() => kick.current(), []);
  return { ...(state.key === key ? state : { data: null, error: null, at: null }), again };
}

/** Seconds that pass while nothing else changes: ages and times left are counted on. */
export function useClock(ms = 1000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}
